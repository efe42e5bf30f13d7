import { EventEmitter } from 'node:events';
import { type Fault, type StandInAnswer, type StandInRequest, serveStandIn } from '../http-stand-in.ts';
import { blocksText, type SlackBlock } from './block-kit.ts';
import { METHODS } from './methods.ts';
import { type SlackPeople, slackPeople } from './people.ts';
import { type EphemeralReply, readReply } from './replies.ts';
import { openSocketSide, type SocketSide } from './socket.ts';
import type { SlackChannel, SlackMessage, SlackOwn, SlackState, SlackUser } from './state.ts';
import type { SlackView } from './views.ts';

/** A fault may depend on the method and its arguments. */
export type SlackFault = (method: string, args: Readonly<Record<string, unknown>>) => Fault | undefined;

export type SlackStandIn = SlackPeople & {
  readonly apiUrl: string;
  readonly botToken: string;
  readonly signingSecret: string;
  readonly appToken: string;
  /** #incidents. */
  readonly channel: SlackChannel;
  readonly users: readonly SlackUser[];
  readonly messages: readonly SlackMessage[];
  /** The time zones that people set their Slack to, by user. */
  readonly timeZones: Map<string, string>;
  /** A message was posted; somebody got an answer that only they see; a form was opened for somebody. */
  readonly events: EventEmitter<SlackEvents>;
  /** What each person's Home tab shows. */
  readonly homes: ReadonlyMap<string, readonly SlackBlock[]>;
  /** Set it to make Slack misbehave; undefined again and it is well. */
  fault: SlackFault | undefined;
  /** How many messages a second Slack takes, after a burst; undefined: as many as come. */
  limit: { readonly perSecond: number; readonly burst: number } | undefined;
  /** Told after each action, before its answer. */
  afterDelivery: ((method: string, args: Readonly<Record<string, unknown>>) => Promise<void> | void) | undefined;
  /** Puts messages of the app into the channel that stood there before: an earlier process posted them. */
  readonly holds: (messages: readonly Pick<SlackMessage, 'ts' | 'threadTs' | 'text'>[]) => void;
  /** What the token is: its organization, its scopes. */
  readonly own: SlackOwn;
  /** Slack's side of Socket Mode. */
  readonly socket: Pick<SocketSide, 'says' | 'breaks'>;
  /** An admin, or a retention rule, deletes a message. */
  readonly deletes: (message: SlackMessage) => void;
  readonly close: () => Promise<void>;
};

type SlackEvents = { message: [SlackMessage]; reply: [string, EphemeralReply]; view: [string, SlackView] };

/** The scopes of manifest.yml; a method that needs another is refused, as Slack does. */
export const SCOPES: ReadonlySet<string> = new Set([
  'chat:write',
  'commands',
  'channels:read',
  'channels:history',
  'groups:read',
  'groups:history',
  'files:write',
  'users:read',
  'users:read.email',
  'reactions:read',
  'usergroups:read',
]);

export const PEOPLE = {
  robin: { id: 'U0000000001', name: 'robin', email: 'robin@clinic.example' },
  sam: { id: 'U0000000002', name: 'sam', email: 'sam@clinic.example' },
  kim: { id: 'U0000000003', name: 'kim', email: 'kim@clinic.example' },
  /** Nobody of these may command: no member of the channel, a guest, somebody of another company in a shared channel, a bot, a deactivated one. */
  lee: { id: 'U0000000004', name: 'lee', email: 'lee@clinic.example' },
  guest: { id: 'U0000000005', name: 'guest', email: 'guest@vendor.example', outside: 'is_restricted' },
  vendor: { id: 'U0000000006', name: 'vic', email: 'vic@vendor.example', teamId: 'T0VENDOR' },
  robot: { id: 'U0000000007', name: 'robot', email: 'robot@clinic.example', outside: 'is_bot' },
  gone: { id: 'U0000000008', name: 'gone', email: 'gone@clinic.example', outside: 'deleted' },
  /** Of a sister workspace on Enterprise Grid: at home where the organization is ours. */
  sister: {
    id: 'W0000000009',
    name: 'sasha',
    email: 'sasha@clinic.example',
    teamId: 'T0SISTER',
    enterpriseUser: { enterprise_id: 'E0HOME', teams: ['T0SISTER'] },
  },
} as const satisfies Readonly<Record<string, SlackUser>>;

/** Starts a strict stand-in for Slack: its Web API, and the requests that Slack sends to an app. `now` stamps the messages. */
export async function startSlack(now: () => number): Promise<SlackStandIn> {
  const channel: SlackChannel = { id: 'C0INCIDENTS', name: 'incidents', hasBot: true };
  const events = new EventEmitter<SlackEvents>();
  const responses = new EventEmitter<Record<string, [EphemeralReply]>>();
  const views = new EventEmitter<Record<string, [SlackView]>>();
  // Each button press waits for an answer and for a form; one of them never comes.
  responses.setMaxListeners(0);
  views.setMaxListeners(0);
  const onReply = (userId: string, reply: EphemeralReply) => void events.emit('reply', userId, reply);
  const socket = await openSocketSide();
  const own: SlackOwn = { enterpriseId: null, scopes: SCOPES };
  let lastTs = 0;
  const state: SlackState = {
    channels: [channel, { id: 'C0GENERAL00', name: 'general', hasBot: false }],
    users: Object.values(PEOPLE),
    timeZones: new Map(),
    members: ['UGAPWATCH', ...Object.values(PEOPLE).flatMap(({ id, name }) => (name === 'lee' ? [] : [id]))],
    own,
    groups: { S0000000001: [PEOPLE.robin.id] },
    triggers: new Map(),
    doors: new Map(),
    onView: (trigger, userId, view) => {
      views.emit(trigger, view);
      events.emit('view', userId, view);
    },
    messages: [],
    homes: new Map(),
    files: new Map(),
    nextTs: () => {
      lastTs = Math.max(now() * 1_000, lastTs + 1);
      return `${Math.floor(lastTs / 1_000_000)}.${String(lastTs % 1_000_000).padStart(6, '0')}`;
    },
    onWhisper: (userId, text) => onReply(userId, { text, blocks: [] }),
    onMessage: (message) => events.emit('message', message),
    uploadUrl: (id) => `${server.url}/upload/${id}`,
  };
  const carryOut = (request: StandInRequest): StandInAnswer => {
    if (request.path.startsWith('/response/')) {
      const userId = state.doors.get(request.path);
      if (userId === undefined) return { status: 404, body: 'no such response_url' };
      const reply = readReply(request.body.toString('utf8'));
      responses.emit(request.path, reply);
      onReply(userId, reply);
      return { status: 200, body: 'ok' };
    }
    if (request.path.startsWith('/upload/')) return upload(state, request);
    if (methodOf(request) === 'apps.connections.open') return { status: 200, body: JSON.stringify(openConnection(request, socket.url)) };
    return { status: 200, headers: { 'x-oauth-scopes': [...own.scopes].join(',') }, body: JSON.stringify(callMethod(state, request)) };
  };
  const tooMany = rateLimit(now, () => standIn.limit);
  const server = await serveStandIn(
    carryOut,
    (request) => {
      if (!request.path.startsWith('/api/')) return undefined;
      return standIn.fault?.(methodOf(request), argumentsOf(request)) ?? tooMany(methodOf(request));
    },
    (request) => (request.path.startsWith('/api/') ? standIn.afterDelivery?.(methodOf(request), argumentsOf(request)) : undefined),
  );
  const standIn: SlackStandIn = {
    apiUrl: `${server.url}/api/`,
    botToken: BOT_TOKEN,
    signingSecret: SIGNING_SECRET,
    appToken: APP_TOKEN,
    channel,
    users: state.users,
    timeZones: state.timeZones,
    messages: state.messages,
    events,
    homes: state.homes,
    fault: undefined,
    limit: undefined,
    afterDelivery: undefined,
    holds: (messages) => holdMessages(state, channel.id, messages),
    own,
    deletes: (message) => {
      const at = state.messages.indexOf(message);
      if (at >= 0) state.messages.splice(at, 1);
    },
    socket,
    ...slackPeople({ serverUrl: () => server.url, channel, state, responses, views, onReply, socket, signingSecret: SIGNING_SECRET }),
    close: async () => {
      await Promise.all([server.close(), socket.close()]);
    },
  };
  return standIn;
}

function holdMessages(state: SlackState, channel: string, messages: Parameters<SlackStandIn['holds']>[0]): void {
  const bare = { channel, isBroadcast: false, blocks: [], key: null, userId: null, file: null, edits: 0 };
  state.messages.push(...messages.map((message) => ({ ...bare, ...message })));
}

/** Slack's "about one message a second", after a burst. */
function rateLimit(now: () => number, limitNow: () => SlackStandIn['limit']): (method: string) => Fault | undefined {
  let tokens = { left: Number.POSITIVE_INFINITY, at: 0 };
  return (method) => {
    const limit = limitNow();
    if (limit === undefined || method !== 'chat.postMessage') return undefined;
    const passed = (now() - tokens.at) / 1_000;
    tokens = { left: Math.min(limit.burst, tokens.left + passed * limit.perSecond), at: now() };
    if (tokens.left < 1)
      return { kind: 'answer', status: 429, headers: { 'retry-after': '1' }, body: '{"ok":false,"error":"ratelimited"}' };
    tokens = { ...tokens, left: tokens.left - 1 };
    return undefined;
  };
}

const BOT_TOKEN = 'xoxb-sandbox-token';
const APP_TOKEN = 'xapp-sandbox-token';
const SIGNING_SECRET = 'sandbox-signing-secret';

/** What a reader sees of a message. */
export function visibleText(message: SlackMessage): string {
  return message.blocks.length > 0 ? blocksText(message.blocks) : message.text;
}

function methodOf({ path }: StandInRequest): string {
  return path.replace(/^\/api\//, '').split('?')[0] ?? '';
}

/** Arguments come as a form, in which structures are JSON. */
function argumentsOf({ body }: StandInRequest): Readonly<Record<string, unknown>> {
  const entries = [...new URLSearchParams(body.toString('utf8'))].map(
    ([name, value]) => [name, /^[[{]/.test(value) ? parseJson(value) : value] as const,
  );
  return Object.fromEntries(entries);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function openConnection({ headers }: StandInRequest, url: string): Readonly<Record<string, unknown>> {
  return headers.authorization === `Bearer ${APP_TOKEN}` ? { ok: true, url } : { ok: false, error: 'not_allowed_token_type' };
}

function callMethod(state: SlackState, request: StandInRequest): Readonly<Record<string, unknown>> {
  if (request.headers.authorization !== `Bearer ${BOT_TOKEN}`) return { ok: false, error: 'invalid_auth' };
  const method = METHODS[methodOf(request)];
  if (!method) return { ok: false, error: 'unknown_method' };
  const missing = method.scopes.filter((scope) => !state.own.scopes.has(scope));
  if (missing.length > 0) return { ok: false, error: 'missing_scope', needed: missing.join(',') };
  const answer = method.run(argumentsOf(request), state);
  return 'error' in answer ? { ok: false, ...answer } : { ok: true, ...answer };
}

function upload(state: SlackState, { path, body }: StandInRequest): StandInAnswer {
  const file = state.files.get(path.replace('/upload/', ''));
  if (!file) return { status: 404, body: 'no such upload' };
  if (body.length !== file.length) return { status: 400, body: `expected ${file.length} bytes` };
  file.content = body;
  return { status: 200, body: `OK - ${body.length}` };
}
