import { MINUTE, plus } from '#domain/base/time.ts';
import type { AlertChange } from '#domain/incident/alerts.ts';
import { deliverAll, pollTableJob } from '#domain/incident/effects.ts';
import { stateOf } from '#domain/incident/evolve.ts';
import { NotKnownThere, ServiceFailure } from '#services/failure.ts';
import type { PagerDutyIncident } from '#services/pagerduty/rest.ts';
import { incidentNumbers, incidentOfAlert, loadEvents } from '#store/event-store.ts';
import { noteFinding } from '#store/findings.ts';
import type { AppContext } from '#workflows/context.ts';
import { planWarning } from '#workflows/deliver/warning.ts';
import { execute } from '#workflows/execute.ts';
import { toNewJob } from '#workflows/jobs.ts';
import { examineAlert, followMerge, mustExamine } from './classify-alert.ts';
import { checkSubscription } from './missed-webhooks.ts';

/**
 * Finds what webhooks missed: new alerts, alerts that have become ours, and changes of those that open incidents have. One that can't be read
 * hides no other, and a step that fails keeps no other from being taken. Then it wakes itself in a minute.
 */
export async function pollPagerDuty(context: AppContext): Promise<void> {
  await pickUp(context);
  await safely(context, 'the poll of PagerDuty failed', () => pollOnce(context));
  await safely(context, 'whether PagerDuty delivers webhooks could not be asked', () => checkSubscription(context));
  const next = { queue: 'pagerduty', key: 'poll', data: { kind: 'poll-pagerduty' }, dueAt: plus(context.now(), MINUTE) } as const;
  await context.jobs.enqueue(context.database, next, context.now());
}

/**
 * Wakes the watch and every destination of the open incidents. They wake themselves as a rule; this is for the exception, a job that was given
 * up or lost, and costs a few empty runs a minute while an incident is open.
 */
async function pickUp(context: AppContext): Promise<void> {
  const now = context.now();
  for (const number of await incidentNumbers(context.database, 'open')) {
    for (const job of [pollTableJob(number, now), ...deliverAll(number, now)])
      await context.jobs.enqueue(context.database, toNewJob(job), now);
  }
}

async function pollOnce(context: AppContext): Promise<void> {
  const { incidents: open, unreadable } = await context.pagerduty.openIncidents();
  const failed: string[] = [];
  for (const alert of open) {
    const isRead = await safely(context, `the alert ${alert.id} could not be examined`, () => lookAt(context, alert));
    if (!isRead) failed.push(alert.id);
  }
  await tellOfUnread(context, [...unreadable, ...failedForLong(context, failed)]);
  await tellOfResolved(context, new Set(open.map(({ id }) => id)));
}

async function lookAt(context: AppContext, alert: PagerDutyIncident): Promise<void> {
  const number = await incidentOfAlert(context.database, alert.id);
  if (number !== null) return tellStatus(context, number, await fresh(context, alert));
  if (await mustExamine(context, alert)) await examineAlert(context, alert, 'poll');
}

/** Does one step; what the service failed at is logged, and answered as false. */
async function safely(context: AppContext, failed: string, step: () => Promise<void>): Promise<boolean> {
  try {
    await step();
    return true;
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    context.log.warn({ outcome: error.outcome }, `${failed}: ${error.message}`);
    return false;
  }
}

/** An alert that so many polls in a row could not read is no hiccup of PagerDuty. */
const POLLS_UNREAD = 3;

function failedForLong({ remembered: { unreadAlerts } }: AppContext, failed: readonly string[]): readonly string[] {
  for (const id of [...unreadAlerts.keys()]) if (!failed.includes(id)) unreadAlerts.delete(id);
  for (const id of failed) unreadAlerts.set(id, (unreadAlerts.get(id) ?? 0) + 1);
  return failed.filter((id) => (unreadAlerts.get(id) ?? 0) >= POLLS_UNREAD);
}

/** What could not be read may be about the audit log: a finding while it is so, and said in the channel once. */
async function tellOfUnread(context: AppContext, unread: readonly string[]): Promise<void> {
  const now = context.now();
  const names = unread.slice(0, 5).join(', ');
  const text = unread.length === 0 ? null : `${unread.length} open PagerDuty incidents could not be read (${names})`;
  const isNews = await noteFinding(context.database, 'alerts', text, now);
  if (!isNews || text === null) return;
  const key = `warning/alerts-unread/${now.toISOString()}`;
  await planWarning(context, { key, warning: 'alerts-unread', details: { count: String(unread.length), names } });
}

/** An acknowledgement may have come while the list was on its way: "triggered" is asked again before anybody is told. */
async function fresh(context: AppContext, alert: PagerDutyIncident): Promise<PagerDutyIncident> {
  return alert.status === 'triggered' ? context.pagerduty.incident(alert.id) : alert;
}

/** Alerts that our open incidents believe open, and that PagerDuty no longer lists, were resolved without a webhook reaching us. */
async function tellOfResolved(context: AppContext, listed: ReadonlySet<string>): Promise<void> {
  for (const number of await incidentNumbers(context.database, 'open')) {
    const incident = stateOf(await loadEvents(context.database, number));
    const unlisted = (incident?.alerts ?? []).filter(({ id, status }) => status !== 'resolved' && !listed.has(id));
    for (const { id } of unlisted)
      await safely(context, `the alert ${id}, which PagerDuty no longer lists, could not be read`, () =>
        tellOfUnlisted(context, number, id),
      );
  }
}

async function tellOfUnlisted(context: AppContext, number: number, alertId: string): Promise<void> {
  try {
    await tellStatus(context, number, await context.pagerduty.incident(alertId));
  } catch (error) {
    if (!(error instanceof NotKnownThere)) throw error;
    await change(context, number, { alertId, event: 'unknown', agent: null, detail: '' });
  }
}

async function tellStatus(context: AppContext, number: number, alert: PagerDutyIncident): Promise<void> {
  const { id: alertId, status, acknowledgedBy: agent, mergedInto } = alert;
  const event = status === 'triggered' ? 'unacknowledged' : status;
  await change(context, number, { alertId, event, agent, detail: '', ...(mergedInto === null ? {} : { mergedInto }) });
  if (mergedInto !== null) await followMerge(context, alertId, await context.pagerduty.incident(mergedInto), 'poll');
}

type Seen = Omit<AlertChange, 'occurredAt' | 'seenBy'>;

async function change(context: AppContext, number: number, seen: Seen): Promise<void> {
  const told: AlertChange = { ...seen, occurredAt: context.now(), seenBy: 'poll' };
  await execute(context, number, { kind: 'alert-changed', change: told }, { kind: 'pagerduty' });
}
