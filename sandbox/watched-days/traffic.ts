import { DAY, HOUR, MINUTE, type Milliseconds, SECOND } from '#domain/base/time.ts';
import { chance as chanceFrom } from '#sandbox/chance.ts';
import { offsetsOf } from './local-time.ts';

/** A house whose application writes audit records: how many a minute, by weekday (0 is Sunday) and local hour. */
export type AppContext = { readonly name: string; readonly perMinute: (weekday: number, hour: number) => number };

/** A hospital: never quiet, busy by day. */
export const HOSPITAL: AppContext = {
  name: 'hospital',
  perMinute: (weekday, hour) => {
    const byDay = hour >= 7 && hour < 18 ? 60 : hour >= 18 && hour < 22 ? 25 : 6;
    return byDay * (weekday === 0 || weekday === 6 ? 0.4 : 1);
  },
};

/** A practice: open from eight to six on workdays, otherwise a record now and then. */
export const PRACTICE: AppContext = {
  name: 'practice',
  perMinute: (weekday, hour) => {
    const isWorkday = weekday !== 0 && weekday !== 6;
    if (isWorkday && hour >= 8 && hour < 18) return hour === 12 ? 6 : 14;
    return isWorkday && (hour === 7 || hour === 18) ? 2 : 0.02;
  },
};

/** How busy ten minutes are beside the usual: some twice, some half. */
const MOOD: Milliseconds = 10 * MINUTE;
const BURST_CHANCE_A_MOOD = 0.004;
const BURST_TIMES = 8;
/** Two deploys a workday, each of which stops writing for up to a minute and a half. */
const DEPLOYS_A_DAY = 2;
const LONGEST_DEPLOY = 90 * SECOND;

/**
 * The times of all records from `start` for so many days, in order: a busy and a quiet hour, weekends, bursts of exports, deploys. The same seed
 * gives the same days.
 */
export function recordTimes(house: AppContext, start: number, days: number, timeZone: string, seed: number): Float64Array {
  const chance = chanceFrom(seed).fraction;
  const offsetAt = offsetsOf(timeZone);
  const deploys = deploysOf(start, days, chance);
  const times: number[] = [];
  for (let from = start; from < start + days * DAY; from += MOOD) {
    const local = new Date(from + offsetAt(from));
    const mood = Math.exp((chance() + chance() + chance() - 1.5) * 0.8) * (chance() < BURST_CHANCE_A_MOOD ? BURST_TIMES : 1);
    const rate = (house.perMinute(local.getUTCDay(), local.getUTCHours()) * mood) / MINUTE;
    for (let at = from + waiting(rate, chance); at < from + MOOD; at += waiting(rate, chance)) times.push(at);
  }
  const isDeploying = (at: number) => deploys.some(({ from, to }) => at >= from && at < to);
  return Float64Array.from(times.filter((at) => !isDeploying(at)).map(Math.floor));
}

/** The time to the next of events that come by chance at this rate. */
function waiting(rate: number, chance: () => number): Milliseconds {
  return -Math.log(1 - chance()) / rate;
}

function deploysOf(start: number, days: number, chance: () => number) {
  return Array.from({ length: days * DEPLOYS_A_DAY }, (_, index) => {
    const from = start + Math.floor(index / DEPLOYS_A_DAY) * DAY + 14 * HOUR + chance() * 8 * HOUR;
    return { from, to: from + chance() * LONGEST_DEPLOY };
  });
}
