import { z } from 'zod';
import { parseBlocks, type SlackBlock } from './block-kit.ts';
import { channelOf, completeUpload, fileLink } from './files.ts';
import { type Answer, type SlackMessage, type SlackState, TEAM_ID } from './state.ts';
import { parseView } from './views.ts';

type Method = { readonly scopes: readonly string[]; readonly run: (args: Readonly<Record<string, unknown>>, state: SlackState) => Answer };

const text = z.string();
const flag = z.union([z.boolean(), z.enum(['true', 'false'])]).transform((value) => value === true || value === 'true');

/** The Web API methods that Gapwatch uses, each with the scopes it needs and Slack's own errors. */
export const METHODS: Readonly<Record<string, Method>> = {
  'auth.test': {
    scopes: [],
    run: (_args, { own }) => ({
      ...{
        url: 'https://clinic.slack.example/',
        user: 'gapwatch',
        user_id: 'UGAPWATCH',
        bot_id: 'BGAPWATCH',
        team: 'Clinic',
        team_id: TEAM_ID,
      },
      ...(own.enterpriseId === null ? {} : { enterprise_id: own.enterpriseId }),
    }),
  },
  'chat.postMessage': { scopes: ['chat:write'], run: postMessage },
  'chat.update': { scopes: ['chat:write'], run: updateMessage },
  'chat.getPermalink': {
    scopes: [],
    run: (args, state) => {
      const found = state.messages.find(({ channel, ts }) => channel === args.channel && ts === args.message_ts);
      return found ? { permalink: linkTo(found) } : { error: 'message_not_found' };
    },
  },
  'conversations.history': { scopes: ['channels:history'], run: (args, state) => history(args, state, null) },
  'conversations.replies': { scopes: ['channels:history'], run: (args, state) => history(args, state, text.parse(args.ts)) },
  'conversations.info': {
    scopes: ['channels:read'],
    run: (args, state) => {
      const channel = state.channels.find(({ id }) => id === args.channel);
      return channel
        ? { channel: { id: channel.id, name: channel.name, is_archived: channel.isArchived === true, is_member: channel.hasBot } }
        : { error: 'channel_not_found' };
    },
  },
  'conversations.list': {
    scopes: ['channels:read'],
    run: (args, state) => {
      const listed = state.channels.filter(({ isArchived }) => !(isArchived && flag.catch(false).parse(args.exclude_archived)));
      return { channels: listed.map(({ id, name }) => ({ id, name })), response_metadata: { next_cursor: '' } };
    },
  },
  'users.info': {
    scopes: ['users:read', 'users:read.email'],
    run: (args, state) => {
      const user = state.users.find(({ id }) => id === args.user);
      return user
        ? {
            user: {
              id: user.id,
              team_id: user.teamId ?? TEAM_ID,
              name: user.name,
              profile: { display_name: user.name, email: user.email },
              tz: state.timeZones.get(user.id) ?? 'Etc/UTC',
              ...{ deleted: false, is_bot: false, is_restricted: false, is_ultra_restricted: false },
              // For those of other workspaces alone, and false for whoever shares a channel with the app.
              ...(user.teamId ? { is_stranger: false } : {}),
              ...(user.enterpriseUser ? { enterprise_user: user.enterpriseUser } : {}),
              ...(user.outside ? { [user.outside]: true } : {}),
            },
          }
        : { error: 'user_not_found' };
    },
  },
  'files.getUploadURLExternal': {
    scopes: ['files:write'],
    run: (args, state) => {
      const id = `F${String(state.files.size + 1).padStart(8, '0')}`;
      const length = z.coerce.number().int().positive().parse(args.length);
      state.files.set(id, { name: text.parse(args.filename), length, words: text.catch('').parse(args.alt_txt), content: null });
      return { upload_url: state.uploadUrl(id), file_id: id };
    },
  },
  'files.completeUploadExternal': { scopes: ['files:write'], run: completeUpload },
  'views.publish': { scopes: [], run: publishHome },
  'views.open': { scopes: [], run: openView },
  'conversations.members': {
    scopes: ['channels:read'],
    run: (_args, state) => ({ members: state.members, response_metadata: { next_cursor: '' } }),
  },
  'usergroups.list': {
    scopes: ['usergroups:read'],
    run: (_args, state) => ({ usergroups: Object.keys(state.groups).map((id) => ({ id, handle: `team-${id.slice(-1)}` })) }),
  },
  'chat.postEphemeral': {
    scopes: ['chat:write'],
    run: (args, state) => {
      const channel = channelOf(state, args.channel);
      if (!channel) return { error: 'channel_not_found' };
      if (!state.members.includes(String(args.user))) return { error: 'user_not_in_channel' };
      state.onWhisper(String(args.user), text.parse(args.text));
      return { message_ts: state.nextTs() };
    },
  },
  'usergroups.users.list': {
    scopes: ['usergroups:read'],
    run: (args, state) => {
      const users = state.groups[String(args.usergroup)];
      return users ? { users } : { error: 'no_such_subteam' };
    },
  },
};

function linkTo({ channel, ts }: SlackMessage): string {
  return `https://clinic.slack.example/archives/${channel}/p${ts.replace('.', '')}`;
}

const homeSchema = z.strictObject({ type: z.literal('home'), blocks: z.array(z.unknown()) });

function publishHome(args: Readonly<Record<string, unknown>>, state: SlackState): Answer {
  const view = homeSchema.safeParse(args.view);
  const blocks = view.success ? parseBlocks(view.data.blocks, 100) : null;
  if (blocks === null) return { error: 'invalid_arguments' };
  state.homes.set(text.parse(args.user_id), blocks);
  return { view: {} };
}

/** Slack takes a trigger for three seconds, once. */
const TRIGGER_MILLISECONDS = 3_000;

function openView(args: Readonly<Record<string, unknown>>, state: SlackState): Answer {
  const given = state.triggers.get(String(args.trigger_id));
  if (given === undefined) return { error: 'exchanged_trigger_id' };
  state.triggers.delete(String(args.trigger_id));
  if (Date.now() - given.at > TRIGGER_MILLISECONDS) return { error: 'expired_trigger_id' };
  const view = parseView(args.view);
  if (view === null) return { error: 'invalid_arguments' };
  state.onView(String(args.trigger_id), given.userId, view);
  return { view: {} };
}

const metadataSchema = z.strictObject({
  event_type: z.string().min(1),
  event_payload: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});

function postMessage(args: Readonly<Record<string, unknown>>, state: SlackState): Answer {
  const channel = channelOf(state, args.channel);
  if (!channel) return { error: 'channel_not_found' };
  if (channel.isArchived) return { error: 'is_archived' };
  if (!channel.hasBot) return { error: 'not_in_channel' };
  const content = contentOf(args);
  if ('error' in content) return content;
  const threadTs = args.thread_ts === undefined ? null : text.parse(args.thread_ts);
  if (threadTs !== null && !state.messages.some(({ ts }) => ts === threadTs)) return { error: 'thread_not_found' };
  const metadata = args.metadata === undefined ? null : metadataSchema.safeParse(args.metadata);
  if (metadata?.success === false) return { error: 'invalid_metadata_schema' };
  const message: SlackMessage = {
    channel: channel.id,
    ts: state.nextTs(),
    threadTs,
    isBroadcast: flag.catch(false).parse(args.reply_broadcast),
    ...content,
    key: typeof metadata?.data?.event_payload.key === 'string' ? metadata.data.event_payload.key : null,
    userId: null,
    file: null,
    edits: 0,
  };
  state.messages.push(message);
  state.onMessage(message);
  return { channel: channel.id, ts: message.ts };
}

function contentOf(
  args: Readonly<Record<string, unknown>>,
): { readonly text: string; readonly blocks: readonly SlackBlock[] } | { readonly error: string } {
  const body = text.catch('').parse(args.text);
  if (body.length > 40_000) return { error: 'msg_too_long' };
  if (args.blocks === undefined) return body === '' ? { error: 'no_text' } : { text: body, blocks: [] };
  const blocks = parseBlocks(args.blocks, 50);
  return blocks === null ? { error: 'invalid_blocks' } : { text: body, blocks };
}

function updateMessage(args: Readonly<Record<string, unknown>>, state: SlackState): Answer {
  const found = state.messages.find(({ channel, ts }) => channel === args.channel && ts === args.ts);
  if (!found) return { error: 'message_not_found' };
  const channel = channelOf(state, found.channel);
  if (channel?.isArchived) return { error: 'is_archived' };
  if (channel?.hasBot === false) return { error: 'not_in_channel' };
  const content = contentOf(args);
  if ('error' in content) return content;
  found.text = content.text;
  found.blocks = content.blocks;
  found.edits += 1;
  return { channel: found.channel, ts: found.ts };
}

function history(args: Readonly<Record<string, unknown>>, state: SlackState, threadTs: string | null): Answer {
  if (!state.channels.some(({ id }) => id === args.channel)) return { error: 'channel_not_found' };
  const oldest = Number(args.oldest ?? 0);
  const latest = Number(args.latest ?? Number.POSITIVE_INFINITY);
  const inPlace = state.messages.filter(({ channel, threadTs: parent, ts, isBroadcast }) => {
    if (channel !== args.channel || Number(ts) < oldest || Number(ts) > latest) return false;
    // `ts` may name any message of a thread; bounded to that one message, it is what comes back.
    if (threadTs !== null && ts === threadTs) return true;
    return threadTs === null ? parent === null || isBroadcast : ts === threadTs || parent === threadTs;
  });
  const withMetadata = flag.catch(false).parse(args.include_all_metadata);
  const messages = inPlace.map(({ ts, text: body, key, file, userId }) => ({
    ts,
    text: body,
    ...(userId ? { user: userId } : {}),
    ...(file ? { files: [{ name: file.name, permalink: fileLink(file.name) }] } : {}),
    ...(withMetadata && key !== null ? { metadata: { event_type: 'gapwatch_message', event_payload: { key } } } : {}),
  }));
  return { messages: messages.reverse().slice(0, Number(args.limit ?? 100)), has_more: false, response_metadata: { next_cursor: '' } };
}
