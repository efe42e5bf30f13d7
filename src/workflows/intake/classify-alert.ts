import { MINUTE, type Milliseconds, plus } from '#domain/base/time.ts';
import { matchesAlert } from '#domain/incident/alerts.ts';
import { NotKnownThere } from '#services/failure.ts';
import type { PagerDutyIncident } from '#services/pagerduty/rest.ts';
import { foreignAlert, keepForeignAlert } from '#store/deliveries.ts';
import { incidentOfAlert } from '#store/event-store.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, load, openOrJoin } from '#workflows/execute.ts';
import { expectWebhook } from './missed-webhooks.ts';

export type SeenBy = 'webhook' | 'poll';

/** A look at an alert that an event of PagerDuty asks for. `mergedFrom` is an alert of ours that was merged into it. */
export type AlertLook = { readonly alertId: string; readonly mergedFrom?: string | undefined };

/** Looks at an alert after an event of PagerDuty told of it: one that is ours opens or joins an incident. */
export async function classifyAlert(context: AppContext, { alertId, mergedFrom }: AlertLook): Promise<void> {
  if ((await incidentOfAlert(context.database, alertId)) !== null) return;
  const alert = await alertOf(context, alertId);
  if (alert === null) return;
  if (mergedFrom !== undefined) await followMerge(context, mergedFrom, alert, 'webhook');
  else await examineAlert(context, alert, 'webhook');
}

async function alertOf(context: AppContext, alertId: string): Promise<PagerDutyIncident | null> {
  try {
    return await context.pagerduty.incident(alertId);
  } catch (error) {
    // It was deleted, or is not ours to see: asking again changes nothing.
    if (!(error instanceof NotKnownThere)) throw error;
    context.log.warn({ alert: alertId }, `an alert could not be examined: ${error.message}`);
    return null;
  }
}

/** Opens or joins an incident if the alert, by its title or by the words of any of its alerts, is one of the policy's. */
export async function examineAlert(context: AppContext, alert: PagerDutyIncident, seenBy: SeenBy): Promise<void> {
  const matches = (words: string) => matchesAlert(words, context.policy);
  if (!matches(alert.words) && !(await context.pagerduty.hasAlert(alert.id, matches))) {
    await keepForeignAlert(context.database, alert.id, { seenAt: context.now(), mark: alert.mark });
    return;
  }
  if (alert.status === 'resolved') return;
  await openOrJoin(context, (number) => ({ kind: 'alert-fired', number, alert: firedOf(alert), seenBy }), { kind: 'pagerduty' });
  if (seenBy === 'poll') await expectWebhook(context, alert.id);
}

function firedOf({ id, title, service, url, createdAt }: PagerDutyIncident) {
  return { id, title, service, url, createdAt };
}

/** So long after it was triggered an alert is looked at again and again: PagerDuty may know its alerts later than it tells of them. */
const SETTLES_WITHIN: Milliseconds = 10 * MINUTE;

/** Whether an open alert that is none of ours so far must be looked at (again): it is new, or it has changed since. */
export async function mustExamine(context: AppContext, alert: PagerDutyIncident): Promise<boolean> {
  const known = await foreignAlert(context.database, alert.id);
  if (known === null || known.mark !== alert.mark) return true;
  const now = context.now();
  return plus(known.seenAt, SETTLES_WITHIN) >= now || plus(alert.createdAt, SETTLES_WITHIN) >= now;
}

/** An alert of ours was merged into another one, which from now on is ours too: it is acknowledged, escalated and resolved in its place. */
export async function followMerge(context: AppContext, mergedFrom: string, target: PagerDutyIncident, seenBy: SeenBy): Promise<void> {
  const number = await incidentOfAlert(context.database, mergedFrom);
  if (number === null || (await incidentOfAlert(context.database, target.id)) !== null) return;
  const { incident } = await load(context, number);
  if (incident?.phase.name !== 'open') return;
  await execute(context, number, { kind: 'alert-fired', number, alert: firedOf(target), seenBy, mergedFrom }, { kind: 'pagerduty' });
}
