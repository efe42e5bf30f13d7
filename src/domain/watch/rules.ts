import type { Policy } from '#domain/base/policy.ts';
import { between, DAY, formatDuration, formatUtc, type Milliseconds, SECOND } from '#domain/base/time.ts';
import type { AlarmName } from './alarm.ts';
import { COMPARED, type Counts, type Observation, type TableSeen } from './observation.ts';
import type { WatchState } from './state.ts';

/** The part of the policy by which the watch judges. */
export type Rules = Pick<Policy, 'gap' | 'watch' | 'disk'>;

/** What a round says of an alarm: it holds, and in which words; it does not; or nothing can be said, so that it stays as it is. */
export type Evaluation = { readonly words: string } | 'over' | 'unknown';

/** A round: what it saw, and what is remembered after it. `table` is what can be trusted of what it saw. */
export type Round = {
  readonly state: WatchState;
  readonly seen: Observation;
  readonly table: Observation['table'];
  readonly policy: Rules;
};

/** The rule of each alarm. */
export const RULES: Readonly<Record<AlarmName, (round: Round) => Evaluation>> = {
  AuditLogWriteError: writeError,
  AuditLogFailure: failure,
  AuditLogCountDrop: countDrop,
  AuditLogDiskFull: diskFull,
  AuditLogWatchBlind: blind,
  AuditLogClockSkew: clockSkew,
};

/** Clocks that differ by more than this are reported. */
const SKEW: Milliseconds = 30 * SECOND;
/** A record dated further ahead than this is a wrong record, not a wrong clock. */
const LARGEST_SKEW = DAY;

/** How long no record has come, measured in the table's own time; before the first record ever, since the watch began. */
export function silenceOf(state: Pick<WatchState, 'arrival' | 'startedAt'>, { readUpTo }: Pick<TableSeen, 'readUpTo'>): Milliseconds {
  return between(state.arrival?.at ?? state.startedAt, readUpTo);
}

/** The table, unless it is a replica further behind than an alert may wait: that can't tell whether records are written. */
export function trustworthyTable({ table }: Observation, { gap }: Pick<Policy, 'gap'>): Observation['table'] {
  if (table.kind === 'unseen') return table;
  const behind = between(table.readUpTo, table.at);
  if (behind < gap.alertAfter) return table;
  return { kind: 'unseen', words: `the replica that Gapwatch reads is ${formatDuration(behind)} behind its primary` };
}

/**
 * Writes fail when the application has said so for `gap.alert_after`, or when no record has come for so long and the application says
 * so, or a write that was tried since was refused. A refused probe beside records that keep coming proves nothing.
 */
function writeError({ state, seen, table, policy: { gap } }: Round): Evaluation {
  const { probe } = state;
  const message = 'the application says that its audit log is failing';
  // An endpoint that only counts recent records says "failing" on every quiet night; a write that was taken then says otherwise.
  const isOnlyQuiet = table.kind === 'seen' && table.isUsualSilence && probe?.outcome === 'written' && isTriedSince(state);
  const failingSince = isOnlyQuiet ? null : state.failingSince;
  const failingFor = failingSince === null ? 0 : between(failingSince, seen.at);
  if (table.kind === 'seen') {
    const silence = silenceOf(state, table);
    const isSilent = silence >= gap.alertAfter;
    // The database's own refusal names the cause, so it is told rather than what the application says.
    if (isSilent && probe?.outcome === 'refused' && isTriedSince(state))
      return { words: `a write that was tried was refused: ${probe.words}; ${silenceWords(state, silence)}` };
    if (isSilent && failingSince !== null) return { words: `${message}; ${silenceWords(state, silence)}` };
  }
  if (failingFor >= gap.alertAfter) return { words: `${message}, for ${formatDuration(failingFor)} now` };
  return table.kind === 'seen' ? 'over' : writeErrorUnseen(state, seen, gap.alertAfter);
}

/** Whether the last probe was tried after the last record had come. */
function isTriedSince({ probe, arrival }: WatchState): boolean {
  if (probe === null) return false;
  return arrival === null || probe.tableAt === null || probe.tableAt > arrival.at;
}

/** While the table can't be read, only a refusal by the database itself speaks of writes. */
function writeErrorUnseen({ probe, alarms }: WatchState, { at }: Observation, alertAfter: Milliseconds): Evaluation {
  const since = alarms.AuditLogWatchBlind?.since ?? at;
  if (probe?.outcome !== 'refused' || probe.at < since || between(since, at) < alertAfter) return 'unknown';
  return { words: `a write that was tried was refused: ${probe.words}; the table can't be read either` };
}

/**
 * A gap: silence beyond the tolerance that is not usual at this time. A watch that has only begun waits for `gap.alert_after`: old dates alone may
 * be those of an application whose clock is behind.
 */
function failure({ state, seen, table, policy }: Round): Evaluation {
  if (table.kind === 'unseen') return 'unknown';
  if (between(state.startedAt, seen.at) < policy.gap.alertAfter) return 'over';
  // The same silence has been told with its cause; somebody is at it already.
  if (state.alarms.AuditLogWriteError?.raisedAt && !state.alarms.AuditLogFailure) return 'over';
  const silence = silenceOf(state, table);
  return silence > policy.gap.tolerance && !table.isUsualSilence ? { words: silenceWords(state, silence) } : 'over';
}

function silenceWords({ arrival }: WatchState, silence: Milliseconds): string {
  const last = arrival === null ? 'the table is empty' : `the last came at ${formatUtc(arrival.at)}`;
  return `no audit record for ${formatDuration(silence)}, ${last}`;
}

/**
 * A compared stretch has had fewer than its share of what each of the days before had at that time, and the shortest stretch fewer than half: a
 * quiet half hour that is over is no failure.
 */
function countDrop({ state, table, policy }: Round): Evaluation {
  if (table.kind === 'unseen' || table.counts === null) return 'unknown';
  const [latest] = table.counts;
  if (!latest || latest.now >= 0.5 * usualOf(latest) || silenceOf(state, table) > policy.gap.alertAfter) return 'over';
  for (const [index, { length, share }] of COMPARED.entries()) {
    const counts = table.counts[index];
    // A stretch that reaches back into a silence would tell again of what another alarm has told.
    const isAfterSilence = state.silenceEndedAt !== null && between(state.silenceEndedAt, table.at) < length;
    if (!counts || isAfterSilence || usualOf(counts) < policy.watch.dropFloor || counts.now >= share * usualOf(counts)) continue;
    const { now, yesterday, weekAgo } = counts;
    return {
      words: `${now} audit records in the last ${formatDuration(length)}; ${yesterday} at the same time yesterday, ${weekAgo} a week ago`,
    };
  }
  return 'over';
}

/** The least of the days before. Two weeks ago only speaks against a drop, and only in a table that reaches back so far. */
function usualOf({ yesterday, weekAgo, fortnightAgo }: Counts): number {
  return Math.min(yesterday, weekAgo, fortnightAgo === 0 ? Number.POSITIVE_INFINITY : fortnightAgo);
}

function diskFull({ state: { disk }, policy }: Round): Evaluation {
  if (disk === null || disk.percent === null) return 'unknown';
  const line = policy.disk.alertPercent;
  if (disk.percent <= line) return 'over';
  return { words: `the database's disk is ${disk.percent.toFixed(1)} % full, over ${line} %; audit records are at risk` };
}

function blind({ table }: Round): Evaluation {
  if (table.kind === 'seen') return 'over';
  return { words: `the audit table can't be looked at: ${table.words}. Whether records are written is not known` };
}

/** Clocks are compared, never trusted: ours and the application's with the database's. */
function clockSkew({ state: { arrival }, seen, table }: Round): Evaluation {
  if (table.kind === 'unseen') return 'unknown';
  const ours = between(seen.at, table.at);
  if (Math.abs(ours) > SKEW)
    return { words: `Gapwatch's clock is ${formatDuration(Math.abs(ours))} ${ours > 0 ? 'behind' : 'ahead of'} the database's` };
  const ahead = table.ahead === null ? 0 : between(table.at, table.ahead);
  if (ahead > SKEW && ahead < LARGEST_SKEW) {
    return { words: `records are dated ${formatDuration(ahead)} ahead of the database's clock: a failure is noticed that much later` };
  }
  const late = arrival === null ? 0 : between(arrival.recordAt, arrival.at);
  return late > SKEW ? { words: `records are dated ${formatDuration(late)} behind the database's clock` } : 'over';
}
