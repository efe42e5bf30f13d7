import { between, DAY, formatUtc, HOUR, MINUTE, type Milliseconds, plus } from '#domain/base/time.ts';
import { ServiceFailure } from '#services/failure.ts';
import { loadFindings, noteFinding } from '#store/findings.ts';
import { loadWatch } from '#store/watch.ts';
import type { House } from '#workflows/context.ts';
import { planWarning } from '#workflows/deliver/warning.ts';
import { wakeWatch } from '#workflows/watch/watch-round.ts';
import { auditRecords, auditSelf } from './reconcile-timers.ts';

/** A watch without a round for so long stands still. */
const STANDSTILL: Milliseconds = MINUTE;

/**
 * Once a minute: finds and repairs what is overdue, and tells the outside dead-man's switch that all is well, only when it is. Then it
 * wakes itself.
 */
export async function lookAfterSelf(house: House): Promise<void> {
  const findings = await loadFindings(house.database);
  for (const { name, since } of findings) {
    // Lost work can't be found again: after an hour it has been seen, and the heartbeat goes on.
    if (name === 'jobs' && plus(since, HOUR) <= house.now()) await noteFinding(house.database, name, null, house.now());
  }
  const wrong = [...(await auditSelf(house)), ...(await lookAfterWatch(house)), ...findings.map(({ words }) => words)];
  if (wrong.length > 0) house.log.warn({ wrong }, 'Gapwatch is not well; the heartbeat is held back');
  else await beat(house);
  await plan(house, 'audit-self', plus(house.now(), MINUTE));
}

/** The watch makes its rounds, or is woken and said to have stood still. */
async function lookAfterWatch(house: House): Promise<readonly string[]> {
  if (house.policy.watch.mode === 'off') return [];
  const memory = await loadWatch(house.database);
  if (memory !== null && between(memory.roundAt, house.now()) < STANDSTILL + house.policy.watch.every) return [];
  await wakeWatch(house, house.database, house.now());
  return [memory === null ? 'the watch has made no round yet' : `the watch has made no round since ${formatUtc(memory.roundAt)}`];
}

async function beat({ heartbeat, log }: House): Promise<void> {
  try {
    await heartbeat?.beat();
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    log.warn({ outcome: error.outcome }, `the heartbeat did not arrive: ${error.message}`);
  }
}

/** Once a day, and at the start: recomputes every record. One that does not hold any more is told in the channel and kept as a finding. */
export async function lookAfterRecords(house: House): Promise<void> {
  const broken = await auditRecords(house);
  const words = broken.map(({ incident, problem }) => `INC-${incident}: ${problem}`).join('; ');
  const isNews = await noteFinding(house.database, 'records', words === '' ? null : words.slice(0, 1_000), house.now());
  if (isNews && words !== '') {
    const key = `warning/record-broken/${formatUtc(house.now())}`;
    await planWarning(house, { key, warning: 'record-broken', details: { words: words.slice(0, 1_000) } });
  }
  await plan(house, 'audit-records', plus(house.now(), DAY));
}

/** Begins looking after ourselves. */
export async function startLookingAfterSelf(house: House): Promise<void> {
  await plan(house, 'audit-self', plus(house.now(), MINUTE));
  await plan(house, 'audit-records', house.now());
}

function plan(house: House, kind: 'audit-self' | 'audit-records', dueAt: Date): Promise<void> {
  return house.jobs.enqueue(house.database, { queue: 'timers', key: kind, data: { kind }, dueAt }, house.now());
}
