import { MINUTE, plus, utcDay } from '#domain/base/time.ts';
import { hasDeliverySince } from '#store/deliveries.ts';
import { noteFinding } from '#store/findings.ts';
import type { AppContext } from '#workflows/context.ts';
import { planWarning } from '#workflows/deliver/warning.ts';

const EVERY = 10 * MINUTE;

/**
 * Every ten minutes, within the poll: whether PagerDuty still delivers webhooks to us. After three refused deliveries it switches a
 * subscription off for a day and tells nobody; the channel then hears it, once, and the finding stays until it is on again.
 */
export async function checkSubscription(context: AppContext): Promise<void> {
  const now = context.now();
  const { subscription } = context.remembered;
  if (now.getTime() - subscription.checkedAt < EVERY) return;
  subscription.checkedAt = now.getTime();
  const ours = (await context.pagerduty.subscriptions()).filter(({ url }) => url.endsWith('/pagerduty/webhook'));
  const isOn = ours.length === 0 || ours.some(({ isActive }) => isActive);
  const text = isOn ? null : 'PagerDuty has switched off the webhook subscription';
  const isNews = await noteFinding(context.database, 'webhooks', text, now);
  if (isNews && text !== null) {
    await planWarning(context, { key: `warning/webhooks-off/${now.toISOString()}`, warning: 'webhooks-off', details: {} });
  }
}

/** A webhook about an alert that the poll has found first may be on its way; after this long it is not. */
const ON_ITS_WAY = 2 * MINUTE;

/** The poll has found an alert before any webhook told of it: if none comes at all, the channel hears it later. */
export async function expectWebhook(context: AppContext, alertId: string): Promise<void> {
  const now = context.now();
  const data = { kind: 'webhook-expected', alertId, since: now.toISOString() };
  await context.jobs.enqueue(context.database, { queue: 'timers', key: 'webhook-expected', data, dueAt: plus(now, ON_ITS_WAY) }, now);
}

/** Whether any webhook came meanwhile; the channel hears of none, once a day. */
export async function webhookExpected(context: AppContext, alertId: string, since: Date): Promise<void> {
  if (await hasDeliverySince(context.database, plus(since, -ON_ITS_WAY))) return;
  const key = `warning/webhook-missed/${utcDay(context.now())}`;
  await planWarning(context, { key, warning: 'webhook-missed', details: { alert: alertId } });
}
