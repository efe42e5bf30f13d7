import type { RawText } from '#domain/base/text/foreign.ts';
import { type AlertChange, matchesAlert } from '#domain/incident/alerts.ts';
import type { Alert } from '#domain/incident/event.ts';
import type { Queryable } from '#store/database.ts';
import { type Delivery, isKnownDelivery, keepDelivery, keepHarmlessDelivery } from '#store/deliveries.ts';
import { incidentOfAlert } from '#store/event-store.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, openOrJoin } from '#workflows/execute.ts';
import type { AlertLook } from './classify-alert.ts';

/** A webhook's event, as far as Gapwatch makes something of it. `words` are those in which an alert's name may stand, in full. */
export type WebhookEvent =
  | { readonly kind: 'fired'; readonly alert: Alert; readonly words: RawText }
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
    if (await keepHarmlessDelivery(context.database, delivery, alertId)) {
      // The alert itself may have become ours by what the event is about; if this look is lost, the poll sees the same change.
      if (event.kind === 'changed' && event.change.event !== 'resolved')
        await look(context, context.database, { alertId: event.change.alertId });
      return 'kept';
    }
  }
  if (await isKnownDelivery(context.database, delivery)) return 'known';
  return context.database.transaction(async (client) => {
    if (!(await keepDelivery(client, delivery))) return 'known';
    switch (event.kind) {
      case 'fired': {
        const { alert, words } = event;
        if (matchesAlert(words, context.policy)) {
          await openOrJoin(context, (number) => ({ kind: 'alert-fired', number, alert, seenBy: 'webhook' }), { kind: 'pagerduty' }, client);
        } else {
          await look(context, client, { alertId: alert.id });
        }
        return 'kept';
      }
      case 'changed': {
        const { change } = event;
        const number = await incidentOfAlert(client, change.alertId);
        if (number === null) return 'kept';
        await execute(context, number, { kind: 'alert-changed', change }, { kind: 'pagerduty' }, client);
        if (change.mergedInto !== undefined) await look(context, client, { alertId: change.mergedInto, mergedFrom: change.alertId });
        return 'kept';
      }
      case 'other':
        return 'kept';
      default:
        return event satisfies never;
    }
  });
}

/** Asks for a look at an alert; events that come quickly one after the other ask for one. */
async function look(context: AppContext, client: Queryable, { alertId, mergedFrom }: AlertLook): Promise<void> {
  const data = { kind: 'classify-alert', alertId, ...(mergedFrom === undefined ? {} : { mergedFrom }) } as const;
  const key = mergedFrom === undefined ? `examine/${alertId}` : `follow/${mergedFrom}/${alertId}`;
  await context.jobs.enqueue(client, { queue: 'pagerduty', key, data, dueAt: context.now() }, context.now());
}
