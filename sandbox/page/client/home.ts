import { html } from 'htm/preact';
import type { Conversation } from '../state.ts';
import type { Does } from './actions.ts';
import { Blocks } from './blocks.ts';

/** The app's Home tab, as it was published for this person. */
export function Home({ conversation, does }: { conversation: Conversation; does: Does }) {
  const blocks = conversation.homes[does.me.id];
  if (!blocks) return html`<p class="empty">Gapwatch is asked for its Home tab …</p>`;
  const nothing = () => undefined;
  return html`<div class="home" aria-label="Home tab"><${Blocks} blocks=${blocks} people=${conversation.people} press=${nothing} /></div>`;
}
