import { MINUTE, plus, SECOND } from '#domain/base/time.ts';
import { ongoingGap } from '#domain/gap/gap.ts';
import { watch } from '#domain/incident/effects.ts';
import { type Incident, isWatched } from '#domain/incident/state.ts';
import type { House } from '#workflows/context.ts';
import { handle, load } from '#workflows/execute.ts';
import { toNewJob } from '#workflows/jobs.ts';

/** The first look may not delay the initial post by more than this. */
const FIRST_LOOK_DEADLINE = SECOND;
const LOOK_DEADLINE = 5 * SECOND;

/** The first look at the audit table: fixes the gap's start and lets the initial post go, whatever it sees (runbook step 1). */
export async function firstLook(house: House, number: number): Promise<void> {
  const { incident } = await load(house, number);
  if (!incident) return;
  const look = await house.auditDatabase.look(incident.startedAt, null, FIRST_LOOK_DEADLINE);
  await handle(house, number, { kind: 'looked', look }, { kind: 'watch' });
}

/** Looks again while the incident is open, and wakes itself for the next look. */
export async function watchOnce(house: House, number: number): Promise<void> {
  const { incident } = await load(house, number);
  if (!incident || !isWatched(incident)) return;
  const look = await lookAt(house, number);
  await handle(house, number, { kind: 'looked', look }, { kind: 'watch' });
  const every = incident.phase.name === 'open' ? house.policy.watch.every : Math.max(MINUTE, house.policy.watch.every);
  const next = watch(number, plus(house.now(), every));
  await house.jobs.enqueue(house.database, toNewJob(next), house.now());
}

/** One look now, for a decision that needs a fresh one. */
export async function lookAt(house: House, number: number, within = LOOK_DEADLINE) {
  const { incident } = await load(house, number);
  return house.auditDatabase.look(incident?.startedAt ?? house.now(), incident ? silentSince(incident) : null, within);
}

/** The last record before the silence being watched. While the table could not be seen, the open gap still knows it. */
function silentSince({ records, gaps }: Incident): Date | null {
  if (records.status === 'silent') return records.lastRecordAt;
  const gap = ongoingGap(gaps);
  return gap?.start.knownBy.kind === 'record' ? gap.start.at : null;
}
