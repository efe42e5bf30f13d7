import { z } from 'zod';
import { type WatchState, watchStateSchema } from '#domain/watch/state.ts';
import type { Queryable } from './database.ts';

const stateRow = z.object({ state: watchStateSchema });

/**
 * What the watch remembers; null before its first round, and when another version has left what this one can't read: it begins anew then. `lock`
 * holds the row until the transaction ends.
 */
export async function loadWatch(client: Queryable, lock: 'lock' | 'look' = 'look'): Promise<WatchState | null> {
  const { rows } = await client.query(`select memory as state from gapwatch.watch ${lock === 'lock' ? 'for update' : ''}`);
  return stateRow.safeParse(rows[0]).data?.state ?? null;
}

/** Keeps what the watch remembers from now on. */
export async function saveWatch(client: Queryable, state: WatchState): Promise<void> {
  await client.query(
    `insert into gapwatch.watch (memory) values ($1)
     on conflict (only_row) do update set memory = excluded.memory`,
    [JSON.stringify(state)],
  );
}

const signalRow = z
  .object({
    alarm: z.string(),
    wanted: z.enum(['trigger', 'resolve']),
    words: z.string(),
    wanted_at: z.date(),
    sent: z.enum(['trigger', 'resolve', 'given-up']).nullable(),
    attempts: z.number(),
    in_channel: z.boolean(),
    channel_told_for: z.date().nullable(),
  })
  .transform(({ wanted_at, in_channel, channel_told_for, ...rest }) => ({
    ...rest,
    wantedAt: wanted_at,
    inChannel: in_channel,
    isChannelTold: channel_told_for?.getTime() === wanted_at.getTime(),
  }));

/** What PagerDuty is to be told of an alarm, and what it has been told. `inChannel`: the channel has heard that it was raised; `isChannelTold`: for this telling. */
export type StoredSignal = Readonly<z.infer<typeof signalRow>>;

/** An alarm was raised, goes on or is over: PagerDuty is to be told, whatever it was told before. */
export async function wantSignal(
  client: Queryable,
  { alarm, wanted, words }: Pick<StoredSignal, 'alarm' | 'wanted' | 'words'>,
  now: Date,
): Promise<void> {
  await client.query(
    `insert into gapwatch.signals (alarm, wanted, words, wanted_at) values ($1, $2, $3, $4)
     on conflict (alarm) do update set wanted = excluded.wanted, words = excluded.words, wanted_at = excluded.wanted_at, attempts = 0,
       sent = null`,
    [alarm, wanted, words, now],
  );
}

/** The signal of an alarm; null when it was never raised. */
export async function loadSignal(client: Queryable, alarm: string): Promise<StoredSignal | null> {
  const { rows } = await client.query('select * from gapwatch.signals where alarm = $1', [alarm]);
  return rows[0] === undefined ? null : signalRow.parse(rows[0]);
}

/** The alarms whose signal is still to be sent. */
export async function unsentSignals(client: Queryable): Promise<readonly string[]> {
  const { rows } = await client.query(
    `select * from gapwatch.signals where sent is distinct from wanted and sent is distinct from 'given-up'`,
  );
  return rows.map((row) => signalRow.parse(row).alarm);
}

/** Notes what became of a signal, unless something else is wanted by now. */
export async function noteSignal(
  client: Queryable,
  { alarm, wantedAt }: StoredSignal,
  { sent, inChannel, isChannelTold }: Pick<StoredSignal, 'sent' | 'inChannel' | 'isChannelTold'>,
): Promise<void> {
  await client.query(
    `update gapwatch.signals
     set sent = case when wanted_at = $2 then $3 else sent end, in_channel = $4, attempts = attempts + 1,
       channel_told_for = case when $5 then $2 else channel_told_for end
     where alarm = $1`,
    [alarm, wantedAt, sent, inChannel, isChannelTold],
  );
}
