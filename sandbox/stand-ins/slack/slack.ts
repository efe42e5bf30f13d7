import { createHmac } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { z } from 'zod';
import { type Fault, type StandInAnswer, type StandInRequest, serveStandIn } from '../http-stand-in.ts';
import { blocksText } from './block-kit.ts';
import { METHODS, type SlackMessage, type SlackState, type SlackUser } from './methods.ts';
import { openSocketSide } from './socket.ts';

/** A fault may depend on the method and its arguments. */
export type SlackFault = (method: string, args: Readonly<Record<string, unknown>>) => Fault | undefined;

export type SlackStandIn = {
  readonly apiUrl: string;
  readonly botToken: string;
  readonly signingSecret: string;
  readonly appToken: string;
  readonly channel: { readonly id: string; readonly name: string };
  readonly users: readonly SlackUser[];
  readonly messages: readonly SlackMessage[];
  readonly events: EventEmitter<{ message: [SlackMessage] }>;
  /** Set it to make Slack misbehave; undefined again and it is well. */
  fault: SlackFault | undefined;
  /** Told after each deed, before its answer. */
  afterDeed: ((method: string, args: Readonly<Record<string, unknown>>) => Promise<void> | void) | undefined;
  /** Types a slash command as `user`; answers what they read. */
  readonly command: (
    botUrl: string,
    command: string,
    user: SlackUser,
    channel?: { readonly id: string; readonly name: string },
  ) => Promise<string>;
  /** Presses a button of a message as `user`; answers what they read. */
  readonly press: (botUrl: string, message: SlackMessage, label: string, user: SlackUser) => Promise<string>;
  /** Opens the Home tab as `user`; answers what they see, once the app has published it. */
  readonly opensHome: (botUrl: string, user: SlackUser) => Promise<string>;
  /** Types a slash command over Socket Mode; answers what they read. */
  readonly commandBySocket: (command: string, user: SlackUser) => Promise<string>;
  readonly close: () => Promise<void>;
};

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
]);

export const PEOPLE = {
  robin: { id: 'U0000000001', name: 'robin', email: 'robin@clinic.example' },
  sam: { id: 'U0000000002', name: 'sam', email: 'sam@clinic.example' },
  kim: { id: 'U0000000003', name: 'kim', email: 'kim@clinic.example' },
} as const satisfies Readonly<Record<string, SlackUser>>;

/** Starts a strict stand-in for Slack: its Web API, and the requests that Slack sends to an app. `now` stamps the messages. */
export async function startSlack(now: () => number): Promise<SlackStandIn> {
  const channel = { id: 'C0INCIDENTS', name: 'incidents', hasBot: true };
  const events = new EventEmitter<{ message: [SlackMessage] }>();
  const responses = new EventEmitter<Record<string, [string]>>();
  const socket = await openSocketSide();
  let lastTs = 0;
  const state: SlackState = {
    channels: [channel, { id: 'C0GENERAL00', name: 'general', hasBot: false }],
    users: Object.values(PEOPLE),
    messages: [],
    homes: new Map(),
    files: new Map(),
    nextTs: () => {
      lastTs = Math.max(now() * 1_000, lastTs + 1);
      return `${Math.floor(lastTs / 1_000_000)}.${String(lastTs % 1_000_000).padStart(6, '0')}`;
    },
    onMessage: (message) => events.emit('message', message),
    uploadUrl: (id) => `${server.url}/upload/${id}`,
  };
  const carryOut = (request: StandInRequest): StandInAnswer => {
    if (request.path.startsWith('/response/')) {
      responses.emit(request.path, responseText(request.body));
      return { status: 200, body: 'ok' };
    }
    if (request.path.startsWith('/upload/')) return upload(state, request);
    if (methodOf(request) === 'apps.connections.open') return { status: 200, body: JSON.stringify(openConnection(request, socket.url)) };
    return { status: 200, body: JSON.stringify(callMethod(state, request)) };
  };
  const server = await serveStandIn(
    carryOut,
    (request) => (request.path.startsWith('/api/') ? standIn.fault?.(methodOf(request), argumentsOf(request)) : undefined),
    (request) => (request.path.startsWith('/api/') ? standIn.afterDeed?.(methodOf(request), argumentsOf(request)) : undefined),
  );
  const standIn: SlackStandIn = {
    apiUrl: `${server.url}/api/`,
    botToken: BOT_TOKEN,
    signingSecret: SIGNING_SECRET,
    appToken: APP_TOKEN,
    channel,
    users: state.users,
    messages: state.messages,
    events,
    fault: undefined,
    afterDeed: undefined,
    command: (botUrl, command, user, where = channel) => {
      const [name = '', ...rest] = command.split(' ');
      const form = {
        command: name,
        text: rest.join(' '),
        user_id: user.id,
        user_name: user.name,
        channel_id: where.id,
        channel_name: where.name,
      };
      return send(botUrl, server.url, responses, (responseUrl) =>
        new URLSearchParams({ ...COMMON, ...form, response_url: responseUrl }).toString(),
      );
    },
    press: (botUrl, message, label, user) => {
      const action = buttonOf(message, label);
      return send(
        botUrl,
        server.url,
        responses,
        (responseUrl) => {
          const payload = {
            type: 'block_actions',
            ...COMMON,
            user: { id: user.id, name: user.name, username: user.name },
            channel: { id: message.channel },
            message: { ts: message.ts },
            actions: [{ ...action, block_id: 'x', action_ts: '1' }],
            response_url: responseUrl,
          };
          return new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
        },
        true,
      );
    },
    opensHome: async (botUrl, user) => {
      state.homes.delete(user.id);
      const event = { type: 'app_home_opened', user: user.id, channel: 'D1', tab: 'home', event_ts: '1' };
      await post(botUrl, JSON.stringify({ ...COMMON, type: 'event_callback', event_id: 'Ev1', event_time: 1, event }), 'application/json');
      for (let tries = 0; tries < 100 && !state.homes.has(user.id); tries += 1) await new Promise((done) => setTimeout(done, 20));
      return blocksText(state.homes.get(user.id) ?? []);
    },
    commandBySocket: async (command, user) => {
      const [name = '', ...rest] = command.split(' ');
      const payload = {
        command: name,
        text: rest.join(' '),
        user_id: user.id,
        user_name: user.name,
        channel_id: channel.id,
        channel_name: channel.name,
      };
      return responseSchema.parse(
        await socket.send('slash_commands', { ...COMMON, ...payload, response_url: `${server.url}/response/socket` }),
      ).text;
    },
    close: async () => {
      await Promise.all([server.close(), socket.close()]);
    },
  };
  return standIn;
}

const BOT_TOKEN = 'xoxb-sandbox-token';
const APP_TOKEN = 'xapp-sandbox-token';
const SIGNING_SECRET = 'sandbox-signing-secret';
const COMMON = { token: 'x', team_id: 'T1', team_domain: 'clinic', api_app_id: 'A1', trigger_id: '1.1.x' };

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
  const missing = method.scopes.filter((scope) => !SCOPES.has(scope));
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

const responseSchema = z.object({ text: z.string() });

function responseText(body: Buffer): string {
  return responseSchema.catch({ text: '' }).parse(parseJson(body.toString('utf8'))).text;
}

function buttonOf(message: SlackMessage, label: string) {
  const buttons = message.blocks.flatMap((block) => (block.type === 'actions' ? block.elements : []));
  const found = buttons.find(({ text }) => text.text === label);
  if (!found) throw new Error(`the message has no button "${label}", only ${buttons.map(({ text }) => text.text).join(', ') || 'none'}`);
  return { type: 'button', action_id: found.action_id, value: found.value, text: found.text };
}

let responseCount = 0;

/** Sends what Slack sends, signed, and collects what the person reads: in the acknowledgement, or by the response URL. */
async function send(
  botUrl: string,
  slackUrl: string,
  responses: EventEmitter<Record<string, [string]>>,
  makeBody: (responseUrl: string) => string,
  alwaysLater = false,
): Promise<string> {
  responseCount += 1;
  const path = `/response/${responseCount}`;
  const later = new Promise<string>((resolve) => responses.once(path, resolve));
  const text = await post(botUrl, makeBody(`${slackUrl}${path}`), 'application/x-www-form-urlencoded');
  const acknowledged = text === '' ? '' : responseSchema.catch({ text: '' }).parse(parseJson(text)).text;
  return alwaysLater || acknowledged.startsWith('On it. The answer follows') ? later : acknowledged;
}

/** A request as Slack signs it. */
async function post(botUrl: string, body: string, contentType: string): Promise<string> {
  // Slack signs with the real time, whatever a sandbox clock shows.
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = `v0=${createHmac('sha256', SIGNING_SECRET).update(`v0:${timestamp}:${body}`).digest('hex')}`;
  const response = await fetch(`${botUrl}/slack/events`, {
    method: 'POST',
    headers: {
      'content-type': contentType,
      'x-slack-signature': signature,
      'x-slack-request-timestamp': timestamp,
    },
    body,
    signal: AbortSignal.timeout(3_000),
  });
  if (!response.ok) throw new Error(`the app answered ${response.status} to Slack`);
  return response.text();
}
