import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { SlackView } from '#sandbox/stand-ins/slack/views.ts';
import type { OpenForm, Person } from '../state.ts';
import type { Does } from './actions.ts';
import { mrkdwn } from './mrkdwn.ts';

type Block = SlackView['blocks'][number];
type Input = Extract<Block, { type: 'input' }>;

/** A form as Slack shows it, over everything else. What was typed stays while errors are shown. */
export function Form({ form: { view, errors }, people, does }: { form: OpenForm; people: readonly Person[]; does: Does }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const close = () => void does.act({ action: 'close-form', person: does.me.id });
  const send = (event: Event) => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const values = Object.fromEntries([...new FormData(event.currentTarget)].map(([name, value]) => [name, String(value)]));
    void does.act({ action: 'submit', person: does.me.id, values });
  };
  const hasErrors = Object.keys(errors).length > 0;
  return html`
    <dialog ref=${dialog} aria-label=${view.title.text} onCancel=${close}>
      <form onSubmit=${send}>
        <h3>${view.title.text}</h3>
        ${hasErrors && html`<p class="error" role="alert">Something is missing or wrong; see below.</p>`}
        <div class="fields-of-form">${view.blocks.map((block) => blockOf(block, errors, people))}</div>
        <p class="buttons"><button type="button" onClick=${close}>${view.close.text}</button> <button class="primary">${view.submit.text}</button></p>
      </form>
    </dialog>`;
}

function blockOf(block: Block, errors: OpenForm['errors'], people: readonly Person[]): ComponentChildren {
  if (block.type === 'section') return html`<p>${mrkdwn(block.text.text, people)}</p>`;
  const { block_id, label, hint, optional } = block;
  const error = errors[block_id];
  const described = [hint && `${block_id}-hint`, error && `${block_id}-error`].filter(Boolean).join(' ');
  return html`
    <div class="field">
      <label for=${block_id}>${label.text}${optional === true && html` <small>(optional)</small>`}</label>
      ${fieldOf(block, { id: block_id, name: block_id, required: optional !== true, 'aria-describedby': described, 'aria-invalid': error !== undefined }, people)}
      ${hint && html`<small id=${`${block_id}-hint`}>${hint.text}</small>`}
      ${error && html`<p class="error" id=${`${block_id}-error`}>${error}</p>`}
    </div>`;
}

type Attributes = Readonly<Record<string, string | boolean>>;

function fieldOf({ element }: Input, attributes: Attributes, people: readonly Person[]): ComponentChildren {
  switch (element.type) {
    case 'plain_text_input': {
      const { multiline, initial_value = '', max_length = 3_000 } = element;
      return multiline === true
        ? html`<textarea ...${attributes} rows="4" maxlength=${max_length}>${initial_value}</textarea>`
        : html`<input ...${attributes} maxlength=${max_length} defaultValue=${initial_value} autocomplete="off" />`;
    }
    case 'static_select':
      return choice(
        attributes,
        element.initial_option?.value,
        element.options.map(({ text, value }) => ({ value, label: text.text })),
      );
    case 'users_select':
      return choice(
        attributes,
        element.initial_user,
        people.map(({ id, name }) => ({ value: id, label: name })),
      );
    case 'checkboxes':
      return element.options.map(
        ({ text, value }) => html`
        <label class="box"><input type="checkbox" name=${attributes.name} value=${value} /> ${text.text}</label>`,
      );
    default:
      return element satisfies never;
  }
}

function choice(
  attributes: Attributes,
  initial: string | undefined,
  options: readonly { readonly value: string; readonly label: string }[],
) {
  return html`<select ...${attributes}>
    ${initial === undefined && html`<option value="">Choose …</option>`}
    ${options.map(({ value, label }) => html`<option value=${value} selected=${value === initial}>${label}</option>`)}
  </select>`;
}
