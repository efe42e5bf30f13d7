import { z } from 'zod';

// Block Kit's shapes and limits (docs.slack.dev, Block Kit reference), for the blocks a message may hold. Unknown properties are refused.

/** A text without formatting, of 1 to `limit` characters. */
export const plainText = (limit: number) =>
  z.strictObject({ type: z.literal('plain_text'), text: z.string().min(1).max(limit), emoji: z.boolean().optional() });
/** A text in Slack's markup, of 1 to `limit` characters. */
export const mrkdwn = (limit: number) =>
  z.strictObject({ type: z.literal('mrkdwn'), text: z.string().min(1).max(limit), verbatim: z.boolean().optional() });
const blockId = z.string().max(255).optional();

const button = z.strictObject({
  type: z.literal('button'),
  text: plainText(75),
  action_id: z.string().max(255),
  value: z.string().max(2_000).optional(),
  url: z.url().max(3_000).optional(),
  style: z.enum(['primary', 'danger']).optional(),
  confirm: z
    .strictObject({ title: plainText(100), text: z.union([plainText(300), mrkdwn(300)]), confirm: plainText(30), deny: plainText(30) })
    .optional(),
});

const block = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('section'),
    block_id: blockId,
    text: z.union([plainText(3_000), mrkdwn(3_000)]).optional(),
    fields: z
      .array(z.union([plainText(2_000), mrkdwn(2_000)]))
      .max(10)
      .optional(),
    accessory: button.optional(),
  }),
  z.strictObject({
    type: z.literal('context'),
    block_id: blockId,
    elements: z
      .array(z.union([plainText(2_000), mrkdwn(2_000)]))
      .min(1)
      .max(10),
  }),
  z.strictObject({ type: z.literal('actions'), block_id: blockId, elements: z.array(button).min(1).max(25) }),
  z.strictObject({ type: z.literal('header'), block_id: blockId, text: plainText(150) }),
  z.strictObject({ type: z.literal('divider'), block_id: blockId }),
]);

export type SlackBlock = z.infer<typeof block>;

/** A message's blocks, or null where Slack would answer `invalid_blocks`. Ids must be unique in a message. */
export function parseBlocks(value: unknown, limit: number): readonly SlackBlock[] | null {
  const parsed = z.array(block).max(limit).safeParse(value);
  if (!parsed.success) return null;
  const ids = parsed.data.flatMap(({ block_id }) => (block_id === undefined ? [] : [block_id]));
  const actions = parsed.data.flatMap((each) => (each.type === 'actions' ? each.elements.map(({ action_id }) => action_id) : []));
  return new Set(ids).size === ids.length && new Set(actions).size === actions.length ? parsed.data : null;
}

/** What a reader sees of blocks, as plain lines. */
export function blocksText(blocks: readonly SlackBlock[]): string {
  return blocks
    .map((each) => {
      switch (each.type) {
        case 'section':
          return [each.text, ...(each.fields ?? [])].map((text) => text?.text ?? '').join('\n');
        case 'context':
          return each.elements.map(({ text }) => text).join('\n');
        case 'actions':
          return each.elements.map(({ text }) => `[${text.text}]`).join(' ');
        case 'header':
          return each.text.text;
        case 'divider':
          return '---';
        default:
          return each satisfies never;
      }
    })
    .join('\n');
}
