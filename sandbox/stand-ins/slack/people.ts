import { once } from 'node:events';
import { buttonNamed, buttonOf, type Pressable } from './buttons.ts';
import { type EphemeralReply, foundView, readReply, replySchema, type Submitted, submittedOf, within } from './replies.ts';
import { type Channel, type RequestSurroundings, slackRequests } from './requests.ts';
import type { SocketSide } from './socket.ts';
import type { SlackUser } from './state.ts';
import type { SlackView } from './views.ts';
import { type SlackWriters, slackWriters } from './writers.ts';

/** What people do in Slack. Each sends the app what Slack would, signed, and fails if the app does not acknowledge within three seconds. */
export type SlackPeople = SlackWriters & {
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
  /** Types a slash command over Socket Mode; answers what they read. */
  readonly commandBySocket: (command: string, user: SlackUser) => Promise<string>;
  /** Slack delivers the last envelope of Socket Mode once more; answers what they read. */
  readonly redeliversBySocket: () => Promise<string>;
  /** Somebody sends the last request over HTTP once more, signature and all; answers what comes back. */
  readonly replays: () => Promise<string>;
};

type Surroundings = RequestSurroundings & { readonly socket: SocketSide };

/** The people of a Slack stand-in. */
export function slackPeople({ socket, ...surroundings }: Surroundings): SlackPeople {
  const { channel, state, responses, views } = surroundings;
  const requests = slackRequests(surroundings);
  const commandReply = async (botUrl: string, command: string, user: SlackUser, where = channel): Promise<EphemeralReply> => {
    const { path, fields } = requests.commandFields(command, user, where);
    const later = once(responses, path).then(([reply]) => replySchema.parse(reply));
    const acknowledged = await requests.sendCommand(botUrl, fields, user);
    return acknowledged.text.startsWith('On it. The answer follows') ? later : acknowledged;
  };
  return {
    ...slackWriters(state, channel, requests.tellsEvent),
    command: async (botUrl, command, user, where) => (await commandReply(botUrl, command, user, where)).text,
    commandReply,
    types: async (botUrl, command, user) => {
      await requests.sendCommand(botUrl, requests.commandFields(command, user).fields, user);
    },
    commandOpens: async (botUrl, command, user) => {
      const { trigger, fields } = requests.commandFields(command, user);
      const opened = once(views, trigger);
      await requests.sendCommand(botUrl, fields, user);
      return foundView((await within(opened))[0]);
    },
    press: async (botUrl, message, label, user) => (await requests.press(botUrl, message, buttonOf(message, label), user)).later,
    taps: async (botUrl, message, label, user) => {
      await requests.press(botUrl, message, buttonOf(message, label), user);
    },
    presses: async (botUrl, message, actionId, user) => {
      await requests.press(botUrl, message, buttonNamed(message, actionId), user);
    },
    pressOpens: async (botUrl, message, label, user) =>
      foundView(await within((await requests.press(botUrl, message, buttonOf(message, label), user)).view)),
    submit: async (botUrl, view, values, user) => submittedOf(await requests.submit(botUrl, view, values, user)),
    commandBySocket: async (command, user) =>
      replySchema.parse(await socket.send('slash_commands', requests.commandFields(command, user).fields)).text,
    replays: async () => readReply(await requests.replays()).text,
    redeliversBySocket: async () => replySchema.parse(await socket.sendsAgain()).text,
  };
}
