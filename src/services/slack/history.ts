import { z } from 'zod';
import { type Call, nextCursor, read } from './answers.ts';

/** Where a message went. */
export type Posted = { readonly channel: string; readonly ts: string };

/** What somebody wrote; `userId` is null for an app. */
export type WrittenMessage = { readonly userId: string | null; readonly text: string };

/** Looks for a message of ours by its key, since `since`, in the channel or under `threadTs`. */
export async function findPosted(call: Call, channel: string, key: string, since: Date, threadTs?: string): Promise<Posted | null> {
  for await (const message of messages(call, channel, since, threadTs)) {
    if (message.metadata?.event_payload?.key === key) return { channel, ts: message.ts };
  }
  return null;
}

/** Looks for a file of this name in a thread; returns its link. */
export async function findFile(call: Call, channel: string, threadTs: string, name: string): Promise<string | null> {
  for await (const message of messages(call, channel, new Date(Number(threadTs) * 1_000), threadTs)) {
    const file = message.files?.find((each) => each.name === name);
    if (file) return file.permalink ?? '';
  }
  return null;
}

type FoundMessage = z.infer<typeof historySchema>['messages'][number];

/** A message of a thread, in Slack's own words. */
export type ThreadMessage = Omit<FoundMessage, 'metadata'>;

/** Returns what people wrote in a thread since then, as events would have told it, oldest first. */
export async function threadMessages(call: Call, channel: string, threadTs: string, since: Date): Promise<readonly ThreadMessage[]> {
  const found: ThreadMessage[] = [];
  for await (const { metadata, ...message } of messages(call, channel, since, threadTs)) found.push(message);
  return found.toSorted((one, other) => Number(one.ts) - Number(other.ts));
}

/** Returns one message of the channel or of a thread, by its timestamp; null when it is gone. */
export async function oneMessage(call: Call, { channel, ts }: Posted): Promise<WrittenMessage | null> {
  const bounds = { channel, ts, oldest: ts, latest: ts, inclusive: true, limit: 1 };
  const { messages: found } = read(oneMessageSchema, 'conversations.replies', await call('conversations.replies', bounds));
  const one = found.find((each) => each.ts === ts);
  return one ? { userId: one.user ?? null, text: one.text ?? '' } : null;
}

/** The messages of a channel or thread since shortly before `since`; at most 4,000. */
async function* messages(call: Call, channel: string, since: Date, threadTs?: string): AsyncGenerator<FoundMessage> {
  const method = threadTs ? 'conversations.replies' : 'conversations.history';
  let cursor = '';
  for (let page = 0; page < 20; page += 1) {
    const answer = await call(method, {
      channel,
      oldest: String(Math.floor(since.getTime() / 1_000) - 60),
      include_all_metadata: true,
      limit: 200,
      ...(threadTs ? { ts: threadTs } : {}),
      ...(cursor ? { cursor } : {}),
    });
    yield* read(historySchema, method, answer).messages;
    cursor = nextCursor(answer);
    if (cursor === '') return;
  }
}

const historySchema = z.object({
  messages: z.array(
    z.object({
      ts: z.string(),
      user: z.string().optional(),
      text: z.string().optional(),
      subtype: z.string().optional(),
      bot_id: z.string().optional(),
      files: z.array(z.object({ name: z.string().optional(), permalink: z.string().optional() })).optional(),
      metadata: z.object({ event_type: z.string(), event_payload: z.object({ key: z.string().optional() }).optional() }).optional(),
    }),
  ),
});
const oneMessageSchema = z.object({
  messages: z.array(z.object({ ts: z.string(), user: z.string().optional(), text: z.string().optional() })),
});
