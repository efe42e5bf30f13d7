import { z } from 'zod';
import type { Queryable } from './database.ts';

/** Something that is wrong with Gapwatch itself, since when, in words. */
export type StoredFinding = { readonly name: string; readonly since: Date; readonly text: string };

/** Keeps what is wrong, or that it is well again (`text` null). Returns whether that is news. */
export async function noteFinding(client: Queryable, name: string, text: string | null, now: Date): Promise<boolean> {
  if (text === null) {
    return (await client.query('delete from gapwatch.findings where name = $1 returning name', [name])).rows.length > 0;
  }
  const { rows } = await client.query(
    `insert into gapwatch.findings (name, since, words) values ($1, $2, $3)
     on conflict (name) do nothing returning name`,
    [name, now, text],
  );
  return rows.length > 0;
}

const row = z.object({ name: z.string(), since: z.date(), text: z.string() });

/** Everything that is wrong now. */
export async function loadFindings(client: Queryable): Promise<readonly StoredFinding[]> {
  const { rows } = await client.query('select name, since, words as text from gapwatch.findings order by since');
  return rows.map((each) => row.parse(each));
}
