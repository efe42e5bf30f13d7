import { remedyOf } from '#domain/incident/remedy-runs.ts';
import type { Incident, RemedyRun } from '#domain/incident/state.ts';
import type { Planned } from '#domain/remedies/plan.ts';
import { ServiceFailure } from '#services/failure.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, load } from '#workflows/execute.ts';
import { REMEDY_WORK } from './remedy-work.ts';

/** Makes the plan that somebody asked for and shows it; why there is none is an answer as well. Changes nothing outside. */
export async function planRemedy(context: AppContext, number: number, request: string): Promise<void> {
  const { incident } = await load(context, number);
  const run = incident && remedyOf(incident.remedies, request);
  if (!incident || run?.status.name !== 'asked') return;
  const planned = await planOf(context, incident, run);
  const by = { kind: 'gapwatch' } as const;
  if ('plan' in planned) await execute(context, number, { kind: 'remedy-planned', request, plan: planned.plan }, by);
  else
    await execute(
      context,
      number,
      { kind: 'remedy-ended', request, outcome: 'refused', message: `${planned.impossible} Nothing was changed.` },
      by,
    );
}

/** The plan by what is there now. A service that does not answer makes no plan. */
export async function planOf(context: AppContext, incident: Incident, run: RemedyRun): Promise<Planned> {
  try {
    return await REMEDY_WORK[run.remedy].plan(context, incident, run.argument);
  } catch (error) {
    if (error instanceof ServiceFailure) return { impossible: `It could not be planned: ${error.message}.` };
    throw error;
  }
}
