import type { Queryable } from './database.ts';

/**
 * Notes that an attempt of a call begins, before anything goes out. Returns false when this very attempt was begun before: that run
 * was cut off, and what it asked for may have been done. One insert.
 */
export async function beginAttempt(client: Queryable, incident: number, call: string, attempt: number, now: Date): Promise<boolean> {
  const { rows } = await client.query(
    `insert into gapwatch.attempts (incident, call, attempt, begun_at) values ($1, $2, $3, $4)
     on conflict do nothing returning attempt`,
    [incident, call, attempt, now],
  );
  return rows.length > 0;
}
