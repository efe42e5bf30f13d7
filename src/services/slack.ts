import { LogLevel, WebClient } from '@slack/web-api';
import type { SlackMessage } from '#domain/messages/blocks.ts';
import type { ServiceFailure } from './failure.ts';
import { channelMembers, findChannel } from './slack/channels.ts';
import { findFile, type SharedFile, shareFile } from './slack/files.ts';
import { isOutside, type OwnIdentity, type SlackUser, whoAmI } from './slack/identity.ts';
import { find, messages, type Posted, type PostOptions, post } from './slack/messages.ts';
import {
  groupSchema,
  groupsSchema,
  oneChannelSchema,
  oneMessageSchema,
  permalinkSchema,
  read,
  type ThreadMessage,
  userSchema,
} from './slack/shapes.ts';
import { slackFailure } from './slack/slack-failure.ts';

export type { OwnIdentity, SlackUser } from './slack/identity.ts';
export type { Posted } from './slack/messages.ts';
export { isClosed, isGone } from './slack/slack-failure.ts';

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
  readonly message: (posted: Posted) => Promise<{ readonly userId: string | null; readonly text: string } | null>;
  /** What people wrote in a thread since then, as events would have told it, oldest first. */
  readonly thread: (channel: string, threadTs: string, since: Date) => Promise<readonly ThreadMessage[]>;
  /** Asks whose token it is (`auth.test`). */
  readonly whoAmI: () => Promise<OwnIdentity>;
  /** The failure that an error of Slack's own client means, for whoever holds such a client. */
  readonly failureOf: (method: string, error: unknown) => ServiceFailure;
};

/** A channel: its present name, and whether the bot can write there. */
export type SlackChannel = { readonly id: string; readonly name: string; readonly isArchived: boolean; readonly isMember: boolean };

const DEADLINE_MILLISECONDS = 10_000;

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
    find: (channel, key, since, threadTs) => find(call, channel, key, since, threadTs),
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
    user: async (id) => {
      const [home, answer] = await Promise.all([knownHome(), call('users.info', { user: id })]);
      const { user } = read(userSchema, 'users.info', answer);
      const name = user.profile?.display_name || user.real_name || user.name;
      return { name, email: user.profile?.email ?? null, isOutside: isOutside(user, home) };
    },
    channelMembers: (channel) => channelMembers(call, channel),
    channel: async (id) => {
      const { channel } = read(oneChannelSchema, 'conversations.info', await call('conversations.info', { channel: id }));
      return { id: channel.id, name: channel.name, isArchived: channel.is_archived === true, isMember: channel.is_member !== false };
    },
    groupHandle: async (id) => {
      const { usergroups } = read(groupsSchema, 'usergroups.list', await call('usergroups.list'));
      return usergroups.find((group) => group.id === id)?.handle ?? id;
    },
    whisper: async (channel, user, text) => {
      await call('chat.postEphemeral', { channel, user, text });
    },
    groupMembers: async (usergroup) => read(groupSchema, 'usergroups.users.list', await call('usergroups.users.list', { usergroup })).users,
    message: async ({ channel, ts }) => {
      const bounds = { channel, ts, oldest: ts, latest: ts, inclusive: true, limit: 1 };
      const { messages: found } = read(oneMessageSchema, 'conversations.replies', await call('conversations.replies', bounds));
      const one = found.find((each) => each.ts === ts);
      return one ? { userId: one.user ?? null, text: one.text ?? '' } : null;
    },
    thread: async (channel, threadTs, since) => {
      const found: ThreadMessage[] = [];
      for await (const { metadata, ...message } of messages(call, channel, since, threadTs)) found.push(message);
      return found.toSorted((one, other) => Number(one.ts) - Number(other.ts));
    },
    whoAmI: () => whoAmI(call),
    failureOf: slackFailure,
  };
}

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
