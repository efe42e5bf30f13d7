import { MINUTE, plus } from '#domain/base/time.ts';
import { type AlertChange, matchesAlert } from '#domain/incident/alerts.ts';
import { deliverAll, pollTableJob } from '#domain/incident/effects.ts';
import { stateOf } from '#domain/incident/evolve.ts';
import { ServiceFailure } from '#services/failure.ts';
import type { PagerDutyIncident } from '#services/pagerduty/rest.ts';
import { isForeignAlert, keepForeignAlert } from '#store/deliveries.ts';
import { incidentNumbers, incidentOfAlert, loadEvents } from '#store/event-store.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, openOrJoin } from '#workflows/execute.ts';
import { toNewJob } from '#workflows/jobs.ts';
import { checkSubscription, expectWebhook } from './missed-webhooks.ts';

/** Looks at the details of an alert whose title names nothing: if they match the policy, it opens or joins an incident. */
export async function classifyAlert(context: AppContext, alertId: string, seenBy: 'webhook' | 'poll' = 'webhook'): Promise<void> {
  if ((await incidentOfAlert(context.database, alertId)) !== null) return;
  const alert = await context.pagerduty.incident(alertId);
  const details = await context.pagerduty.alertText(alertId);
  if (!matchesAlert(`${alert.title}\n${alert.service}\n${details}`, context.policy)) {
    await keepForeignAlert(context.database, alertId, context.now());
    return;
  }
  if (alert.status !== 'resolved') await fire(context, alert, seenBy);
}

/** Finds what webhooks missed: new alerts, and changes of the alerts that open incidents have. Then it wakes itself in a minute. */
export async function pollPagerDuty(context: AppContext): Promise<void> {
  await pickUp(context);
  try {
    await pollOnce(context);
    await checkSubscription(context);
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    context.log.warn({ outcome: error.outcome }, `the poll of PagerDuty failed: ${error.message}`);
  }
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
  const open = await context.pagerduty.openIncidents();
  for (const alert of open) {
    const number = await incidentOfAlert(context.database, alert.id);
    if (number !== null) await tellStatus(context, number, await fresh(context, alert));
    else if (!(await isForeignAlert(context.database, alert.id))) await classifySafely(context, alert.id);
  }
  await tellOfResolved(context, new Set(open.map(({ id }) => id)));
}

/** An acknowledgement may have come while the list was on its way: "triggered" is asked again before anybody is told. */
async function fresh(context: AppContext, alert: PagerDutyIncident): Promise<PagerDutyIncident> {
  return alert.status === 'triggered' ? context.pagerduty.incident(alert.id) : alert;
}

/** One alert that can't be read must not hide the others; the next poll asks again. */
async function classifySafely(context: AppContext, alertId: string): Promise<void> {
  try {
    await classifyAlert(context, alertId, 'poll');
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    context.log.warn({ alert: alertId, outcome: error.outcome }, `an alert could not be examined: ${error.message}`);
  }
}

async function fire(context: AppContext, alert: PagerDutyIncident, seenBy: 'webhook' | 'poll'): Promise<void> {
  const { id, title, service, url, createdAt } = alert;
  const fired = { id, title, service, url, createdAt };
  await openOrJoin(context, (number) => ({ kind: 'alert-fired', number, alert: fired, seenBy }), { kind: 'pagerduty' });
  if (seenBy === 'poll') await expectWebhook(context, id);
}

/** Alerts that our open incidents believe open, and that PagerDuty no longer lists, were resolved without a webhook reaching us. */
async function tellOfResolved(context: AppContext, listed: ReadonlySet<string>): Promise<void> {
  for (const number of await incidentNumbers(context.database, 'open')) {
    const incident = stateOf(await loadEvents(context.database, number));
    const unlisted = (incident?.alerts ?? []).filter(({ id, status }) => status !== 'resolved' && !listed.has(id));
    for (const { id } of unlisted) await tellStatus(context, number, await context.pagerduty.incident(id));
  }
}

async function tellStatus(context: AppContext, number: number, alert: PagerDutyIncident): Promise<void> {
  const change: AlertChange = {
    alertId: alert.id,
    event: alert.status === 'triggered' ? 'unacknowledged' : alert.status,
    agent: alert.acknowledgedBy,
    detail: '',
    occurredAt: context.now(),
    seenBy: 'poll',
  };
  await execute(context, number, { kind: 'alert-changed', change }, { kind: 'pagerduty' });
}
