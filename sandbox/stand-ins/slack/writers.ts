import { blocksText } from './block-kit.ts';
import type { Channel, SlackRequests } from './requests.ts';
import type { SlackMessage, SlackState, SlackUser } from './state.ts';

/** What people do that the app hears of as an event. */
export type SlackWriters = {
  /** Writes a message into a thread; the app hears of it. */
  readonly says: (botUrl: string, text: string, threadTs: string | null, user: SlackUser) => Promise<SlackMessage>;
  /** Shares a file in a thread without a word; the app hears of it. */
  readonly shares: (botUrl: string, fileName: string, threadTs: string, user: SlackUser) => Promise<SlackMessage>;
  /** Corrects a message; the app hears of it. */
  readonly edits: (botUrl: string, message: SlackMessage, text: string) => Promise<void>;
  /** Deletes a message of their own; the app hears of it. */
  readonly withdraws: (botUrl: string, message: SlackMessage) => Promise<void>;
  /** Puts a reaction on a message; the app hears of it. */
  readonly reacts: (botUrl: string, message: SlackMessage, reaction: string, user: SlackUser) => Promise<void>;
  /** Opens the Home tab; answers what they see, once the app has published it. */
  readonly opensHome: (botUrl: string, user: SlackUser) => Promise<string>;
};

/** The people of a Slack stand-in as they write into `channel` and look at their Home tabs. */
export function slackWriters(state: SlackState, channel: Channel, tellsEvent: SlackRequests['tellsEvent']): SlackWriters {
  const written = (text: string, threadTs: string | null, user: SlackUser, file: SlackMessage['file']): SlackMessage => {
    const own = { text, blocks: [], key: null, userId: user.id, file, edits: 0 };
    const message: SlackMessage = { channel: channel.id, ts: state.nextTs(), threadTs, isBroadcast: false, ...own };
    state.messages.push(message);
    return message;
  };
  return {
    says: async (botUrl, text, threadTs, user) => {
      const message = written(text, threadTs, user, null);
      await tellsEvent(botUrl, { type: 'message', channel: channel.id, ...wordsOf(message) });
      return message;
    },
    shares: async (botUrl, fileName, threadTs, user) => {
      const message = written('', threadTs, user, { name: fileName, content: Buffer.alloc(1), words: '' });
      const files = [{ id: 'F1', name: fileName, mimetype: 'image/png' }];
      await tellsEvent(botUrl, { type: 'message', subtype: 'file_share', channel: channel.id, ...wordsOf(message), files });
      return message;
    },
    edits: async (botUrl, message, text) => {
      const previous_message = wordsOf(message);
      message.text = text;
      const edited = { user: message.userId, ts: state.nextTs() };
      const changed = { channel: channel.id, ts: edited.ts, message: { ...wordsOf(message), edited }, previous_message };
      await tellsEvent(botUrl, { type: 'message', subtype: 'message_changed', hidden: true, ...changed });
    },
    withdraws: async (botUrl, message) => {
      state.messages.splice(state.messages.indexOf(message), 1);
      const deleted = { channel: channel.id, ts: state.nextTs(), deleted_ts: message.ts, previous_message: wordsOf(message) };
      await tellsEvent(botUrl, { type: 'message', subtype: 'message_deleted', hidden: true, ...deleted });
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
  };
}

/** A message as events tell of it. */
function wordsOf({ ts, threadTs, text, userId }: SlackMessage) {
  return {
    ...{ ts, user: userId, text },
    ...(threadTs === null ? {} : { thread_ts: threadTs }),
  };
}
