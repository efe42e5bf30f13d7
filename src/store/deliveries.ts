import { z } from 'zod';
import type { Queryable } from './database.ts';

/** A webhook as it came. `webhookId` is the same for every redelivery, `eventId` names the event. */
export type Delivery = {
  readonly webhookId: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly receivedAt: Date;
  readonly body: string;
};

/** Keeps a delivery; answers false when it, or its event, came before. Two index look-ups and one insert. */
export async function keepDelivery(client: Queryable, { webhookId, eventId, eventType, receivedAt, body }: Delivery): Promise<boolean> {
  // The lock makes two copies of one event that arrive together wait for each other; the second then finds the first.
  await client.query('select pg_advisory_xact_lock(hashtextextended($1, 4184715))', [eventId]);
  const { rows } = await client.query(
    `insert into gapwatch.deliveries (webhook_id, event_id, event_type, received_at, body)
     select $1, $2, $3, $4, $5
     where not exists (select from gapwatch.deliveries where event_id = $2)
     on conflict (webhook_id) do nothing
     returning webhook_id`,
    [webhookId, eventId, eventType, receivedAt, body],
  );
  return rows.length > 0;
}

/**
 * Keeps a delivery that changes nothing, in one statement without a transaction around it, as most of a storm is: its event concerns no
 * alert of ours (`alertId`, where it names one). Returns false, having kept nothing, when it does or when the event came before.
 */
export async function keepHarmlessDelivery(
  client: Queryable,
  { webhookId, eventId, eventType, receivedAt, body }: Delivery,
  alertId: string | null,
): Promise<boolean> {
  const { rows } = await client.query(
    `insert into gapwatch.deliveries (webhook_id, event_id, event_type, received_at, body)
     select $1, $2, $3, $4, $5
     where not exists (select from gapwatch.deliveries where event_id = $2)
       and not exists (select from gapwatch.incidents where alert_ids @> array[$6::text])
     on conflict (webhook_id) do nothing
     returning webhook_id`,
    [webhookId, eventId, eventType, receivedAt, body, alertId],
    'keep-harmless-delivery',
  );
  return rows.length > 0;
}

/** Whether this delivery, or its event, was kept before. */
export async function isKnownDelivery(client: Queryable, { webhookId, eventId }: Delivery): Promise<boolean> {
  const sql = 'select from gapwatch.deliveries where event_id = $2 or webhook_id = $1 limit 1';
  return (await client.query(sql, [webhookId, eventId], 'is-known-delivery')).rows.length > 0;
}

/** A PagerDuty incident that was none of ours when it was examined: since when it is known, and what it looked like then. */
export type ForeignAlert = { readonly seenAt: Date; readonly mark: string };

/** Remembers a PagerDuty incident that is none of ours, as it looks now. One upsert by the primary key. */
export async function keepForeignAlert(client: Queryable, alertId: string, { seenAt, mark }: ForeignAlert): Promise<void> {
  await client.query(
    `insert into gapwatch.foreign_alerts (alert_id, seen_at, mark) values ($1, $2, $3)
     on conflict (alert_id) do update set mark = excluded.mark`,
    [alertId, seenAt, mark],
  );
}

const foreignRow = z.object({ seenAt: z.date(), mark: z.string() });

/** The PagerDuty incident as it was when it turned out to be none of ours; null when it was not examined. One look-up by the primary key. */
export async function foreignAlert(client: Queryable, alertId: string): Promise<ForeignAlert | null> {
  const { rows } = await client.query('select seen_at as "seenAt", mark from gapwatch.foreign_alerts where alert_id = $1', [alertId]);
  return rows[0] === undefined ? null : foreignRow.parse(rows[0]);
}

/** Whether any webhook came since `instant`. */
export async function hasDeliverySince(client: Queryable, instant: Date): Promise<boolean> {
  return (await client.query('select from gapwatch.deliveries where received_at >= $1 limit 1', [instant])).rows.length > 0;
}

/** When the last webhook came; null before the first. */
export async function lastDelivery(client: Queryable): Promise<Date | null> {
  const { rows } = await client.query('select max(received_at) as at from gapwatch.deliveries');
  return z.object({ at: z.date().nullable() }).parse(rows[0]).at;
}
