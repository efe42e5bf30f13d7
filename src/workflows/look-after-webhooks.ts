import { MINUTE } from '#domain/time.ts';
import { noteFinding } from '#store/findings.ts';
import type { House } from './house.ts';
import { planWarning } from './warn.ts';

const EVERY = 10 * MINUTE;
const lookedAt = new WeakMap<House, number>();

/**
 * Every ten minutes, within the poll: whether PagerDuty still delivers webhooks to us. After three refused deliveries it switches a
 * subscription off for a day and tells nobody; the channel then hears it, once, and the finding stays until it is on again.
 */
export async function lookAfterWebhooks(house: House): Promise<void> {
  const now = house.now();
  if (now.getTime() - (lookedAt.get(house) ?? 0) < EVERY) return;
  lookedAt.set(house, now.getTime());
  const ours = (await house.pagerduty.subscriptions()).filter(({ url }) => url.endsWith('/pagerduty/webhook'));
  const isOn = ours.length === 0 || ours.some(({ isActive }) => isActive);
  const words = isOn ? null : 'PagerDuty has switched off the webhook subscription';
  const isNews = await noteFinding(house.database, 'webhooks', words, now);
  if (isNews && words !== null) {
    await planWarning(house, { key: `warning/webhooks-off/${now.toISOString()}`, warning: 'webhooks-off', details: {} });
  }
}
