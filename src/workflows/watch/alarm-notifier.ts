import { between, formatUtc, MINUTE } from '#domain/base/time.ts';
import { matchesAlert } from '#domain/incident/alerts.ts';
import { DELIVERY } from '#domain/incident/outbox/retry.ts';
import { ALARMS, type AlarmName } from '#domain/watch/alarm.ts';
import { ServiceFailure } from '#services/failure.ts';
import type { AlertEvent, PagerDutyEvents } from '#services/pagerduty/events.ts';
import type { Queryable } from '#store/database.ts';
import { noteFinding } from '#store/findings.ts';
import { loadSignal, noteSignal, type StoredSignal } from '#store/watch.ts';
import { planWarning } from '#workflows/deliver/warning.ts';
import { execute, openOrJoin } from '#workflows/execute.ts';
import { type WatchAppContext, watchedTarget } from './watch-round.ts';

/** PagerDuty has not taken an alarm for so long: the channel hears it without PagerDuty. */
const CHANNEL_AFTER = MINUTE;

/**
 * Tells PagerDuty that an alarm is raised or over, as it is now. It may run twice: under one key PagerDuty keeps one alert. What PagerDuty
 * does not take is tried again with each round of the watch, for two hours; after a minute, or a plain no, the channel hears it
 * straight away, as it does when there is no PagerDuty.
 */
export async function notifyAlarm(context: WatchAppContext, alarm: AlarmName): Promise<void> {
  const wanted = await loadSignal(context.database, alarm);
  if (wanted === null || wanted.sent === wanted.wanted || wanted.sent === 'given-up') return;
  const failure = context.events === null ? null : await send(context, context.events, alarm, wanted);
  const isSent = context.events !== null && failure === null;
  await context.database.transaction(async (client) => {
    const isTold = isForChannel(context, alarm, wanted, isSent, failure) && (await tellChannel(context, client, alarm, wanted));
    const inChannel = wanted.wanted === 'trigger' && (wanted.inChannel || isTold);
    await noteSignal(client, wanted, { sent: sentState(context, wanted, isSent), inChannel, isChannelTold: isTold });
    if (isSent) await noteFinding(client, 'signals', null, context.now());
  });
}

/** What the channel has heard to begin, it hears to end; what PagerDuty does not take, it hears in PagerDuty's place. */
function isForChannel(
  { events, hasChannel, now, policy }: WatchAppContext,
  alarm: AlarmName,
  { wanted, wantedAt, inChannel, isChannelTold }: StoredSignal,
  isSent: boolean,
  failure: ServiceFailure | null,
): boolean {
  if (!hasChannel) return false;
  if (wanted === 'resolve') return inChannel;
  // A warning that lasts is told once; an incident may have been resolved meanwhile, and is opened again.
  if (isSent || isChannelTold || (inChannel && !matchesAlert(alarm, policy))) return false;
  return events === null || failure?.outcome === 'refused' || between(wantedAt, now()) >= CHANNEL_AFTER;
}

function sentState({ events, now }: WatchAppContext, { sent, wanted, wantedAt }: StoredSignal, isSent: boolean): StoredSignal['sent'] {
  if (isSent || events === null) return wanted;
  return between(wantedAt, now()) >= DELIVERY.pagerduty.giveUpAfter ? 'given-up' : sent;
}

async function send(
  context: WatchAppContext,
  events: PagerDutyEvents,
  alarm: AlarmName,
  wanted: StoredSignal,
): Promise<ServiceFailure | null> {
  const startedAt = performance.now();
  const observe = (outcome: 'succeeded' | ServiceFailure['outcome']) =>
    context.observe.delivery('pagerduty-events', outcome, (performance.now() - startedAt) / 1_000);
  try {
    await events.send(eventOf(context, alarm, wanted));
    observe('succeeded');
    return null;
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    observe(error.outcome);
    context.log.warn({ alarm, outcome: error.outcome, attempt: wanted.attempts + 1 }, `an alarm could not be told: ${error.message}`);
    await noteFinding(context.database, 'signals', `an alarm of the watch has not reached PagerDuty: ${error.message}`, context.now());
    return error;
  }
}

function eventOf({ auditTable }: WatchAppContext, alarm: AlarmName, { wanted, words, wantedAt }: StoredSignal): AlertEvent {
  const target = watchedTarget(auditTable);
  const key = `gapwatch/${alarm}/${target}`;
  if (wanted === 'resolve') return { action: 'resolve', key };
  const { severity, means } = ALARMS[alarm];
  const details = { alertname: alarm, meaning: means, seen: words, table: auditTable.tableName, raised: formatUtc(wantedAt) };
  return { action: 'trigger', key, summary: `${alarm}: ${words}`, severity, source: target, at: wantedAt, details };
}

/** Returns whether the channel is told. An alarm that the policy names as an alert opens an incident, or joins the one that is open. */
async function tellChannel(
  context: WatchAppContext,
  client: Queryable,
  alarm: AlarmName,
  { wanted, words, wantedAt }: StoredSignal,
): Promise<boolean> {
  if (!matchesAlert(alarm, context.policy)) {
    const warning = wanted === 'trigger' ? 'watch-alarm' : 'watch-over';
    const key = `warning/${alarm}/${wanted}/${wantedAt.toISOString()}`;
    await planWarning(context, { key, warning, details: { alarm, text: words } }, client);
    return true;
  }
  // The end of an incident is for people to say; its own watch tells that records are back.
  if (wanted === 'resolve') return false;
  await declare(context, client, `${alarm}: ${words}`);
  return true;
}

async function declare(context: WatchAppContext, client: Queryable, reason: string): Promise<void> {
  const watch = { kind: 'watch' } as const;
  const opening = (number: number) => ({ kind: 'declare', number, reason, isDrill: false }) as const;
  const { incident, refused } = await openOrJoin(context, opening, watch, client);
  if (refused === null || incident === null) return;
  await execute(context, incident.number, { kind: 'add-note', text: reason }, watch, client);
}
