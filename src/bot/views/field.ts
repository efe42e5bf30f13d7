import type { types } from '@slack/bolt';
import { z } from 'zod';

/** One part of a form. `id` names its value; what is typed stays under it, also when the form is shown again. */
export type Field =
  | { readonly kind: 'words'; readonly text: string }
  | {
      readonly kind: 'text';
      readonly id: string;
      readonly label: string;
      readonly hint?: string;
      readonly initial: string;
      readonly isLong: boolean;
      readonly isRequired: boolean;
    }
  | {
      readonly kind: 'choice';
      readonly id: string;
      readonly label: string;
      readonly options: readonly string[];
      readonly initial: string;
    }
  | { readonly kind: 'person'; readonly id: string; readonly label: string; readonly initial: string }
  | { readonly kind: 'tick'; readonly id: string; readonly label: string; readonly text: string };

/** What was typed, by field. A field left empty is an empty text. */
export type Values = Readonly<Record<string, string>>;

/** A modal view as Slack takes it (Block Kit, "Views"). */
export type FormView = types.ModalView;
type FormBlock = types.KnownBlock;
type InputElement = types.InputBlock['element'];

/** Slack's limits (Block Kit reference): typed text and initial values, section text. */
const TEXT_LIMIT = 3_000;

/** A field as a block of the form. */
export function blockOf(field: Field): FormBlock {
  if (field.kind === 'words') return { type: 'section', text: { type: 'mrkdwn', text: field.text.slice(0, TEXT_LIMIT) } };
  const { id, label } = field;
  const optional = !(field.kind === 'text' && field.isRequired);
  const hint = field.kind === 'text' && field.hint ? { hint: plain(field.hint) } : {};
  return { type: 'input', block_id: id, optional, label: plain(label), ...hint, element: elementOf(field) };
}

function elementOf(field: Exclude<Field, { kind: 'words' }>): InputElement {
  switch (field.kind) {
    case 'text': {
      const initial = field.initial.slice(0, TEXT_LIMIT);
      const limits = { multiline: field.isLong, max_length: field.isLong ? TEXT_LIMIT : 300 };
      return { type: 'plain_text_input', action_id: 'value', ...limits, ...(initial === '' ? {} : { initial_value: initial }) };
    }
    case 'choice':
      return { type: 'static_select', action_id: 'value', options: field.options.map(option), initial_option: option(field.initial) };
    case 'person':
      return { type: 'users_select', action_id: 'value', ...(field.initial === '' ? {} : { initial_user: field.initial }) };
    case 'tick':
      return { type: 'checkboxes', action_id: 'value', options: [option(field.text)] };
    default:
      return field satisfies never;
  }
}

function option(text: string): types.PlainTextOption {
  return { text: plain(text), value: text };
}

/** A text that Slack shows as it is typed, without formatting. */
export function plain(text: string): types.PlainTextElement {
  return { type: 'plain_text', text };
}

/** What Slack sends of a submitted form. */
export const submittedSchema = z.object({
  callback_id: z.string(),
  private_metadata: z.string(),
  state: z.object({
    values: z.record(
      z.string(),
      z.object({
        value: z.object({
          value: z.string().nullish(),
          selected_option: z.object({ value: z.string() }).nullish(),
          selected_user: z.string().nullish(),
          selected_options: z.array(z.object({ value: z.string() })).nullish(),
        }),
      }),
    ),
  }),
});

/** The values of a submitted form. */
export function valuesOf({ state }: z.infer<typeof submittedSchema>): Values {
  return Object.fromEntries(
    Object.entries(state.values).map(([id, { value: given }]) => {
      const ticked = given.selected_options?.map(({ value }) => value).join(', ');
      return [id, (given.value ?? given.selected_option?.value ?? given.selected_user ?? ticked ?? '').trim()];
    }),
  );
}
