import { DEFAULT_POLICY } from '#domain/base/policy.ts';
import { HOUR, MINUTE, type Milliseconds } from '#domain/base/time.ts';
import type { AlarmName } from '#domain/watch/alarm.ts';
import { arrivalOf } from '#domain/watch/arrival.ts';
import { evaluate, raisedAlarms } from '#domain/watch/evaluate.ts';
import { COMPARED, type Observation, type TableSeen } from '#domain/watch/observation.ts';
import { isUsualSilence } from '#domain/watch/queries.ts';
import { silenceOf } from '#domain/watch/rules.ts';
import { initialWatchState, type WatchState } from '#domain/watch/state.ts';
import { daysBefore, offsetsOf } from './local-time.ts';

/** A failure that is planted: what fails, from when to when. A `partial` one loses nine records in ten. */
export type Failure = {
  readonly kind: 'forgets' | 'refused' | 'says-failing' | 'partial' | 'blind' | 'disk' | 'clock';
  readonly from: number;
  readonly to: number;
};

/** An alarm of the simulated watch. */
export type Raised = { readonly alarm: AlarmName; readonly at: number };

type Days = {
  /** All records that were due, in order. */
  readonly times: Float64Array;
  readonly from: number;
  readonly to: number;
  readonly timeZone: string;
  readonly failures: readonly Failure[];
};

/**
 * The real rules of the watch over days of records, a round every `watch.every`: what its statement would answer is counted from the times.
 * Returns every alarm that was raised, and when.
 */
export function watchDays({ times, from, to, timeZone, failures }: Days): readonly Raised[] {
  const policy = { ...DEFAULT_POLICY, watch: { ...DEFAULT_POLICY.watch, timeZone } };
  const written = writtenOf(times, failures);
  const offsetAt = offsetsOf(timeZone);
  const raised: Raised[] = [];
  let state = initialWatchState('clinic/AuditLog', new Date(from));
  for (let now = from; now < to; now += policy.watch.every) {
    const failure = failures.find((each) => now >= each.from && now < each.to)?.kind ?? null;
    const before = raisedAlarms(state);
    state = evaluate(state, observe({ now, written, offsetAt, state, failure }), policy);
    for (const alarm of raisedAlarms(state)) if (!before.includes(alarm)) raised.push({ alarm, at: now });
  }
  return raised;
}

/** What reaches the table: nothing while writes are forgotten or refused, a tenth in a partial failure. */
function writtenOf(times: Float64Array, failures: readonly Failure[]): Float64Array {
  const losing = failures.filter(({ kind }) => kind === 'forgets' || kind === 'refused' || kind === 'says-failing' || kind === 'partial');
  return times.filter((at, index) => {
    const failure = losing.find((each) => at >= each.from && at < each.to);
    return failure === undefined || (failure.kind === 'partial' && index % 10 === 0);
  });
}

type Round = {
  readonly now: number;
  readonly written: Float64Array;
  readonly offsetAt: (at: number) => Milliseconds;
  readonly state: WatchState;
  readonly failure: Failure['kind'] | null;
};

const CLOCK_BEHIND: Milliseconds = 5 * MINUTE;

function observe({ now, written, offsetAt, state, failure }: Round): Observation {
  const at = new Date(now);
  const rest = {
    at,
    health: failure === 'says-failing' ? ('failing' as const) : ('active' as const),
    diskPercent: failure === 'disk' ? 93 : 60,
  };
  if (failure === 'blind') return { ...rest, table: { kind: 'unseen', words: 'no answer' }, probe: { kind: 'unreached' } };
  // While a clock is wrong, what is written now is dated earlier.
  const known = failure === 'clock' ? now - CLOCK_BEHIND : now;
  const last = written[countUntil(written, known) - 1];
  const compared = (length: Milliseconds, end: number) => countUntil(written, end) - countUntil(written, end - length);
  const seen: TableSeen = {
    kind: 'seen',
    ...{ at, readUpTo: at, countedUntil: at, ahead: null, arrived: 0 },
    newest: last === undefined ? null : new Date(last),
    counts: COMPARED.map(({ length }) => ({
      now: compared(length, known),
      yesterday: compared(length, daysBefore(now, 1, offsetAt)),
      weekAgo: compared(length, daysBefore(now, 7, offsetAt)),
      fortnightAgo: compared(length, daysBefore(now, 14, offsetAt)),
    })),
    isUsualSilence: false,
  };
  const arrival = arrivalOf(state.arrival, state.lookedAt, seen.newest, at);
  const isSuspicious = arrival !== null && silenceOf({ ...state, arrival }, seen) >= DEFAULT_POLICY.gap.alertAfter;
  const floor = DEFAULT_POLICY.watch.quietFloor;
  const stretch = (days: number, since: number) => {
    const begin = daysBefore(since, days, offsetAt);
    return {
      isCovered: (written[0] ?? now) <= begin,
      count: countUntil(written, daysBefore(now, days, offsetAt)) - countUntil(written, begin),
    };
  };
  const usual = (since: number) =>
    isUsualSilence({ week: stretch(7, since), fortnight: stretch(14, since), day: stretch(1, since) }, floor);
  return {
    ...rest,
    table: isSuspicious && arrival ? { ...seen, isUsualSilence: usual(arrival.at.getTime()) } : seen,
    probe: !isSuspicious
      ? { kind: 'not-tried' }
      : failure === 'refused'
        ? { kind: 'refused', words: 'permission denied (42501)' }
        : { kind: 'written' },
  };
}

/** How many of the ordered times are not after `at`. */
function countUntil(times: Float64Array, at: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? Number.POSITIVE_INFINITY) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The alarms that find a failure. */
export const FOUND_BY: Readonly<Record<Failure['kind'], readonly AlarmName[]>> = {
  forgets: ['AuditLogFailure'],
  refused: ['AuditLogWriteError'],
  'says-failing': ['AuditLogWriteError'],
  partial: ['AuditLogCountDrop', 'AuditLogFailure'],
  blind: ['AuditLogWatchBlind'],
  disk: ['AuditLogDiskFull'],
  clock: ['AuditLogClockSkew'],
};

/** An alarm about a failure comes while it lasts, or in the hour after it that the compared stretches still reach into. */
export function isAbout({ at }: Raised, { from, to }: Failure): boolean {
  return at >= from && at < to + HOUR;
}
