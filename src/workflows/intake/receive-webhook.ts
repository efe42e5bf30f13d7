import { type AlertChange, matchesAlert } from '#domain/incident/alerts.ts';
import type { Alert } from '#domain/incident/event.ts';
import { type Delivery, isKnownDelivery, keepDelivery, keepHarmlessDelivery } from '#store/deliveries.ts';
import { incidentOfAlert } from '#store/event-store.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, openOrJoin } from '#workflows/execute.ts';

/** A webhook's event, as far as Gapwatch makes something of it. */
export type WebhookEvent =
  | { readonly kind: 'fired'; readonly alert: Alert }
  | { readonly kind: 'changed'; readonly change: AlertChange }
  | { readonly kind: 'other' };

/**
 * Keeps a webhook and what follows from it in one transaction. A delivery or an event that came before changes nothing. Throws
 * StoreUnavailable when nothing could be kept: then PagerDuty must send it again.
 */
export async function receiveWebhook(context: AppContext, delivery: Delivery, event: WebhookEvent): Promise<'kept' | 'known'> {
  if (event.kind !== 'fired') {
    // PagerDuty delivers the events of an alert in order, so one about an alert that belongs to no incident now will change none.
    const alertId = event.kind === 'changed' ? event.change.alertId : null;
    if (await keepHarmlessDelivery(context.database, delivery, alertId)) return 'kept';
  }
  if (await isKnownDelivery(context.database, delivery)) return 'known';
  return context.database.transaction(async (client) => {
    if (!(await keepDelivery(client, delivery))) return 'known';
    switch (event.kind) {
      case 'fired': {
        const { alert } = event;
        if (matchesAlert(`${alert.title}\n${alert.service}`, context.policy)) {
          await openOrJoin(context, (number) => ({ kind: 'alert-fired', number, alert, seenBy: 'webhook' }), { kind: 'pagerduty' }, client);
        } else {
          const data = { kind: 'classify-alert', alertId: alert.id } as const;
          await context.jobs.enqueue(client, { queue: 'pagerduty', key: `examine/${alert.id}`, data, dueAt: context.now() }, context.now());
        }
        return 'kept';
      }
      case 'changed': {
        const number = await incidentOfAlert(client, event.change.alertId);
        if (number !== null) await execute(context, number, { kind: 'alert-changed', change: event.change }, { kind: 'pagerduty' }, client);
        return 'kept';
      }
      case 'other':
        return 'kept';
      default:
        return event satisfies never;
    }
  });
}
