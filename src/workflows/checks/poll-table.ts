import { MINUTE, plus, SECOND } from '#domain/base/time.ts';
import { ongoingGap } from '#domain/gap/gap.ts';
import { pollTableJob } from '#domain/incident/effects.ts';
import { isPolled } from '#domain/incident/gap-tracking.ts';
import type { Incident } from '#domain/incident/state.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, load } from '#workflows/execute.ts';
import { toNewJob } from '#workflows/jobs.ts';

/** The first reading may not delay the initial post by more than this. */
const FIRST_READING_DEADLINE = SECOND;
const READING_DEADLINE = 5 * SECOND;

/** The first reading of the audit table: fixes the gap's start and lets the initial post go, whatever it sees (runbook step 1). */
export async function firstReading(context: AppContext, number: number): Promise<void> {
  const { incident } = await load(context, number);
  if (!incident) return;
  const reading = await context.auditDatabase.reading(incident.startedAt, null, FIRST_READING_DEADLINE);
  await execute(context, number, { kind: 'table-read', reading }, { kind: 'watch' });
}

/** Reads the table again while the incident is open, and wakes itself for the next reading. */
export async function pollTable(context: AppContext, number: number): Promise<void> {
  const { incident } = await load(context, number);
  if (!incident || !isPolled(incident)) return;
  const reading = await readTable(context, number);
  await execute(context, number, { kind: 'table-read', reading }, { kind: 'watch' });
  const every = incident.phase.name === 'open' ? context.policy.watch.every : Math.max(MINUTE, context.policy.watch.every);
  const next = pollTableJob(number, plus(context.now(), every));
  await context.jobs.enqueue(context.database, toNewJob(next), context.now());
}

/** One reading now, for a decision that needs a fresh one. */
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
