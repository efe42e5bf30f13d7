import { z } from 'zod';
import type { Queryable } from './database.ts';

const row = z.object({ id: z.string() });

/** The ID of the channel that this setting meant when it was found; null before. One look-up by the primary key. */
export async function knownChannel(client: Queryable, setting: string): Promise<string | null> {
  const { rows } = await client.query('select channel_id as id from gapwatch.slack_channels where setting = $1', [setting]);
  return rows[0] === undefined ? null : row.parse(rows[0]).id;
}

/** Keeps which channel a setting means, from now on whatever the channel is called. One upsert by the primary key. */
export async function keepChannel(client: Queryable, setting: string, channelId: string, now: Date): Promise<void> {
  await client.query(
    `insert into gapwatch.slack_channels (setting, channel_id, found_at) values ($1, $2, $3)
     on conflict (setting) do update set channel_id = excluded.channel_id, found_at = excluded.found_at`,
    [setting, channelId, now],
  );
}
