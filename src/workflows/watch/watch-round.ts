import { plus, SECOND } from '#domain/base/time.ts';
import { ALARM_NAMES, ALARMS } from '#domain/watch/alarm.ts';
import { judge } from '#domain/watch/evaluate.ts';
import { type KnownTable, lookAround } from '#domain/watch/observe.ts';
import { type AlarmState, freshMemory, type Memory } from '#domain/watch/state.ts';
import type { Queryable } from '#store/database.ts';
import { loadWatch, saveWatch, unsentSignals, wantSignal } from '#store/watch.ts';
import { converse } from '#workflows/checks/run-program.ts';
import type { House } from '#workflows/context.ts';

/** What the watch works with: less than the bot does, so that it can run by itself. */
export type WatchHouse = Pick<
  House,
  'database' | 'jobs' | 'policy' | 'auditDatabase' | 'auditTable' | 'sources' | 'events' | 'now' | 'log' | 'observe'
> & {
  /** Whether a bot posts what is written into this store; a watch by itself may have a store of its own. */
  readonly hasChannel: boolean;
};

/** A round's time, whatever hangs. */
const ROUND_WITHIN = 6 * SECOND;
const NOTHING_KNOWN: KnownTable = { table: null, insert: null };
const known = new WeakMap<object, KnownTable>();

/** One round of the watch: looks around, judges, asks for what must be told, and wakes itself for the next round. */
export async function keepWatch(house: WatchHouse): Promise<void> {
  const now = house.now();
  const before = memoryOf(house, await loadWatch(house.database), now);
  const context = { ...house.auditTable, memory: before, policy: house.policy, now, known: known.get(house.database) ?? NOTHING_KNOWN };
  const looked = await converse(house, lookAround(context), ROUND_WITHIN, async () => null);
  known.set(house.database, looked.known);
  const { table } = looked.seen;
  if (table.kind === 'unseen' && !before.alarms.AuditLogWatchBlind)
    house.log.warn({ words: table.words }, 'the watch can’t look at the audit table');
  await house.database.transaction(async (client) => {
    const current = memoryOf(house, await loadWatch(client, 'lock'), now);
    // Another replica has looked meanwhile: its round stands, and this one would judge by an old memory.
    if (current.roundAt <= before.roundAt) await conclude(house, client, before, judge(before, looked.seen, house.policy));
    await wakeWatch(house, client, plus(now, house.policy.watch.every));
  });
}

/** The memory of this database and table; one of another is no memory. */
function memoryOf({ auditTable, log }: WatchHouse, stored: Memory | null, now: Date): Memory {
  const target = watchedTarget(auditTable);
  if (stored?.target === target) return stored;
  if (stored) {
    const advice = 'the watch begins anew. If another watch uses this store, give each a store of its own';
    log.warn({ formerly: stored.target, now: target }, advice);
  }
  return freshMemory(target, now);
}

/** What is watched, in words: the database's name and the table's. */
export function watchedTarget({ database, tableName }: Pick<House['auditTable'], 'database' | 'tableName'>): string {
  return `${database}/${tableName}`;
}

/** Makes sure that a round is due; one that is due earlier stays. */
export function wakeWatch(house: Pick<House, 'jobs' | 'now'>, client: Queryable, dueAt: Date): Promise<void> {
  return house.jobs.enqueue(client, { queue: 'watch', key: 'keep-watch', data: { kind: 'keep-watch' }, dueAt }, house.now());
}

async function conclude(house: WatchHouse, client: Queryable, before: Memory, after: Memory): Promise<void> {
  await saveWatch(client, after);
  const now = house.now();
  const isTelling = house.policy.watch.mode === 'alert';
  for (const alarm of ALARM_NAMES) {
    const change = changeOf(before.alarms[alarm], after.alarms[alarm]);
    if (change === null) continue;
    const words = after.alarms[alarm]?.words ?? ALARMS[alarm].means;
    house.log.info({ alarm, words }, CHANGE_WORDS[change]);
    if (isTelling) await wantSignal(client, { alarm, wanted: change === 'over' ? 'resolve' : 'trigger', words }, now);
  }
  for (const alarm of await unsentSignals(client)) {
    const data = { kind: 'signal', alarm };
    await house.jobs.enqueue(client, { queue: 'watch', key: `signal/${alarm}`, data, dueAt: now }, now);
  }
}

const CHANGE_WORDS = {
  raised: 'the watch raises an alarm',
  again: 'an alarm of the watch goes on, and is told again',
  over: 'an alarm of the watch is over',
} as const;

function changeOf(before: AlarmState | undefined, after: AlarmState | undefined): keyof typeof CHANGE_WORDS | null {
  if (!after?.raisedAt) return before?.raisedAt ? 'over' : null;
  if (!before?.raisedAt) return 'raised';
  return after.toldAt?.getTime() === before.toldAt?.getTime() ? null : 'again';
}
