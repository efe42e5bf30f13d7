import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { SlackBlock } from '#sandbox/stand-ins/slack/block-kit.ts';
import type { Person } from '../state.ts';
import { mrkdwn } from './mrkdwn.ts';

type Text = { readonly type: 'plain_text' | 'mrkdwn'; readonly text: string };
type Button = Extract<SlackBlock, { type: 'actions' }>['elements'][number];
type Press = (actionId: string) => void;

/** Block Kit as Slack draws it. */
export function Blocks({ blocks, people, press }: { blocks: readonly SlackBlock[]; people: readonly Person[]; press: Press }) {
  return blocks.map((block) => blockOf(block, people, press));
}

function blockOf(block: SlackBlock, people: readonly Person[], press: Press): ComponentChildren {
  switch (block.type) {
    case 'section':
      return html`<div class="section">
        <div>
          ${block.text && html`<p>${textOf(block.text, people)}</p>`}
          ${block.fields && html`<div class="fields">${block.fields.map((field) => html`<p>${textOf(field, people)}</p>`)}</div>`}
        </div>
        ${block.accessory && html`<${BlockButton} button=${block.accessory} people=${people} press=${press} />`}
      </div>`;
    case 'context':
      return html`<div class="context">${block.elements.map((element) => html`<p>${textOf(element, people)}</p>`)}</div>`;
    case 'actions':
      return html`<div class="actions">
        ${block.elements.map((button) => html`<${BlockButton} key=${button.action_id} button=${button} people=${people} press=${press} />`)}
      </div>`;
    case 'header':
      return html`<h4>${block.text.text}</h4>`;
    case 'divider':
      return html`<hr />`;
    default:
      return block satisfies never;
  }
}

function textOf({ type, text }: Text, people: readonly Person[]): ComponentChildren {
  return type === 'mrkdwn' ? mrkdwn(text, people) : text;
}

/** A button; one that asks for confirmation asks in its place, and one with an address opens it. */
function BlockButton({ button, people, press }: { button: Button; people: readonly Person[]; press: Press }) {
  const [isAsking, setAsking] = useState(false);
  const { text, action_id, style = '', confirm, url } = button;
  const go = () => {
    setAsking(false);
    if (url !== undefined) window.open(url, '_blank', 'noreferrer');
    press(action_id);
  };
  if (isAsking && confirm) {
    return html`<div class="confirm" role="alertdialog" aria-label=${confirm.title.text}>
      <strong>${confirm.title.text}</strong>
      <p>${textOf(confirm.text, people)}</p>
      <button class=${style} onClick=${go}>${confirm.confirm.text}</button>
      <button onClick=${() => setAsking(false)}>${confirm.deny.text}</button>
    </div>`;
  }
  return html`<button class=${style} onClick=${confirm ? () => setAsking(true) : go}>${text.text}</button>`;
}
