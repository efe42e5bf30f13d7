import type { SlackMessage } from '#domain/messages/blocks.ts';
import { type Call, type FoundMessage, historySchema, nextCursor, postedSchema, read } from './shapes.ts';

/** Where a message went. */
export type Posted = { readonly channel: string; readonly ts: string };

export type PostOptions = {
  /** Names the message for ever; found again by it after an unclear outcome. */
  readonly key: string;
  readonly threadTs?: string;
  readonly broadcast?: boolean;
};

const EVENT_TYPE = 'gapwatch_message';

/** Posts a message under its key, which stands in its metadata. */
export async function post(call: Call, channel: string, message: SlackMessage, options: PostOptions): Promise<Posted> {
  const answer = await call('chat.postMessage', {
    channel,
    text: message.text,
    blocks: message.blocks,
    metadata: { event_type: EVENT_TYPE, event_payload: { key: options.key } },
    unfurl_links: false,
    unfurl_media: false,
    ...(options.threadTs ? { thread_ts: options.threadTs, reply_broadcast: options.broadcast === true } : {}),
  });
  return read(postedSchema, 'chat.postMessage', answer);
}

/** Looks for a message by its key. */
export async function find(call: Call, channel: string, key: string, since: Date, threadTs?: string): Promise<Posted | null> {
  for await (const message of messages(call, channel, since, threadTs)) {
    if (message.metadata?.event_payload?.key === key) return { channel, ts: message.ts };
  }
  return null;
}

/** The messages of a channel or thread since shortly before `since`; at most 4,000. */
export async function* messages(call: Call, channel: string, since: Date, threadTs?: string): AsyncGenerator<FoundMessage> {
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
