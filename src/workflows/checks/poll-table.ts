import { MINUTE, plus, SECOND } from '#domain/base/time.ts';
import { ongoingGap } from '#domain/gap/gap.ts';
import { watch } from '#domain/incident/effects.ts';
import { type Incident, isPolled } from '#domain/incident/state.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, load } from '#workflows/execute.ts';
import { toNewJob } from '#workflows/jobs.ts';

/** The first look may not delay the initial post by more than this. */
const FIRST_LOOK_DEADLINE = SECOND;
const READING_DEADLINE = 5 * SECOND;

/** The first reading of the audit table: fixes the gap's start and lets the initial post go, whatever it sees (runbook step 1). */
export async function firstReading(context: AppContext, number: number): Promise<void> {
  const { incident } = await load(context, number);
  if (!incident) return;
  const reading = await context.auditDatabase.reading(incident.startedAt, null, FIRST_LOOK_DEADLINE);
  await execute(context, number, { kind: 'table-read', reading }, { kind: 'watch' });
}

/** Looks again while the incident is open, and wakes itself for the next look. */
export async function pollTable(context: AppContext, number: number): Promise<void> {
  const { incident } = await load(context, number);
  if (!incident || !isPolled(incident)) return;
  const reading = await readTable(context, number);
  await execute(context, number, { kind: 'table-read', reading }, { kind: 'watch' });
  const every = incident.phase.name === 'open' ? context.policy.watch.every : Math.max(MINUTE, context.policy.watch.every);
  const next = watch(number, plus(context.now(), every));
  await context.jobs.enqueue(context.database, toNewJob(next), context.now());
}

/** One look now, for a decision that needs a fresh one. */
export async function readTable(context: AppContext, number: number, within = READING_DEADLINE) {
  const { incident } = await load(context, number);
  return context.auditDatabase.reading(incident?.startedAt ?? context.now(), incident ? silentSince(incident) : null, within);
}

/** The last record before the silence being watched. While the table could not be seen, the open gap still knows it. */
function silentSince({ records, gaps }: Incident): Date | null {
  if (records.status === 'silent') return records.lastRecordAt;
  const gap = ongoingGap(gaps);
  return gap?.start.knownBy.kind === 'record' ? gap.start.at : null;
}
