import type { Milliseconds } from '#domain/base/time.ts';
import type { Incident, RemedyRun } from '#domain/incident/state.ts';
import type { RemedyOutcome } from '#domain/remedies/plan.ts';
import { readTable } from '#workflows/checks/poll-table.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute } from '#workflows/execute.ts';

/** What a step of a remedy came to: look again soon or after a while, go on at once, or the end. */
export type Taken = 'again' | 'next' | { readonly againIn: Milliseconds } | { readonly outcome: RemedyOutcome; readonly message: string };

type Step = { readonly context: AppContext; readonly incident: Incident; readonly run: RemedyRun };

/** Keeps a step of a remedy as an event, with what later steps need of it. A step is kept once. */
export async function keepStep(
  { context, incident, run }: Step,
  step: string,
  line: string,
  data: Readonly<Record<string, string>>,
): Promise<void> {
  await execute(context, incident.number, { kind: 'remedy-progressed', request: run.request, step, line, data }, { kind: 'gapwatch' });
}

/** The newest record that there is now; empty when none is seen. */
export async function lastRecord(context: AppContext, { number }: Incident): Promise<string> {
  const reading = await readTable(context, number);
  return reading.kind === 'seen' && reading.lastRecordAt !== null ? reading.lastRecordAt.toISOString() : '';
}
