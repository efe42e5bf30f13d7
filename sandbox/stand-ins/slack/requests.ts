import { randomUUID } from 'node:crypto';
import { type EventEmitter, once } from 'node:events';
import type { Pressable, PressedButton } from './buttons.ts';
import { type EphemeralReply, readReply, replySchema } from './replies.ts';
import { type SignedRequest, send, signed } from './signed-request.ts';
import type { SlackState, SlackUser } from './state.ts';
import { parseView, type SlackView, stateOf } from './views.ts';

export type Channel = { readonly id: string; readonly name: string };

/** What requests need of the stand-in around them. */
export type RequestSurroundings = {
  readonly serverUrl: () => string;
  readonly channel: Channel;
  readonly state: SlackState;
  readonly responses: EventEmitter<Record<string, [EphemeralReply]>>;
  readonly views: EventEmitter<Record<string, [SlackView]>>;
  readonly onReply: (userId: string, reply: EphemeralReply) => void;
  readonly signingSecret: string;
};

/** The requests that Slack sends the app over HTTP, signed. */
export type SlackRequests = {
  /** The fields of a typed command, with a fresh trigger and a fresh response address at `path`. */
  readonly commandFields: (command: string, user: SlackUser, where?: Channel) => CommandFields;
  /** Sends a typed command and answers its acknowledgement, which the person reads. */
  readonly sendCommand: (botUrl: string, fields: CommandFields['fields'], user: SlackUser) => Promise<EphemeralReply>;
  /** Sends a pressed button. `later` is the text that comes to the response address, `view` the form that opens; one of them never comes. */
  readonly press: (
    botUrl: string,
    message: Pressable,
    button: PressedButton,
    user: SlackUser,
  ) => Promise<{ readonly later: Promise<string>; readonly view: Promise<SlackView | null> }>;
  /** Sends a form with what was typed into it, and answers the body that comes back. */
  readonly submit: (botUrl: string, view: SlackView, typed: Readonly<Record<string, string>>, user: SlackUser) => Promise<string>;
  /** Tells the app of an event, in the envelope of the Events API. */
  readonly tellsEvent: (botUrl: string, event: Readonly<Record<string, unknown>>) => Promise<void>;
  /** Sends the last of all these requests once more, signature and all. */
  readonly replays: () => Promise<string>;
};

type CommandFields = { readonly trigger: string; readonly path: string; readonly fields: Readonly<Record<string, string>> };

const TEAM = { id: 'T1', domain: 'clinic' };
const COMMON = { token: 'x', team_id: 'T1', team_domain: 'clinic', api_app_id: 'A1' };
const FORM = 'application/x-www-form-urlencoded';

/** The requests of a Slack stand-in. Each fails if the app does not acknowledge it within three seconds. */
export function slackRequests(surroundings: RequestSurroundings): SlackRequests {
  const { channel, state, responses, views, onReply, signingSecret } = surroundings;
  let lastRequest: SignedRequest | undefined;
  const post = (botUrl: string, body: string, contentType: string) => {
    lastRequest = signed(signingSecret, botUrl, body, contentType);
    return send(lastRequest);
  };
  const postPayload = (botUrl: string, payload: Readonly<Record<string, unknown>>) =>
    post(botUrl, new URLSearchParams({ payload: JSON.stringify(payload) }).toString(), FORM);
  const doors = doorsOf(surroundings);
  return {
    commandFields: (command, user, where = channel) => {
      const { fields, ...door } = doors(user);
      return { ...door, fields: { ...fields, ...typed(state.users, command, user, where) } };
    },
    sendCommand: async (botUrl, fields, user) => {
      const acknowledged = readReply(await post(botUrl, new URLSearchParams(fields).toString(), FORM));
      if (acknowledged.text !== '') onReply(user.id, acknowledged);
      return acknowledged;
    },
    press: async (botUrl, message, button, user) => {
      const { trigger, path, fields } = doors(user);
      const later = once(responses, path).then(([reply]) => replySchema.parse(reply).text);
      const view = once(views, trigger).then(([opened]) => parseView(opened));
      await postPayload(botUrl, {
        type: 'block_actions',
        ...fields,
        ...personOf(user),
        channel: { id: message.channel ?? channel.id },
        message: { ts: message.ts ?? '1.1' },
        actions: [{ type: 'button', ...button, block_id: 'x', action_ts: '1' }],
      });
      return { later, view };
    },
    submit: (botUrl, view, values, user) => {
      const { fields } = doors(user);
      const sent = { ...view, id: 'V1', hash: '1', state: { values: stateOf(view, values) } };
      return postPayload(botUrl, { type: 'view_submission', ...fields, ...personOf(user), view: sent });
    },
    tellsEvent: async (botUrl, event) => {
      const envelope = { ...COMMON, type: 'event_callback', event_id: `Ev${randomUUID()}`, event_time: 1, event };
      await post(botUrl, JSON.stringify(envelope), 'application/json');
    },
    replays: async () => {
      if (lastRequest === undefined) throw new Error('no request was sent yet');
      return send(lastRequest);
    },
  };
}

/** Makes a fresh trigger and response address, as Slack puts them into every request of a person. */
function doorsOf({ state, serverUrl }: RequestSurroundings): (user: SlackUser) => CommandFields {
  let count = 0;
  return (user) => {
    count += 1;
    const trigger = randomUUID();
    state.triggers.set(trigger, { at: Date.now(), userId: user.id });
    const path = `/response/${count}`;
    state.doors.set(path, user.id);
    return { trigger, path, fields: { ...COMMON, trigger_id: trigger, response_url: `${serverUrl()}${path}` } };
  };
}

function typed(users: readonly SlackUser[], command: string, user: SlackUser, where: Channel): Readonly<Record<string, string>> {
  const [name = '', ...rest] = command.split(' ');
  return {
    command: name,
    text: asSent(users, name, rest.join(' ')),
    user_id: user.id,
    user_name: user.name,
    channel_id: where.id,
    channel_name: where.name,
  };
}

/** As Slack sends what was typed: three characters escaped, and for a command with `should_escape` mentions with their ID. */
function asSent(users: readonly SlackUser[], command: string, words: string): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  if (command !== '/incident') return escaped;
  return escaped.replace(/(?<=^|\s)@(\w+)/g, (mention, name: string) => {
    const user = users.find((each) => each.name === name);
    return user ? `<@${user.id}|${user.name}>` : mention;
  });
}

function personOf({ id, name }: SlackUser) {
  return { team: TEAM, user: { id, name, username: name, team_id: TEAM.id } };
}
