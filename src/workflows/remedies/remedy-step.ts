import type { Milliseconds } from '#domain/base/time.ts';
import type { RemedyRun } from '#domain/incident/remedy-runs.ts';
import type { Incident } from '#domain/incident/state.ts';
import type { RemedyOutcome } from '#domain/remedies/plan.ts';
import { lookAt } from '#workflows/checks/poll-table.ts';
import type { House } from '#workflows/context.ts';
import { handle } from '#workflows/execute.ts';

/** What a step of a remedy came to: look again soon or after a while, go on at once, or the end. */
export type Taken = 'again' | 'next' | { readonly againIn: Milliseconds } | { readonly outcome: RemedyOutcome; readonly says: string };

type Step = { readonly house: House; readonly incident: Incident; readonly run: RemedyRun };

/** Keeps a step of a remedy as a fact, with what later steps need of it. A step is kept once. */
export async function keepStep(
  { house, incident, run }: Step,
  step: string,
  line: string,
  data: Readonly<Record<string, string>>,
): Promise<void> {
  await handle(house, incident.number, { kind: 'remedy-progressed', request: run.request, step, line, data }, { kind: 'gapwatch' });
}

/** The newest record that there is now; empty when none is seen. */
export async function lastRecord(house: House, { number }: Incident): Promise<string> {
  const look = await lookAt(house, number);
  return look.kind === 'seen' && look.lastRecordAt !== null ? look.lastRecordAt.toISOString() : '';
}
