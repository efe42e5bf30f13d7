import type { ReadingRequest, TableReading } from '#domain/audit-table/reading.ts';
import { HOUR, later, MINUTE, plus, SECOND } from '#domain/base/time.ts';
import { ongoingGap } from '#domain/gap/gap.ts';
import { pollTableJob } from '#domain/incident/effects.ts';
import { type GapEvidence, movedGap } from '#domain/incident/gap-corrections.ts';
import { isPolled } from '#domain/incident/gap-tracking.ts';
import type { Incident } from '#domain/incident/state.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, load } from '#workflows/execute.ts';
import { toNewJob } from '#workflows/jobs.ts';

/** The first reading may not delay the initial post by more than this. */
const FIRST_READING_DEADLINE = SECOND;
const READING_DEADLINE = 5 * SECOND;
/** A regular reading looks so far back for gaps; what decides or documents looks at the whole incident. */
const LOOKS_BACK = 6 * HOUR;
/** Gaps in which records are counted at each reading, the latest ones. */
const MOST_COUNTED = 20;

/** The first reading of the audit table: fixes the gap's start and lets the initial post go, whatever it sees (runbook step 1). */
export async function firstReading(context: AppContext, number: number): Promise<void> {
  const { incident } = await load(context, number);
  if (!incident) return;
  const reading = await read(context, incident, 'whole', FIRST_READING_DEADLINE);
  await execute(context, number, { kind: 'table-read', reading }, { kind: 'watch' });
}

/** Reads the table again while the incident is open, and wakes itself for the next reading. */
export async function pollTable(context: AppContext, number: number): Promise<void> {
  const { incident } = await load(context, number);
  if (!incident || !isPolled(incident)) return;
  const reading = await read(context, incident, 'recent', READING_DEADLINE);
  await execute(context, number, { kind: 'table-read', reading }, { kind: 'watch' });
  const every = incident.phase.name === 'open' ? context.policy.watch.every : Math.max(MINUTE, context.policy.watch.every);
  const next = pollTableJob(number, plus(context.now(), every));
  await context.jobs.enqueue(context.database, toNewJob(next), context.now());
}

/** Returns one reading now over the whole incident, for a decision that needs a fresh one. Throws a RangeError for an unknown incident. */
export async function readTable(context: AppContext, number: number, within = READING_DEADLINE): Promise<TableReading> {
  const { incident } = await load(context, number);
  if (!incident) throw new RangeError(`there is no incident ${number}`);
  return read(context, incident, 'whole', within);
}

/** Measures an incident's gaps again and keeps what is different, so that what is written next says what the table says now. */
export async function measureGapsAgain(context: AppContext, number: number): Promise<void> {
  const reading = await readTable(context, number);
  if (reading.kind === 'seen') await execute(context, number, { kind: 'table-read', reading }, { kind: 'watch' });
}

/** Returns what the table says about a gap as a person would have it; null while it can't be read. */
export async function readGapEvidence(
  context: AppContext,
  number: number,
  move: { readonly edge: 'start' | 'end'; readonly at: Date },
): Promise<GapEvidence | null> {
  const { incident } = await load(context, number);
  const moved = incident && movedGap(ongoingGap(incident.gaps) ?? incident.gaps.at(-1), move);
  if (!incident || !moved) return null;
  const request = { countedFrom: incident.startedAt, since: moved.start, inside: [moved] };
  const reading = await context.auditDatabase.reading(request, context.policy.gap.tolerance, READING_DEADLINE);
  return reading.kind === 'unseen' ? null : { recordsInside: reading.recordsInside[0] ?? 0, silences: reading.silences };
}

function read(context: AppContext, incident: Incident, span: 'whole' | 'recent', deadline: number): Promise<TableReading> {
  return context.auditDatabase.reading(requestFor(context, incident, span), context.policy.gap.tolerance, deadline);
}

function requestFor({ policy, now }: Pick<AppContext, 'policy' | 'now'>, incident: Incident, span: 'whole' | 'recent'): ReadingRequest {
  const { startedAt, gaps } = incident;
  const begin = new Date(Math.min(startedAt.getTime() - policy.gap.alertAfter, ...gaps.map(({ start }) => start.at.getTime())));
  return {
    countedFrom: startedAt,
    since: span === 'whole' ? begin : later(begin, plus(now(), -LOOKS_BACK)),
    inside: gaps.slice(0, MOST_COUNTED).map(({ start, end }) => ({ start: start.at, end: end === 'ongoing' ? end : end.at })),
  };
}
