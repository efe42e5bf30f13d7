import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Conversation, PageMessage, Person } from '../state.ts';
import type { Does } from './actions.ts';
import { Composer } from './composer.ts';
import { Message } from './message.ts';

type Channel = {
  readonly conversation: Conversation;
  readonly does: Does;
  readonly people: readonly Person[];
  readonly setPerson: (id: string) => void;
  readonly id: string;
  readonly home: ComponentChildren;
};

/** #incidents as one person sees it: messages, threads below the message they answer, what only this person sees, the app's Home tab. */
export function Channel({ conversation, does, people, setPerson, id, home }: Channel) {
  const [isHome, setHome] = useState(false);
  const opensHome = () => {
    setHome(true);
    void does.act({ action: 'home', person: does.me.id });
  };
  return html`
    <section class="pane channel" id=${id} aria-label="#incidents">
      <div class="bar">
        <h2>#incidents</h2>
        <div class="switch" role="group" aria-label="Slack">
          <button aria-pressed=${!isHome} onClick=${() => setHome(false)}>Messages</button>
          <button aria-pressed=${isHome} onClick=${opensHome}>Gapwatch’s Home tab</button>
        </div>
        <label>You are <select value=${does.me.id} onChange=${(event: Event) => setPerson(choiceOf(event))}>
          ${people.map((each) => html`<option value=${each.id}>${each.name}</option>`)}
        </select></label>
      </div>
      ${isHome ? home : html`<${Messages} conversation=${conversation} does=${does} people=${people} />`}
    </section>`;
}

function choiceOf({ currentTarget }: Event): string {
  return currentTarget instanceof HTMLSelectElement ? currentTarget.value : '';
}

function Messages({ conversation, does, people }: Pick<Channel, 'conversation' | 'does' | 'people'>) {
  const seen = conversation.messages.filter(({ onlyFor }) => onlyFor === null || onlyFor === does.me.id);
  const inChannel = seen.filter(({ threadKey, isBroadcast }) => threadKey === null || isBroadcast);
  const list = useFollowedEnd(inChannel.length);
  const item = (message: PageMessage) => {
    const replies = seen.filter(({ threadKey }) => threadKey === message.key);
    return html`<li key=${message.key}>
      <${Message} message=${message} people=${people} does=${does} note=${noteOf(message)} />
      ${replies.length > 0 && html`<${Thread} root=${message} replies=${replies} people=${people} does=${does} conversation=${conversation} />`}
    </li>`;
  };
  return html`
    <div class="messages" role="log" aria-label="Messages" tabindex="0" ref=${list}><ol>
      ${inChannel.map(item)}
      ${inChannel.length === 0 && html`<li class="empty">Nothing has happened yet. Break something in the clinic, and watch.</li>`}
    </ol></div>
    <${Composer} conversation=${conversation} does=${does} threadKey=${null} label="Message #incidents" />`;
}

function noteOf({ isBroadcast, onlyFor }: PageMessage): string {
  if (onlyFor !== null) return 'Only visible to you';
  return isBroadcast ? 'replied to a thread' : '';
}

type Threaded = Pick<Channel, 'conversation' | 'does' | 'people'> & {
  readonly root: PageMessage;
  readonly replies: readonly PageMessage[];
};

/** The answers to a message; closed until somebody wants them. */
function Thread({ root, replies, people, does, conversation }: Threaded) {
  const [isOpen, setOpen] = useState(false);
  const label = `${replies.length} ${replies.length === 1 ? 'reply' : 'replies'}`;
  return html`
    <div class="thread">
      <button class="plain" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>${isOpen ? 'Hide' : 'Show'} ${label}</button>
      ${
        isOpen &&
        html`<ol>${replies.map((reply) => html`<li key=${reply.key}><${Message} message=${reply} people=${people} does=${does} note="" /></li>`)}</ol>
        <${Composer} conversation=${conversation} does=${does} threadKey=${root.key} label="Reply in the thread" />`
      }
    </div>`;
}

/** Keeps a list at its end as it grows, unless the reader has scrolled up. */
function useFollowedEnd(length: number) {
  const list = useRef<HTMLDivElement>(null);
  const wasAtEnd = useRef(true);
  const element = list.current;
  if (element) wasAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 80;
  useEffect(() => {
    if (wasAtEnd.current) list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [length]);
  return list;
}
