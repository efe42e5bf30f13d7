import { DAY, HOUR, MINUTE, type Milliseconds } from '#domain/base/time.ts';
import { chance as chanceFrom } from '#sandbox/chance.ts';
import { type AppContext, HOSPITAL, PRACTICE, recordTimes } from './traffic.ts';
import { type Failure, FOUND_BY, isAbout, type Raised, watchDays } from './watched-days.ts';

/** In the middle of these days the clocks of the clinic's zone go back an hour. */
const FROM = Date.parse('2026-10-12T00:00:00Z');
const TIME_ZONE = 'America/New_York';
const HISTORY_DAYS = 15;
const SEED = 20_261_012;
/** How long a planted failure lasts. */
const LASTS: Milliseconds = 45 * MINUTE;

const KINDS: readonly Failure['kind'][] = ['forgets', 'refused', 'says-failing', 'partial', 'blind', 'disk', 'clock'];

/** A failure, and the first alarm that found it; null when none did. */
export type Found = { readonly house: string; readonly failure: Failure; readonly by: Raised | null; readonly after: Milliseconds | null };

/** Days without any failure: every alarm is a false one. */
export function falseAlarms(
  house: AppContext,
  days: number,
  seed = SEED,
): { readonly records: number; readonly alarms: readonly Raised[] } {
  const times = recordTimes(house, FROM - HISTORY_DAYS * DAY, HISTORY_DAYS + days, TIME_ZONE, seed);
  return { records: times.length, alarms: watchDays({ times, from: FROM, to: FROM + days * DAY, timeZone: TIME_ZONE, failures: [] }) };
}

/** Plants `count` failures, each on a day of its own days, in turn in both houses and of every kind, and looks whether each is found. */
export function plantFailures(count: number): readonly Found[] {
  const chance = chanceFrom(SEED);
  const days = 30;
  const traffic = [HOSPITAL, PRACTICE].map((house) => ({
    house,
    times: recordTimes(house, FROM - HISTORY_DAYS * DAY, HISTORY_DAYS + days, TIME_ZONE, SEED),
  }));
  return Array.from({ length: count }, (_, index) => {
    const { house, times } = chance.pick(traffic);
    const kind = KINDS[index % KINDS.length] ?? 'forgets';
    const from = momentFor(house, kind, days, chance.fraction);
    const failure: Failure = { kind, from, to: from + LASTS };
    const raised = watchDays({ times, from: from - 2 * HOUR, to: failure.to + HOUR, timeZone: TIME_ZONE, failures: [failure] });
    const by = raised.find((each) => isAbout(each, failure) && FOUND_BY[kind].includes(each.alarm)) ?? null;
    return { house: house.name, failure, by, after: by && by.at - lastRecordBefore(times, failure) };
  });
}

/** Any moment in the hospital; in a practice, and for what is told by counts, within the opening hours of a workday. */
function momentFor(house: AppContext, kind: Failure['kind'], days: number, fraction: () => number): number {
  const day = FROM + Math.floor(fraction() * days) * DAY;
  if (house === HOSPITAL && kind !== 'partial') return Math.floor(day + fraction() * DAY);
  const weekday = new Date(day).getUTCDay();
  const workday = day + (weekday === 0 ? DAY : weekday === 6 ? -DAY : 0);
  // Half past nine to half past four, whether the clocks have gone back or not.
  return Math.floor(workday + 14.5 * HOUR + fraction() * 6 * HOUR);
}

/** A failure that stops records is known from the last one on; any other from its beginning. */
function lastRecordBefore(times: Float64Array, { kind, from }: Failure): number {
  const stops = kind === 'forgets' || kind === 'refused' || kind === 'says-failing';
  return stops ? (times.findLast((at) => at < from) ?? from) : from;
}
