import { z } from 'zod';
import type { Queryable } from './database.ts';
import { sha256 } from './hash-chain.ts';

/** A message or mail as it went out: its content as JSON, and the SHA-256 of that text. */
export type Sent = {
  readonly message: string;
  readonly attempt: number;
  readonly at: Date;
  readonly content: string;
  readonly sha256: string;
};

/** Keeps what is about to go out, before it does; answers the SHA-256 of its content. The same attempt run again keeps the first. */
export async function keepSent(
  client: Queryable,
  {
    incident,
    message,
    attempt,
    at,
    content,
  }: { readonly incident: number; readonly message: string; readonly attempt: number; readonly at: Date; readonly content: string },
): Promise<string> {
  const hash = sha256(content);
  const { rows } = await client.query(
    `insert into gapwatch.sent (incident, call, attempt, at, content, sha256) values ($1, $2, $3, $4, $5, $6)
     on conflict do nothing returning attempt`,
    [incident, message, attempt, at, content, hash],
  );
  if (rows.length > 0) return hash;
  // This very attempt was cut off and runs again: what goes out now is kept under the next free number.
  return keepSent(client, { incident, message, attempt: attempt + 1_000, at, content });
}

const row = z.object({ message: z.string(), attempt: z.number(), at: z.date(), content: z.string(), sha256: z.string() });

/** Returns what went out under each of these keys, as it last did; one read by the table's primary key. */
export async function loadSentMessages(
  client: Queryable,
  incident: number,
  messages: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query(
    `select distinct on (call) call as message, content
     from gapwatch.sent
     where incident = $1 and call = any($2)
     order by call, attempt desc`,
    [incident, messages],
  );
  return new Map(
    rows.map((each) => row.pick({ message: true, content: true }).parse(each)).map(({ message, content }) => [message, content]),
  );
}

/** Everything that went out for an incident, oldest first. */
export async function loadSent(client: Queryable, incident: number): Promise<readonly Sent[]> {
  const { rows } = await client.query(
    'select call as message, attempt, at, content, sha256 from gapwatch.sent where incident = $1 order by at, call, attempt',
    [incident],
  );
  return rows.map((each) => row.parse(each));
}
