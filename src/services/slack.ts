import { LogLevel, WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebClient } from '@slack/web-api';
import { z } from 'zod';
import type { SlackMessage } from '#domain/messages/blocks.ts';
import { neverConnected, ServiceFailure } from './failure.ts';

/** Where a message went. */
export type Posted = { readonly channel: string; readonly ts: string };

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
  readonly message: (posted: Posted) => Promise<{ readonly userId: string | null; readonly text: string } | null>;
  /** What people wrote in a thread since then, as events would have told it, oldest first. */
  readonly thread: (channel: string, threadTs: string, since: Date) => Promise<readonly ThreadMessage[]>;
  /** Asks whose token it is (`auth.test`). */
  readonly whoAmI: () => Promise<OwnIdentity>;
  /** The failure that an error of Slack's own client means, for whoever holds such a client. */
  readonly failureOf: (method: string, error: unknown) => ServiceFailure;
};

/** A person as Slack knows them. `isOutside`: a guest, somebody of another company, deactivated, or no person at all. */
export type SlackUser = { readonly name: string; readonly email: string | null; readonly isOutside: boolean };

/** A channel: its present name, and whether the bot can write there. */
export type SlackChannel = { readonly id: string; readonly name: string; readonly isArchived: boolean; readonly isMember: boolean };

/** Whose token it is: the bot itself, its workspace, and on Enterprise Grid its organization; `scopes` where Slack said them. */
export type OwnIdentity = {
  readonly name: string;
  readonly userId: string;
  readonly teamId: string;
  readonly enterpriseId: string | null;
  readonly scopes: readonly string[] | null;
};

/** `words` say what an image shows, for those who can't see it. */
export type SharedFile = {
  readonly name: string;
  readonly title: string;
  readonly content: string | Uint8Array;
  readonly comment: string;
  readonly text?: string;
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

async function whoAmI(call: Call): Promise<OwnIdentity> {
  const { user, user_id, team_id, enterprise_id, response_metadata } = read(authSchema, 'auth.test', await call('auth.test'));
  return { name: user, userId: user_id, teamId: team_id, enterpriseId: enterprise_id ?? null, scopes: response_metadata?.scopes ?? null };
}

/**
 * Whether somebody is no full member of our workspace or organization. `is_stranger` does not say it: it is false for people of another company
 * in a channel that is shared with us, the very ones in question (https://docs.slack.dev/reference/objects/user-object). The workspace does,
 * and on Enterprise Grid the organization, so that sister workspaces are at home.
 */
function isOutside(user: User, home: OwnIdentity): boolean {
  if ([user.is_restricted, user.is_ultra_restricted, user.is_stranger, user.is_bot, user.deleted].includes(true)) return true;
  if (user.id === 'USLACKBOT') return true;
  const { enterprise_user } = user;
  const isSister = home.enterpriseId !== null && enterprise_user?.enterprise_id === home.enterpriseId;
  return user.team_id !== home.teamId && !isSister && enterprise_user?.teams?.includes(home.teamId) !== true;
}

/** An answer in its expected shape. Another one, with "ok" in it or not, may come from something in between. */
function read<Shape>(schema: z.ZodType<Shape>, method: string, answer: unknown): Shape {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw answeredNo(method, null, parsed.error);
}

type Call = (method: string, args?: Record<string, unknown>) => Promise<unknown>;

const postedSchema = z.object({ channel: z.string(), ts: z.string() });
const permalinkSchema = z.object({ permalink: z.string() });
const authSchema = z.object({
  user: z.string(),
  user_id: z.string(),
  team_id: z.string(),
  enterprise_id: z.string().nullish(),
  response_metadata: z.object({ scopes: z.array(z.string()).optional() }).optional(),
});
const userSchema = z.object({
  user: z.object({
    id: z.string(),
    team_id: z.string(),
    enterprise_user: z.object({ enterprise_id: z.string().optional(), teams: z.array(z.string()).optional() }).optional(),
    name: z.string(),
    real_name: z.string().optional(),
    is_restricted: z.boolean().optional(),
    is_ultra_restricted: z.boolean().optional(),
    is_stranger: z.boolean().optional(),
    is_bot: z.boolean().optional(),
    deleted: z.boolean().optional(),
    profile: z.object({ display_name: z.string().optional(), email: z.string().optional() }).optional(),
  }),
});
type User = z.infer<typeof userSchema>['user'];
const oneChannelSchema = z.object({
  channel: z.object({ id: z.string(), name: z.string(), is_archived: z.boolean().optional(), is_member: z.boolean().optional() }),
});
const groupsSchema = z.object({ usergroups: z.array(z.object({ id: z.string(), handle: z.string().optional() })) });
const groupSchema = z.object({ users: z.array(z.string()) });
const membersSchema = z.object({ members: z.array(z.string()) });
const oneMessageSchema = z.object({
  messages: z.array(z.object({ ts: z.string(), user: z.string().optional(), text: z.string().optional() })),
});
const pageSchema = z.object({ response_metadata: z.object({ next_cursor: z.string().optional() }).optional() });
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
const channelsSchema = z.object({ channels: z.array(z.object({ id: z.string(), name: z.string() })) });
const uploadSchema = z.object({ upload_url: z.string(), file_id: z.string() });
const completedSchema = z.object({ files: z.array(z.object({ permalink: z.string().optional() })) });

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

async function find(call: Call, channel: string, key: string, since: Date, threadTs?: string): Promise<Posted | null> {
  for await (const message of messages(call, channel, since, threadTs)) {
    if (message.metadata?.event_payload?.key === key) return { channel, ts: message.ts };
  }
  return null;
}

async function findFile(call: Call, channel: string, threadTs: string, name: string): Promise<string | null> {
  for await (const message of messages(call, channel, new Date(Number(threadTs) * 1_000), threadTs)) {
    const file = message.files?.find((each) => each.name === name);
    if (file) return file.permalink ?? '';
  }
  return null;
}

type FoundMessage = z.infer<typeof historySchema>['messages'][number];

/** A message of a thread, in Slack's own words. */
export type ThreadMessage = Omit<FoundMessage, 'metadata'>;

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

async function findChannel(call: Call, name: string): Promise<string> {
  const bare = name.replace(/^#/, '');
  let cursor = '';
  for (let page = 0; page < 50; page += 1) {
    const answer = await call('conversations.list', {
      types: 'public_channel,private_channel',
      exclude_archived: true,
      limit: 1_000,
      ...(cursor ? { cursor } : {}),
    });
    const found = read(channelsSchema, 'conversations.list', answer).channels.find((channel) => channel.name === bare);
    if (found) return found.id;
    cursor = nextCursor(answer);
    if (cursor === '') break;
  }
  throw new ServiceFailure('slack', 'refused', `there is no channel #${bare} that the bot can see; invite it with /invite`);
}

async function channelMembers(call: Call, channel: string): Promise<readonly string[]> {
  const members: string[] = [];
  let cursor = '';
  for (let page = 0; page < 20; page += 1) {
    const answer = await call('conversations.members', { channel, limit: 1_000, ...(cursor ? { cursor } : {}) });
    members.push(...membersSchema.parse(answer).members);
    cursor = nextCursor(answer);
    if (cursor === '') break;
  }
  return members;
}

function nextCursor(answer: unknown): string {
  return pageSchema.parse(answer).response_metadata?.next_cursor ?? '';
}

async function shareFile(call: Call, channel: string, threadTs: string | null, file: SharedFile): Promise<string> {
  const bytes = Buffer.from(file.content);
  const wanted = { filename: file.name, length: bytes.length, ...(file.text ? { alt_txt: file.text } : {}) };
  const upload = read(uploadSchema, 'files.getUploadURLExternal', await call('files.getUploadURLExternal', wanted));
  const sent = await fetch(upload.upload_url, { method: 'POST', body: bytes, signal: AbortSignal.timeout(DEADLINE_MILLISECONDS) }).catch(
    (cause: unknown) => Promise.reject(new ServiceFailure('slack', 'unavailable', 'the file upload got no answer', { cause })),
  );
  if (!sent.ok) throw new ServiceFailure('slack', 'unavailable', `the file upload was answered ${sent.status}`);
  const completed = await call('files.completeUploadExternal', {
    files: [{ id: upload.file_id, title: file.title }],
    channel_id: channel,
    ...(threadTs === null ? {} : { thread_ts: threadTs }),
    ...(file.comment === '' ? {} : { initial_comment: file.comment }),
  });
  return read(completedSchema, 'files.completeUploadExternal', completed).files[0]?.permalink ?? '';
}

/** The failure that an error of Slack's client means: Slack's own "no", a limit, an HTTP error, or no answer at all. */
function slackFailure(method: string, error: unknown): ServiceFailure {
  if (error instanceof WebAPIPlatformError) {
    return answeredNo(method, error.data.error, error);
  }
  if (error instanceof WebAPIRateLimitedError) {
    const retryAfterMilliseconds = error.retryAfter * 1_000;
    const message = `Slack allows no more calls for ${error.retryAfter} s (${method})`;
    return new ServiceFailure('slack', 'unavailable', message, { cause: error, retryAfterMilliseconds });
  }
  if (error instanceof WebAPIHTTPError) {
    return new ServiceFailure('slack', 'unclear', `Slack answered HTTP ${error.statusCode} to ${method}`, { cause: error });
  }
  if (neverConnected(error) || READING.has(method)) {
    return new ServiceFailure('slack', 'unavailable', `Slack could not be reached (${method})`, { cause: error });
  }
  return new ServiceFailure('slack', 'unclear', `no answer from Slack to ${method}; it may have been done`, { cause: error });
}

/** Slack's own "no". A body that is not Slack's (a proxy's, say) is no answer of Slack at all: what was asked may have been done. */
function answeredNo(method: string, error: unknown, cause: unknown): ServiceFailure {
  const code = typeof error === 'string' && /^[a-z_]{1,80}$/.test(error) ? error : null;
  if (code === null) {
    const outcome = READING.has(method) ? 'unavailable' : 'unclear';
    return new ServiceFailure('slack', outcome, `the answer to ${method} is none of Slack's; something in between may have sent it`, {
      cause,
    });
  }
  const outcome = TEMPORARY.has(code) ? 'unavailable' : 'refused';
  return new ServiceFailure('slack', outcome, `Slack answered ${code} to ${method}`, { cause, code });
}

/** Whether Slack says that the message is not there any more. */
export function isGone({ service, code }: ServiceFailure): boolean {
  return service === 'slack' && code === 'message_not_found';
}

/** Whether Slack refuses to let Gapwatch write at all, until somebody mends it. */
export function isClosed({ service, code }: ServiceFailure): boolean {
  return service === 'slack' && code !== null && CLOSED.has(code);
}

const CLOSED: ReadonlySet<string> = new Set([
  'account_inactive',
  'channel_not_found',
  'invalid_auth',
  'is_archived',
  'missing_scope',
  'no_permission',
  'not_authed',
  'not_in_channel',
  'restricted_action',
  'team_access_not_granted',
  'token_expired',
  'token_revoked',
]);

/** Methods that change nothing: without an answer nothing was done. */
const READING: ReadonlySet<string> = new Set([
  'auth.test',
  'chat.getPermalink',
  'conversations.history',
  'conversations.info',
  'conversations.list',
  'conversations.members',
  'conversations.replies',
  'usergroups.list',
  'usergroups.users.list',
  'users.info',
]);

const TEMPORARY: ReadonlySet<string> = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'ratelimited',
  'team_added_to_org',
]);

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
