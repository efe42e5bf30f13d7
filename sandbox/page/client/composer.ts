import { html } from 'htm/preact';
import { useRef, useState } from 'preact/hooks';
import type { Conversation, SlashCommand } from '../state.ts';
import type { Does } from './actions.ts';

type Box = { readonly conversation: Conversation; readonly does: Does; readonly threadKey: string | null; readonly label: string };
type Choice = { readonly text: string; readonly means: string };

/** The message box. A text that begins with a slash is completed from the app's manifest: Tab takes the first choice, arrows move. */
export function Composer({ conversation, does, threadKey, label }: Box) {
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(-1);
  const [isClosed, setClosed] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const choices = isClosed || threadKey !== null ? [] : choicesFor(text, conversation.commands);
  const id = `choices-${threadKey ?? 'channel'}`;
  const write = (next: string) => {
    setText(next);
    setChosen(-1);
    setClosed(false);
  };
  const take = (choice: Choice | undefined) => {
    if (!choice) return;
    write(choice.text);
    field.current?.focus();
  };
  const send = async () => {
    // What the box shows is sent: a rendering may still be on its way. Only that is cleared: the answer may come after the next words were begun.
    const shown = field.current?.value ?? text;
    if (shown.trim() === '') return;
    const isSent = await does.act({ action: 'say', person: does.me.id, text: shown.trim(), threadKey });
    if (isSent) setText((current) => (current === shown ? '' : current));
  };
  const keys: Readonly<Record<string, () => void>> = {
    Tab: () => take(choices[Math.max(0, chosen)]),
    ArrowDown: () => setChosen((chosen + 1) % choices.length),
    ArrowUp: () => setChosen((chosen - 1 + choices.length) % choices.length),
    Escape: () => setClosed(true),
    ...(chosen >= 0 ? { Enter: () => take(choices[chosen]) } : {}),
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const key = choices.length > 0 && !event.shiftKey ? keys[event.key] : undefined;
    if (!key) return;
    event.preventDefault();
    key();
  };
  return html`
    <form class="composer" onSubmit=${(event: Event) => {
      event.preventDefault();
      void send();
    }}>
      ${
        choices.length > 0 &&
        html`<ul role="listbox" id=${id} aria-label="Commands">${choices.map(
          (choice, index) => html`
          <li role="option" id=${`${id}-${index}`} aria-selected=${index === chosen} onMouseDown=${(event: Event) => {
            event.preventDefault();
            take(choice);
          }}><strong>${choice.text}</strong> ${choice.means}</li>`,
        )}</ul>`
      }
      <input ref=${field} aria-label=${label} placeholder=${threadKey === null ? 'Message #incidents, or /audit, /incident …' : label} value=${text} maxlength="3000"
        role="combobox" aria-expanded=${choices.length > 0} aria-controls=${id} aria-autocomplete="list" autocomplete="off"
        aria-activedescendant=${chosen >= 0 ? `${id}-${chosen}` : ''}
        onInput=${(event: Event) => write(event.currentTarget instanceof HTMLInputElement ? event.currentTarget.value : '')} onKeyDown=${onKeyDown} />
      <button class="primary">Send</button>
    </form>`;
}

/** Commands while a command is typed, then its words; nothing once one stands there whole. */
function choicesFor(text: string, commands: readonly SlashCommand[]): readonly Choice[] {
  if (!text.startsWith('/')) return [];
  const [name = '', ...rest] = text.split(' ');
  if (rest.length === 0) {
    return commands
      .filter(({ command }) => command.startsWith(name))
      .map(({ command, description }) => ({ text: `${command} `, means: description }));
  }
  const [word = '', ...more] = rest;
  const command = commands.find((each) => each.command === name);
  if (!command || more.length > 0 || command.words.includes(word)) return [];
  return command.words.filter((each) => each.startsWith(word)).map((each) => ({ text: `${name} ${each}`, means: '' }));
}
