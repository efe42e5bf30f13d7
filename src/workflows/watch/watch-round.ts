import { plus, SECOND } from '#domain/base/time.ts';
import { ALARM_NAMES, ALARMS } from '#domain/watch/alarm.ts';
import { evaluate } from '#domain/watch/evaluate.ts';
import { observe } from '#domain/watch/observe.ts';
import { type AlarmState, initialWatchState, type WatchState } from '#domain/watch/state.ts';
import type { Queryable } from '#store/database.ts';
import { loadWatch, saveWatch, unsentSignals, wantSignal } from '#store/watch.ts';
import { runProgram } from '#workflows/checks/run-program.ts';
import type { AppContext } from '#workflows/context.ts';

/** What the watch works with: less than the bot does, so that it can run by itself. */
export type WatchAppContext = Pick<
  AppContext,
  'database' | 'jobs' | 'policy' | 'auditDatabase' | 'auditTable' | 'sources' | 'events' | 'remembered' | 'now' | 'log' | 'observe'
> & {
  /** Whether a bot posts what is written into this store; a watch by itself may have a store of its own. */
  readonly hasChannel: boolean;
};

/** A round's time, whatever hangs. */
const ROUND_WITHIN = 6 * SECOND;

/** One round of the watch: looks around, judges, asks for what must be told, and wakes itself for the next round. */
export async function watchRound(context: WatchAppContext): Promise<void> {
  const now = context.now();
  const before = memoryOf(context, await loadWatch(context.database), now);
  const watchContext = {
    ...context.auditTable,
    state: before,
    policy: context.policy,
    now,
    known: context.remembered.watchedTable.known,
  };
  const observed = await runProgram(context, observe(watchContext), ROUND_WITHIN, async () => null);
  context.remembered.watchedTable.known = observed.known;
  const { table } = observed.seen;
  if (table.kind === 'unseen' && !before.alarms.AuditLogWatchBlind)
    context.log.warn({ words: table.words }, 'the watch can’t look at the audit table');
  await context.database.transaction(async (client) => {
    const current = memoryOf(context, await loadWatch(client, 'lock'), now);
    // Another replica has looked meanwhile: its round stands, and this one would judge by an old memory.
    if (current.roundAt <= before.roundAt) await conclude(context, client, before, evaluate(before, observed.seen, context.policy));
    await wakeWatchRound(context, client, plus(now, context.policy.watch.every));
  });
}

/** The memory of this database and table; one of another is no memory. */
function memoryOf({ auditTable, log }: WatchAppContext, stored: WatchState | null, now: Date): WatchState {
  const target = watchedTarget(auditTable);
  if (stored?.target === target) return stored;
  if (stored) {
    const advice = 'the watch begins anew. If another watch uses this store, give each a store of its own';
    log.warn({ formerly: stored.target, now: target }, advice);
  }
  return initialWatchState(target, now);
}

/** What is watched, in words: the database's name and the table's. */
export function watchedTarget({ database, tableName }: Pick<AppContext['auditTable'], 'database' | 'tableName'>): string {
  return `${database}/${tableName}`;
}

/** Makes sure that a round is due; one that is due earlier stays. */
export function wakeWatchRound(context: Pick<AppContext, 'jobs' | 'now'>, client: Queryable, dueAt: Date): Promise<void> {
  return context.jobs.enqueue(client, { queue: 'watch', key: 'watch-round', data: { kind: 'watch-round' }, dueAt }, context.now());
}

async function conclude(context: WatchAppContext, client: Queryable, before: WatchState, after: WatchState): Promise<void> {
  await saveWatch(client, after);
  const now = context.now();
  const isTelling = context.policy.watch.mode === 'alert';
  for (const alarm of ALARM_NAMES) {
    const change = changeOf(before.alarms[alarm], after.alarms[alarm]);
    if (change === null) continue;
    const words = after.alarms[alarm]?.words ?? ALARMS[alarm].means;
    context.log.info({ alarm, words }, CHANGE_WORDS[change]);
    if (isTelling) await wantSignal(client, { alarm, wanted: change === 'over' ? 'resolve' : 'trigger', words }, now);
  }
  for (const alarm of await unsentSignals(client)) {
    const data = { kind: 'notify-alarm', alarm };
    await context.jobs.enqueue(client, { queue: 'watch', key: `signal/${alarm}`, data, dueAt: now }, now);
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
