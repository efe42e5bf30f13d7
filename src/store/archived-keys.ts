import { z } from 'zod';
import type { Queryable } from './database.ts';

type Keys = readonly (readonly string[])[];
const rowSchema = z.object({ batch: z.number(), keys: z.array(z.array(z.string())) });

/** Forgets what an export that did not come to its end has kept. */
export async function forgetKeys(client: Queryable, request: string): Promise<void> {
  await client.query('delete from gapwatch.archived_keys where request = $1', [request]);
}

/** Keeps a batch of keys of archived rows. */
export async function keepKeys(client: Queryable, request: string, batch: number, keys: Keys): Promise<void> {
  await client.query('insert into gapwatch.archived_keys (request, batch, keys) values ($1, $2, $3)', [
    request,
    batch,
    JSON.stringify(keys),
  ]);
}

/** The next batch whose rows are not deleted yet; null when none is left. One probe of the primary key. */
export async function nextKeys(client: Queryable, request: string): Promise<{ readonly batch: number; readonly keys: Keys } | null> {
  const { rows } = await client.query(
    'select batch, keys from gapwatch.archived_keys where request = $1 and not is_deleted order by batch limit 1',
    [request],
  );
  return rows[0] === undefined ? null : rowSchema.parse(rows[0]);
}

/** Notes that a batch's rows are deleted. */
export async function markDeleted(client: Queryable, request: string, batch: number): Promise<void> {
  await client.query('update gapwatch.archived_keys set is_deleted = true where request = $1 and batch = $2', [request, batch]);
}
