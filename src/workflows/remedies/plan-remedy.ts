import { remedyOf } from '#domain/incident/remedy-runs.ts';
import type { Incident, RemedyRun } from '#domain/incident/state.ts';
import { cutoffOf, parseArchive, planArchive } from '#domain/remedies/archive.ts';
import { planHotfix } from '#domain/remedies/hotfix.ts';
import type { Planned } from '#domain/remedies/plan.ts';
import { planRecreation } from '#domain/remedies/recreate-table.ts';
import { planRestart } from '#domain/remedies/restart.ts';
import { planRollback } from '#domain/remedies/rollback.ts';
import { ServiceFailure } from '#services/failure.ts';
import { checkVerdict } from '#workflows/checks/verdict.ts';
import type { AppContext, Optional } from '#workflows/context.ts';
import { execute, load } from '#workflows/execute.ts';
import { diskUse } from './run-archive.ts';

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
    return await planFor(context, incident, run);
  } catch (error) {
    if (error instanceof ServiceFailure) return { impossible: `It could not be planned: ${error.message}.` };
    throw error;
  }
}

async function planFor(context: AppContext, incident: Incident, { remedy, argument }: RemedyRun): Promise<Planned> {
  const { sources, policy } = context;
  const now = context.now();
  switch (remedy) {
    case 'archive':
      return configured(sources.bucket, (bucket) =>
        configured(sources.archive, async (archive) => {
          const options = parseArchive(argument);
          if ('wrong' in options) return { impossible: options.wrong };
          const { table, archivable } = await archive.inventory(cutoffOf(now, policy));
          const inventory = { archivable, bucket: await bucket.describe(), usedPercent: await diskUse(context), table: table.name };
          return planArchive(inventory, options, now, policy);
        }),
      );
    case 'restart':
      return configured(sources.deployments, async (deployments) => planRestart(await deployments.list(), now));
    case 'rollback':
      return configured(sources.deployments, async (deployments) => {
        const planned = planRollback(await deployments.list(), argument, incident.gaps, now);
        const objection = 'plan' in planned ? await deployments.objection(planned.plan.target) : null;
        return objection === null ? planned : { impossible: `DigitalOcean objects to this rollback: ${objection.slice(0, 200)}.` };
      });
    case 'hotfix':
      return configured(sources.workflows, async (workflows) => {
        const commit = await workflows.commitOf(argument);
        const underWay = await workflows.underWay(policy.hotfixWorkflow);
        return planHotfix({ ...commit, underWay }, argument, policy.hotfixWorkflow, workflows.repository);
      });
    case 'recreate-table':
      return configured(sources.migrations, (migrations) =>
        configured(sources.recreation, async (recreation) => {
          const { tableName } = context.auditTable;
          const schema = await checkVerdict(context, 'schema', '');
          return planRecreation({ tableName, status: await recreation.status(), schema, migrations }, argument);
        }),
      );
    default:
      return remedy satisfies never;
  }
}

async function configured<Service>(source: Optional<Service>, plan: (service: Service) => Promise<Planned>): Promise<Planned> {
  return 'service' in source ? plan(source.service) : { impossible: `It is not configured: set ${source.missing.join(', ')}.` };
}
