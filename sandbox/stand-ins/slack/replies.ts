import pTimeout from 'p-timeout';
import { z } from 'zod';
import { parseBlocks, type SlackBlock } from './block-kit.ts';
import { parseView, type SlackView } from './views.ts';

/** An answer that only one person sees. */
export type EphemeralReply = { readonly text: string; readonly blocks: readonly SlackBlock[] };

/** What became of a form that was sent. */
export type Submitted =
  | { readonly kind: 'closed' }
  | { readonly kind: 'errors'; readonly errors: Readonly<Record<string, string>> }
  | { readonly kind: 'again'; readonly view: SlackView };

/** The shape of an answer. What its blocks hold is not looked at; `readReply` does that. */
export const replySchema = z.object({ text: z.string().default(''), blocks: z.array(z.custom<SlackBlock>()).default([]) });

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

/** What the app's answer to a sent form says became of it. */
export function submittedOf(body: string): Submitted {
  if (body === '') return { kind: 'closed' };
  const action = actionSchema.parse(JSON.parse(body));
  return action.response_action === 'errors'
    ? { kind: 'errors', errors: action.errors }
    : { kind: 'again', view: foundView(parseView(action.view)) };
}

/** The form that this is; throws where Slack would show none. */
export function foundView(view: unknown): SlackView {
  const parsed = parseView(view);
  if (parsed === null) throw new Error('that is no form that Slack would show');
  return parsed;
}

/** What comes of the promise; rejects after the three seconds in which a form must be opened. */
export function within<Value>(promise: Promise<Value>): Promise<Value> {
  return pTimeout(promise, { milliseconds: 3_000, message: 'no form was opened within 3 s' });
}
