import type { AlertChange } from '#domain/incident/commands.ts';
import { allLanes, watch } from '#domain/incident/effects.ts';
import { matchesAlert } from '#domain/incident/matches-alert.ts';
import { stateOf } from '#domain/incident/state.ts';
import { MINUTE, plus } from '#domain/time.ts';
import { ServiceFailure } from '#services/failure.ts';
import type { PagerDutyIncident } from '#services/pagerduty/rest.ts';
import { isForeignAlert, keepForeignAlert } from '#store/deliveries.ts';
import { incidentNumbers, incidentOfAlert, loadFacts } from '#store/facts.ts';
import { handle, openOrJoin } from './handle.ts';
import type { House } from './house.ts';
import { toNewJob } from './job-data.ts';
import { expectWebhook, lookAfterWebhooks } from './look-after-webhooks.ts';

/** Looks at the details of an alert whose title names nothing: if they match the policy, it opens or joins an incident. */
export async function examine(house: House, alertId: string, seenBy: 'webhook' | 'poll' = 'webhook'): Promise<void> {
  if ((await incidentOfAlert(house.database, alertId)) !== null) return;
  const alert = await house.pagerduty.incident(alertId);
  const details = await house.pagerduty.alertText(alertId);
  if (!matchesAlert(`${alert.title}\n${alert.service}\n${details}`, house.policy)) {
    await keepForeignAlert(house.database, alertId, house.now());
    return;
  }
  if (alert.status !== 'resolved') await fire(house, alert, seenBy);
}

/** Finds what webhooks missed: new alerts, and changes of the alerts that open incidents have. Then it wakes itself in a minute. */
export async function poll(house: House): Promise<void> {
  await pickUp(house);
  try {
    await pollOnce(house);
    await lookAfterWebhooks(house);
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    house.log.warn({ outcome: error.outcome }, `the poll of PagerDuty failed: ${error.message}`);
  }
  const next = { queue: 'pagerduty', key: 'poll', data: { kind: 'poll' }, dueAt: plus(house.now(), MINUTE) } as const;
  await house.jobs.enqueue(house.database, next, house.now());
}

/**
 * Wakes the watch and every lane of the open incidents. They wake themselves as a rule; this is for the exception, a job that was given
 * up or lost, and costs a few empty runs a minute while an incident is open.
 */
async function pickUp(house: House): Promise<void> {
  const now = house.now();
  for (const number of await incidentNumbers(house.database, 'open')) {
    for (const job of [watch(number, now), ...allLanes(number, now)]) await house.jobs.enqueue(house.database, toNewJob(job), now);
  }
}

async function pollOnce(house: House): Promise<void> {
  const open = await house.pagerduty.openIncidents();
  for (const alert of open) {
    const number = await incidentOfAlert(house.database, alert.id);
    if (number !== null) await tellStatus(house, number, await fresh(house, alert));
    else if (!(await isForeignAlert(house.database, alert.id))) await examineSafely(house, alert.id);
  }
  await tellOfResolved(house, new Set(open.map(({ id }) => id)));
}

/** An acknowledgement may have come while the list was on its way: "triggered" is asked again before anybody is told. */
async function fresh(house: House, alert: PagerDutyIncident): Promise<PagerDutyIncident> {
  return alert.status === 'triggered' ? house.pagerduty.incident(alert.id) : alert;
}

/** One alert that can't be read must not hide the others; the next poll asks again. */
async function examineSafely(house: House, alertId: string): Promise<void> {
  try {
    await examine(house, alertId, 'poll');
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    house.log.warn({ alert: alertId, outcome: error.outcome }, `an alert could not be examined: ${error.message}`);
  }
}

async function fire(house: House, alert: PagerDutyIncident, seenBy: 'webhook' | 'poll'): Promise<void> {
  const { id, title, service, url, createdAt } = alert;
  const fired = { id, title, service, url, createdAt };
  await openOrJoin(house, (number) => ({ kind: 'alert-fired', number, alert: fired, seenBy }), { kind: 'pagerduty' });
  if (seenBy === 'poll') await expectWebhook(house, id);
}

/** Alerts that our open incidents believe open, and that PagerDuty no longer lists, were resolved without a webhook reaching us. */
async function tellOfResolved(house: House, listed: ReadonlySet<string>): Promise<void> {
  for (const number of await incidentNumbers(house.database, 'open')) {
    const incident = stateOf(await loadFacts(house.database, number));
    const unlisted = (incident?.alerts ?? []).filter(({ id, status }) => status !== 'resolved' && !listed.has(id));
    for (const { id } of unlisted) await tellStatus(house, number, await house.pagerduty.incident(id));
  }
}

async function tellStatus(house: House, number: number, alert: PagerDutyIncident): Promise<void> {
  const change: AlertChange = {
    alertId: alert.id,
    event: alert.status === 'triggered' ? 'unacknowledged' : alert.status,
    agent: alert.acknowledgedBy,
    detail: '',
    occurredAt: house.now(),
    seenBy: 'poll',
  };
  await handle(house, number, { kind: 'alert-changed', change }, { kind: 'pagerduty' });
}
