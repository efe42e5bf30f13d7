import { formatDuration, formatUtc, type Milliseconds } from '#domain/base/time.ts';
import { HOSPITAL, PRACTICE } from '#sandbox/watched-days/traffic.ts';
import { type Found, falseAlarms, plantFailures } from '#sandbox/watched-days/trial.ts';

const DAYS = 60;
/** Each is another sixty days of the same houses. */
const SEEDS = [1, 2, 3, 4, 5];
const FAILURES = 50;

/** The rules of the watch on days of realistic traffic: false alarms, and how soon planted failures are found. */
export async function benchDays(say: (line: string) => void): Promise<void> {
  for (const house of [HOSPITAL, PRACTICE]) {
    const trials = SEEDS.map((seed) => falseAlarms(house, DAYS, seed));
    const records = trials.reduce((sum, trial) => sum + trial.records, 0);
    const alarms = trials.flatMap((trial) => trial.alarms);
    say(`${house.name}: ${SEEDS.length} times ${DAYS} days, ${records.toLocaleString('en')} records, ${alarms.length} false alarms`);
    for (const { alarm, at } of alarms) say(`  ${formatUtc(new Date(at))} ${alarm}`);
  }
  const found = plantFailures(FAILURES);
  say(`${FAILURES} planted failures, found: ${found.filter(({ by }) => by !== null).length}`);
  const kinds = [...new Set(found.map(({ failure }) => failure.kind))];
  for (const kind of kinds) say(`  ${kind}: ${wordsOf(found.filter(({ failure }) => failure.kind === kind))}`);
  for (const { house, failure, by } of found)
    if (by === null) say(`  not found: ${house}, ${failure.kind} at ${formatUtc(new Date(failure.from))}`);
}

function wordsOf(found: readonly Found[]): string {
  const times = found.flatMap(({ after }) => (after === null ? [] : [after])).toSorted((one, other) => one - other);
  const at = (share: number): Milliseconds => times[Math.floor((times.length - 1) * share)] ?? 0;
  return `${times.length} of ${found.length} found, half of them within ${formatDuration(at(0.5))}, the last after ${formatDuration(at(1))}`;
}
