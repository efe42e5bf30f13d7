import type { Queryable } from './database.ts';

/** A command that was refused for want of a right. */
export type Denial = { readonly at: Date; readonly slackId: string; readonly name: string; readonly what: string; readonly why: string };

/** Keeps a denial for ever. */
export async function keepDenial(client: Queryable, { at, slackId, name, what, why }: Denial): Promise<void> {
  await client.query('insert into gapwatch.denials (at, slack_id, name, what, why) values ($1, $2, $3, $4, $5)', [
    at,
    slackId,
    name,
    what,
    why,
  ]);
}
