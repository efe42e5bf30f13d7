import { createHmac, randomUUID } from 'node:crypto';
import { type EventEmitter, once } from 'node:events';
import pTimeout from 'p-timeout';
import { z } from 'zod';
import { blocksText, parseBlocks, type SlackBlock } from './block-kit.ts';
import type { SocketSide } from './socket.ts';
import type { SlackMessage, SlackState, SlackUser } from './state.ts';
import { parseView, type SlackView, stateOf } from './views.ts';

type Channel = { readonly id: string; readonly name: string };

/** An answer that only one person sees. */
export type EphemeralReply = { readonly text: string; readonly blocks: readonly SlackBlock[] };

/** What has buttons: a message of the channel, or an answer to one person. */
type Pressable = { readonly blocks: readonly SlackBlock[]; readonly channel?: string; readonly ts?: string };

/** What became of a form that was sent. */
export type Submitted =
  | { readonly kind: 'closed' }
  | { readonly kind: 'errors'; readonly errors: Readonly<Record<string, string>> }
  | { readonly kind: 'again'; readonly view: SlackView };

/** What people do in Slack. Each sends the app what Slack would, signed, and fails if the app does not acknowledge within three seconds. */
export type SlackPeople = {
  /** Types a slash command and goes on; answers and forms come as events. */
  readonly types: (botUrl: string, command: string, user: SlackUser) => Promise<void>;
  /** Types a slash command; answers the text they read. */
  readonly command: (botUrl: string, command: string, user: SlackUser, channel?: Channel) => Promise<string>;
  /** The same, with the buttons of the answer. */
  readonly commandReply: (botUrl: string, command: string, user: SlackUser) => Promise<EphemeralReply>;
  /** Types a slash command that opens a form; answers the form. */
  readonly commandOpens: (botUrl: string, command: string, user: SlackUser) => Promise<SlackView>;
  /** Presses a button; answers what they read. */
  readonly press: (botUrl: string, message: Pressable, label: string, user: SlackUser) => Promise<string>;
  /** Presses the button with this action id and goes on; answers and forms come as events. */
  readonly presses: (botUrl: string, message: Pressable, actionId: string, user: SlackUser) => Promise<void>;
  /** Presses a button that answers nothing to read. */
  readonly taps: (botUrl: string, message: Pressable, label: string, user: SlackUser) => Promise<void>;
  /** Presses a button that opens a form; answers the form. */
  readonly pressOpens: (botUrl: string, message: Pressable, label: string, user: SlackUser) => Promise<SlackView>;
  /** Sends a form, with what was typed into it by field; the rest stays as it was shown. */
  readonly submit: (botUrl: string, view: SlackView, typed: Readonly<Record<string, string>>, user: SlackUser) => Promise<Submitted>;
  /** Writes a message into a thread; the app hears of it. */
  readonly says: (botUrl: string, text: string, threadTs: string | null, user: SlackUser) => Promise<SlackMessage>;
  /** Puts a reaction on a message; the app hears of it. */
  readonly reacts: (botUrl: string, message: SlackMessage, reaction: string, user: SlackUser) => Promise<void>;
  /** Opens the Home tab; answers what they see, once the app has published it. */
  readonly opensHome: (botUrl: string, user: SlackUser) => Promise<string>;
  /** Types a slash command over Socket Mode; answers what they read. */
  readonly commandBySocket: (command: string, user: SlackUser) => Promise<string>;
  /** Slack delivers the last envelope of Socket Mode once more; answers what they read. */
  readonly redeliversBySocket: () => Promise<string>;
  /** Somebody sends the last request over HTTP once more, signature and all; answers what comes back. */
  readonly replays: () => Promise<string>;
};

type Surroundings = {
  readonly serverUrl: () => string;
  readonly channel: Channel;
  readonly state: SlackState;
  readonly responses: EventEmitter<Record<string, [EphemeralReply]>>;
  readonly views: EventEmitter<Record<string, [SlackView]>>;
  readonly onReply: (userId: string, reply: EphemeralReply) => void;
  readonly socket: SocketSide;
  readonly signingSecret: string;
};

const TEAM = { id: 'T1', domain: 'clinic' };
const COMMON = { token: 'x', team_id: 'T1', team_domain: 'clinic', api_app_id: 'A1' };
const FORM = 'application/x-www-form-urlencoded';

/** The people of a Slack stand-in. */
export function slackPeople({ serverUrl, channel, state, responses, views, onReply, socket, signingSecret }: Surroundings): SlackPeople {
  let lastRequest: SignedRequest | undefined;
  const post = (botUrl: string, body: string, contentType: string) => {
    lastRequest = signed(signingSecret, botUrl, body, contentType);
    return send(lastRequest);
  };
  let count = 0;
  /** A fresh trigger and response address, as Slack puts them into every request of a person. */
  const doors = (user: SlackUser) => {
    count += 1;
    const trigger = randomUUID();
    state.triggers.set(trigger, { at: Date.now(), userId: user.id });
    const path = `/response/${count}`;
    state.doors.set(path, user.id);
    return { trigger, path, fields: { ...COMMON, trigger_id: trigger, response_url: `${serverUrl()}${path}` } };
  };
  const typed = (command: string, user: SlackUser, where: Channel) => {
    const [name = '', ...rest] = command.split(' ');
    return {
      command: name,
      text: asSent(name, rest.join(' ')),
      user_id: user.id,
      user_name: user.name,
      channel_id: where.id,
      channel_name: where.name,
    };
  };
  /** As Slack sends what was typed: three characters escaped, and for a command with `should_escape` mentions with their ID. */
  const asSent = (command: string, words: string) => {
    const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    if (command !== '/incident') return escaped;
    return escaped.replace(/(?<=^|\s)@(\w+)/g, (mention, name: string) => {
      const user = state.users.find((each) => each.name === name);
      return user ? `<@${user.id}|${user.name}>` : mention;
    });
  };
  const sendCommand = async (botUrl: string, fields: Readonly<Record<string, string>>, user: SlackUser) => {
    const acknowledged = readReply(await post(botUrl, new URLSearchParams(fields).toString(), FORM));
    if (acknowledged.text !== '') onReply(user.id, acknowledged);
    return acknowledged;
  };
  const commandReply = async (botUrl: string, command: string, user: SlackUser, where = channel): Promise<EphemeralReply> => {
    const { path, fields } = doors(user);
    const later = once(responses, path).then(([reply]) => replySchema.parse(reply));
    const acknowledged = await sendCommand(botUrl, { ...fields, ...typed(command, user, where) }, user);
    return acknowledged.text.startsWith('On it. The answer follows') ? later : acknowledged;
  };
  const press = async (botUrl: string, message: Pressable, button: PressedButton, user: SlackUser) => {
    const { trigger, path, fields } = doors(user);
    const later = once(responses, path).then(([reply]) => replySchema.parse(reply).text);
    const view = once(views, trigger).then(([opened]) => parseView(opened));
    const payload = {
      type: 'block_actions',
      ...fields,
      team: TEAM,
      user: { id: user.id, name: user.name, username: user.name, team_id: TEAM.id },
      channel: { id: message.channel ?? channel.id },
      message: { ts: message.ts ?? '1.1' },
      actions: [{ type: 'button', ...button, block_id: 'x', action_ts: '1' }],
    };
    await post(botUrl, new URLSearchParams({ payload: JSON.stringify(payload) }).toString(), FORM);
    return { later, view };
  };
  const tellsEvent = async (botUrl: string, event: Readonly<Record<string, unknown>>) => {
    const envelope = { ...COMMON, type: 'event_callback', event_id: `Ev${randomUUID()}`, event_time: 1, event };
    await post(botUrl, JSON.stringify(envelope), 'application/json');
  };
  return {
    command: async (botUrl, command, user, where) => (await commandReply(botUrl, command, user, where)).text,
    commandReply,
    types: async (botUrl, command, user) => {
      await sendCommand(botUrl, { ...doors(user).fields, ...typed(command, user, channel) }, user);
    },
    commandOpens: async (botUrl, command, user) => {
      const { trigger, fields } = doors(user);
      const opened = once(views, trigger);
      await sendCommand(botUrl, { ...fields, ...typed(command, user, channel) }, user);
      return found((await within(opened))[0]);
    },
    press: async (botUrl, message, label, user) => (await press(botUrl, message, buttonOf(message, label), user)).later,
    taps: async (botUrl, message, label, user) => {
      await press(botUrl, message, buttonOf(message, label), user);
    },
    presses: async (botUrl, message, actionId, user) => {
      await press(botUrl, message, buttonNamed(message, actionId), user);
    },
    pressOpens: async (botUrl, message, label, user) =>
      found(await within((await press(botUrl, message, buttonOf(message, label), user)).view)),
    submit: async (botUrl, view, values, user) => {
      const { fields } = doors(user);
      const payload = {
        type: 'view_submission',
        ...fields,
        team: TEAM,
        user: { id: user.id, name: user.name, username: user.name, team_id: TEAM.id },
        view: { ...view, id: 'V1', hash: '1', state: { values: stateOf(view, values) } },
      };
      return submittedOf(await post(botUrl, new URLSearchParams({ payload: JSON.stringify(payload) }).toString(), FORM));
    },
    says: async (botUrl, text, threadTs, user) => {
      const message: SlackMessage = {
        channel: channel.id,
        ts: state.nextTs(),
        threadTs,
        isBroadcast: false,
        text,
        blocks: [],
        key: null,
        userId: user.id,
        file: null,
        edits: 0,
      };
      state.messages.push(message);
      const thread = threadTs === null ? {} : { thread_ts: threadTs };
      await tellsEvent(botUrl, { type: 'message', channel: channel.id, user: user.id, text, ts: message.ts, ...thread });
      return message;
    },
    reacts: (botUrl, message, reaction, user) =>
      tellsEvent(botUrl, {
        type: 'reaction_added',
        user: user.id,
        reaction,
        item: { type: 'message', channel: message.channel, ts: message.ts },
      }),
    opensHome: async (botUrl, user) => {
      state.homes.delete(user.id);
      await tellsEvent(botUrl, { type: 'app_home_opened', user: user.id, channel: 'D1', tab: 'home', event_ts: '1' });
      for (let tries = 0; tries < 100 && !state.homes.has(user.id); tries += 1) await new Promise((done) => setTimeout(done, 20));
      return blocksText(state.homes.get(user.id) ?? []);
    },
    commandBySocket: async (command, user) => {
      const payload = { ...doors(user).fields, ...typed(command, user, channel) };
      return replySchema.parse(await socket.send('slash_commands', payload)).text;
    },
    replays: async () => {
      if (lastRequest === undefined) throw new Error('no request was sent yet');
      return readReply(await send(lastRequest)).text;
    },
    redeliversBySocket: async () => replySchema.parse(await socket.sendsAgain()).text,
  };
}

const replySchema = z.object({ text: z.string().default(''), blocks: z.array(z.custom<SlackBlock>()).default([]) });

/** An answer to one person; its blocks are held to Block Kit's limits. Nothing to read is empty. */
export function readReply(body: string): EphemeralReply {
  if (body === '') return { text: '', blocks: [] };
  const { text, blocks } = z.object({ text: z.string().default(''), blocks: z.unknown().optional() }).parse(JSON.parse(body));
  const parsed = blocks === undefined ? [] : parseBlocks(blocks, 50);
  if (parsed === null) throw new Error(`Slack would answer invalid_blocks to: ${body}`);
  return { text, blocks: parsed };
}

const actionSchema = z.discriminatedUnion('response_action', [
  z.object({ response_action: z.literal('errors'), errors: z.record(z.string(), z.string()) }),
  z.object({ response_action: z.literal('update'), view: z.unknown() }),
]);

function submittedOf(body: string): Submitted {
  if (body === '') return { kind: 'closed' };
  const action = actionSchema.parse(JSON.parse(body));
  return action.response_action === 'errors'
    ? { kind: 'errors', errors: action.errors }
    : { kind: 'again', view: found(parseView(action.view)) };
}

function found(view: unknown): SlackView {
  const parsed = parseView(view);
  if (parsed === null) throw new Error('that is no form that Slack would show');
  return parsed;
}

function within<Value>(promise: Promise<Value>): Promise<Value> {
  return pTimeout(promise, { milliseconds: 3_000, message: 'no form was opened within 3 s' });
}

type PressedButton = { readonly action_id: string; readonly value?: string | undefined; readonly text: unknown };

function buttonOf(message: Pressable, label: string): PressedButton {
  const buttons = buttonsIn(message);
  const wanted = buttons.find(({ text }) => text.text === label);
  if (!wanted) throw new Error(`the message has no button "${label}", only ${buttons.map(({ text }) => text.text).join(', ') || 'none'}`);
  return { action_id: wanted.action_id, value: wanted.value, text: wanted.text };
}

function buttonNamed(message: Pressable, actionId: string): PressedButton {
  const wanted = buttonsIn(message).find(({ action_id }) => action_id === actionId);
  if (!wanted) throw new Error(`the message has no button ${actionId}`);
  return { action_id: wanted.action_id, value: wanted.value, text: wanted.text };
}

function buttonsIn({ blocks }: Pressable) {
  return blocks.flatMap((block) => {
    if (block.type === 'section') return block.accessory ? [block.accessory] : [];
    return block.type === 'actions' ? block.elements : [];
  });
}

type SignedRequest = { readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly body: string };

/** A request as Slack signs it. */
function signed(secret: string, botUrl: string, body: string, contentType: string): SignedRequest {
  // Slack signs with the real time, whatever a sandbox clock shows.
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
  const headers = { 'content-type': contentType, 'x-slack-signature': signature, 'x-slack-request-timestamp': timestamp };
  return { url: `${botUrl}/slack/events`, headers, body };
}

async function send({ url, headers, body }: SignedRequest): Promise<string> {
  const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(3_000) });
  if (!response.ok) throw new Error(`the app answered ${response.status} to Slack`);
  return response.text();
}
