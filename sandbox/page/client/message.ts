import { html } from 'htm/preact';
import type { PageFile, PageMessage, Person } from '../state.ts';
import type { Does } from './actions.ts';
import { Blocks } from './blocks.ts';
import { mrkdwn } from './mrkdwn.ts';
import { local } from './time.ts';

type Shown = { readonly message: PageMessage; readonly people: readonly Person[]; readonly does: Does; readonly note: string };

/** One message: who, when, what, its file, and the pin that puts it on the incident's timeline. */
export function Message({ message, people, does, note }: Shown) {
  const { key, at, userId, onlyFor, text, blocks, file, isEdited } = message;
  const author = userId === null ? 'Gapwatch' : (people.find(({ id }) => id === userId)?.name ?? userId);
  const person = does.me.id;
  const press = (actionId: string) => void does.act({ action: 'press', person, key, actionId });
  return html`
    <article id=${`message-${key}`} class=${onlyFor === null ? 'message' : 'message whisper'}>
      <span class=${userId === null ? 'picture bot' : 'picture'} aria-hidden="true">${userId === null ? 'G' : author.slice(0, 1).toUpperCase()}</span>
      <div class="body">
        <p class="author">
          <strong>${author}</strong>${userId === null && html` <span class="badge">APP</span>`}
          <time datetime=${new Date(at).toISOString()}>${local(at)}</time>
          ${note && html`<span class="note">${note}</span>`}
          ${
            onlyFor === null &&
            html`<button class="plain pin" title="React with 📌: puts it on the incident's timeline"
            aria-label="Pin to the timeline" onClick=${() => does.act({ action: 'pin', person, key })}>📌</button>`
          }
        </p>
        ${blocks.length > 0 ? html`<${Blocks} blocks=${blocks} people=${people} press=${press} />` : html`<p>${mrkdwn(text, people)}</p>`}
        ${isEdited && html`<p class="edited">(edited)</p>`}
        ${file && html`<${File} file=${file} />`}
      </div>
    </article>`;
}

function File({ file: { name, url, isImage, words } }: { readonly file: PageFile }) {
  if (!isImage) return html`<p class="file"><a href=${url} target="_blank">📄 ${name}</a></p>`;
  return html`<figure><a href=${url} target="_blank"><img src=${url} alt=${words || name} /></a><figcaption>${name}</figcaption></figure>`;
}
