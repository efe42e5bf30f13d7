import type { types } from '@slack/bolt';
import type { FormView } from '#bot/views/field.ts';
import { escapeMrkdwn } from '#domain/base/text/mrkdwn.ts';
import type { SlackMessage } from '#domain/messages/blocks.ts';
import type { Requester } from '#workflows/execute.ts';

/** What a person is answered: words, which may hold foreign text and are escaped, or a message that is Slack's own already. */
export type Reply = string | SlackMessage;

/** Who asks, and how a form is opened for them: Slack gives three seconds for that. */
export type Asker = Requester & {
  readonly openView: (view: FormView) => Promise<void>;
  /** Slack IDs of the people whom a typed command mentions. */
  readonly mentions?: readonly string[];
};

/** An answer that only the one who asked sees. Empty words are none. */
export type Ephemeral = { readonly response_type: 'ephemeral'; readonly text: string; readonly blocks?: types.KnownBlock[] };

/** The reply as Slack takes it. */
export function ephemeral(reply: Reply): Ephemeral {
  if (typeof reply === 'string') return { response_type: 'ephemeral', text: escapeMrkdwn(reply) };
  // Bolt's types know no readonly lists; nothing changes them.
  return { response_type: 'ephemeral', text: reply.text, blocks: structuredClone(reply.blocks) as types.KnownBlock[] };
}
