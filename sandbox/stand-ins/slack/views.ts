import { z } from 'zod';
import { mrkdwn, plainText } from './block-kit.ts';

/** A modal as Slack defines it, with its limits (Block Kit reference, "Views" and "Input block"). Unknown properties are refused. */
const option = z.strictObject({ text: plainText(75), value: z.string().max(150) });
const actionId = z.string().max(255);

const element = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('plain_text_input'),
    action_id: actionId,
    multiline: z.boolean().optional(),
    max_length: z.number().int().min(1).max(3_000).optional(),
    initial_value: z.string().max(3_000).optional(),
  }),
  z.strictObject({
    type: z.literal('static_select'),
    action_id: actionId,
    options: z.array(option).min(1).max(100),
    initial_option: option.optional(),
  }),
  z.strictObject({ type: z.literal('users_select'), action_id: actionId, initial_user: z.string().optional() }),
  z.strictObject({ type: z.literal('checkboxes'), action_id: actionId, options: z.array(option).min(1).max(10) }),
]);

const block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('section'), text: mrkdwn(3_000) }),
  z.strictObject({
    type: z.literal('input'),
    block_id: z.string().min(1).max(255),
    optional: z.boolean().optional(),
    label: plainText(2_000),
    hint: plainText(2_000).optional(),
    element,
  }),
]);

const viewSchema = z.strictObject({
  type: z.literal('modal'),
  callback_id: z.string().max(255),
  private_metadata: z.string().max(3_000),
  title: plainText(24),
  submit: plainText(24),
  close: plainText(24),
  blocks: z.array(block).min(1).max(100),
});

export type SlackView = z.infer<typeof viewSchema>;
type Input = Extract<SlackView['blocks'][number], { type: 'input' }>;

/** A modal view, or null where Slack would refuse it: a shape or limit, block ids twice, an initial value longer than may be typed. */
export function parseView(value: unknown): SlackView | null {
  const parsed = viewSchema.safeParse(value);
  if (!parsed.success) return null;
  const inputs = inputsOf(parsed.data);
  const isUnique = new Set(inputs.map(({ block_id }) => block_id)).size === inputs.length;
  return isUnique && inputs.every(fits) ? parsed.data : null;
}

/** The inputs of a view. */
export function inputsOf({ blocks }: SlackView): readonly Input[] {
  return blocks.flatMap((each) => (each.type === 'input' ? [each] : []));
}

function fits({ element: input }: Input): boolean {
  return input.type !== 'plain_text_input' || (input.initial_value ?? '').length <= (input.max_length ?? 3_000);
}

/** What a person sees of a view: its words, and each field with what stands in it. */
export function viewText(view: SlackView): string {
  const lines = view.blocks.map((each) => (each.type === 'section' ? each.text.text : `${each.label.text}: ${initialOf(each)}`));
  return [view.title.text, ...lines].join('\n');
}

function initialOf({ element: input }: Input): string {
  switch (input.type) {
    case 'plain_text_input':
      return input.initial_value ?? '';
    case 'static_select':
      return input.initial_option?.text.text ?? '';
    case 'users_select':
      return input.initial_user ?? '';
    case 'checkboxes':
      return '';
    default:
      return input satisfies never;
  }
}

/** `view.state.values` as Slack sends it: what was typed by field, else what stood there. A required field left empty can't be sent. */
export function stateOf(view: SlackView, typed: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const inputs = inputsOf(view);
  const unknown = Object.keys(typed).filter((id) => !inputs.some(({ block_id }) => block_id === id));
  if (unknown.length > 0)
    throw new Error(`the form has no field ${unknown.join(', ')}, only ${inputs.map(({ block_id }) => block_id).join(', ')}`);
  return Object.fromEntries(inputs.map((input) => [input.block_id, { [input.element.action_id]: givenTo(input, typed[input.block_id]) }]));
}

function givenTo(input: Input, given: string | undefined): Readonly<Record<string, unknown>> {
  const value = given ?? initialOf(input);
  if (value === '' && input.optional !== true) throw new Error(`the field "${input.label.text}" must be filled in`);
  const chosen = { text: { type: 'plain_text', text: value }, value };
  switch (input.element.type) {
    case 'plain_text_input':
      if (value.length > (input.element.max_length ?? 3_000))
        throw new Error(`"${input.label.text}" takes ${input.element.max_length} characters`);
      return { type: 'plain_text_input', value: value === '' ? null : value };
    case 'static_select':
      return { type: 'static_select', selected_option: value === '' ? null : chosen };
    case 'users_select':
      return { type: 'users_select', selected_user: value === '' ? null : value };
    case 'checkboxes':
      return { type: 'checkboxes', selected_options: value === '' ? [] : [chosen] };
    default:
      return input.element satisfies never;
  }
}
