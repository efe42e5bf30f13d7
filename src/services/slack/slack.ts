import { LogLevel, WebClient } from '@slack/web-api';
import { z } from 'zod';
import type { SlackMessage } from '#domain/messages/blocks.ts';
import type { ServiceFailure } from '#services/failure.ts';
import { type Call, read } from './answers.ts';
import { channelById, channelMembers, findChannel, type SlackChannel } from './channels.ts';
import { slackFailure } from './failures.ts';
import { type SharedFile, shareFile } from './files.ts';
import { findFile, findPosted, oneMessage, type Posted, type ThreadMessage, threadMessages, type WrittenMessage } from './history.ts';
import { findUser, groupHandle, groupMembers, type OwnIdentity, type SlackUser, whoAmI } from './people.ts';

export type PostOptions = {
  /** Names the message for ever; found again by it after an unclear outcome. */
  readonly key: string;
  readonly threadTs?: string;
  readonly broadcast?: boolean;
};

/** Slack's Web API as Gapwatch uses it. Every method throws {@link ServiceFailure}; none retries by itself. */
export type Slack = {
  readonly post: (channel: string, message: SlackMessage, options: PostOptions) => Promise<Posted>;
  /** Looks for a message of ours by its key, since `since`, in the channel or under `threadTs`. */
  readonly find: (channel: string, key: string, since: Date, threadTs?: string) => Promise<Posted | null>;
  readonly update: (posted: Posted, message: SlackMessage) => Promise<void>;
  readonly permalink: (posted: Posted) => Promise<string>;
  /** Looks for a file of this name in a thread; answers its link. */
  readonly findFile: (channel: string, threadTs: string, name: string) => Promise<string | null>;
  /** Uploads a file into a thread, or into the channel itself; answers its link. */
  readonly shareFile: (channel: string, threadTs: string | null, file: SharedFile) => Promise<string>;
  /** The channel's ID, found by its name. Cached once known. */
  readonly channelId: () => Promise<string>;
  readonly user: (id: string) => Promise<SlackUser>;
  readonly channelMembers: (channel: string) => Promise<readonly string[]>;
  /** A channel by its ID (`conversations.info`). */
  readonly channel: (id: string) => Promise<SlackChannel>;
  /** The handle of a user group (`S…`). */
  readonly groupHandle: (group: string) => Promise<string>;
  /** Tells one person in a channel something that nobody else sees. */
  readonly whisper: (channel: string, userId: string, text: string) => Promise<void>;
  /** The members of a user group (`S…`). */
  readonly groupMembers: (group: string) => Promise<readonly string[]>;
  /** One message of the channel or of a thread, by its timestamp; null when it is gone. */
  readonly message: (posted: Posted) => Promise<WrittenMessage | null>;
  /** What people wrote in a thread since then, as events would have told it, oldest first. */
  readonly thread: (channel: string, threadTs: string, since: Date) => Promise<readonly ThreadMessage[]>;
  /** Asks whose token it is (`auth.test`). */
  readonly whoAmI: () => Promise<OwnIdentity>;
  /** The failure that an error of Slack's own client means, for whoever holds such a client. */
  readonly failureOf: (method: string, error: unknown) => ServiceFailure;
};

const DEADLINE_MILLISECONDS = 10_000;
const EVENT_TYPE = 'gapwatch_message';

/** What `manifest.yml` asks for: the scopes without which something does not work. */
export const NEEDED_SCOPES: readonly string[] = [
  'chat:write',
  'commands',
  'channels:read',
  'channels:history',
  'groups:read',
  'groups:history',
  'files:write',
  'reactions:read',
  'usergroups:read',
  'users:read',
  'users:read.email',
];

/** Which channel a name in the settings meant when it was found: kept, since people rename channels. */
export type ChannelMemory = { readonly load: () => Promise<string | null>; readonly keep: (channelId: string) => Promise<void> };

type Connection = { readonly token: string; readonly apiUrl: string; readonly channel: string; readonly memory?: ChannelMemory };

/** Connects to Slack. Nothing is asked until a method is called, so a start with Slack down succeeds. */
export function connectSlack(settings: Connection): Slack {
  const client = new WebClient(settings.token, {
    slackApiUrl: settings.apiUrl,
    timeout: DEADLINE_MILLISECONDS,
    // The job owns retrying: the client's own retries would post a timed-out message twice.
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: silentLogger,
  });
  const call = (method: string, args: Record<string, unknown> = {}) =>
    client.apiCall(method, args).catch((error: unknown) => Promise.reject(slackFailure(method, error)));
  let home: Promise<OwnIdentity> | null = null;
  const knownHome = () => {
    home ??= whoAmI(call);
    home.catch(() => {
      home = null;
    });
    return home;
  };
  let channelId: string | null = /^[CG][A-Z0-9]{6,}$/.test(settings.channel) ? settings.channel : null;
  return {
    post: (channel, message, options) => post(call, channel, message, options),
    find: (channel, key, since, threadTs) => findPosted(call, channel, key, since, threadTs),
    update: async ({ channel, ts }, message) => {
      await call('chat.update', { channel, ts, text: message.text, blocks: message.blocks });
    },
    permalink: async ({ channel, ts }) =>
      read(permalinkSchema, 'chat.getPermalink', await call('chat.getPermalink', { channel, message_ts: ts })).permalink,
    findFile: (channel, threadTs, name) => findFile(call, channel, threadTs, name),
    shareFile: (channel, threadTs, file) => shareFile(call, channel, threadTs, file),
    channelId: async () => {
      channelId ??= (await settings.memory?.load()) ?? null;
      if (channelId === null) {
        channelId = await findChannel(call, settings.channel);
        await settings.memory?.keep(channelId);
      }
      return channelId;
    },
    user: (id) => findUser(call, id, knownHome()),
    channelMembers: (channel) => channelMembers(call, channel),
    channel: (id) => channelById(call, id),
    groupHandle: (id) => groupHandle(call, id),
    whisper: async (channel, user, text) => {
      await call('chat.postEphemeral', { channel, user, text });
    },
    groupMembers: (usergroup) => groupMembers(call, usergroup),
    message: (posted) => oneMessage(call, posted),
    thread: (channel, threadTs, since) => threadMessages(call, channel, threadTs, since),
    whoAmI: () => whoAmI(call),
    failureOf: slackFailure,
  };
}

async function post(call: Call, channel: string, message: SlackMessage, options: PostOptions): Promise<Posted> {
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

const postedSchema = z.object({ channel: z.string(), ts: z.string() });
const permalinkSchema = z.object({ permalink: z.string() });

/** The client logs what it throws; the failure is told once, where it is handled. */
const silentLogger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  setLevel: () => undefined,
  getLevel: () => LogLevel.ERROR,
  setName: () => undefined,
};
