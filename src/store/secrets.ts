import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Queryable } from './database.ts';

const row = z.object({ secret: z.string() });

/** A secret of Gapwatch's own, made when it is first asked for and the same for every replica from then on. */
export async function ownSecret(client: Queryable, name: string): Promise<string> {
  const fresh = randomBytes(32).toString('base64url');
  await client.query('insert into gapwatch.secrets (name, secret) values ($1, $2) on conflict (name) do nothing', [name, fresh]);
  const { rows } = await client.query('select secret from gapwatch.secrets where name = $1', [name]);
  return row.parse(rows[0]).secret;
}
