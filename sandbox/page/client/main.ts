import { html } from 'htm/preact';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ClinicView, Conversation } from '../state.ts';
import { act } from './actions.ts';
import { Channel } from './channel.ts';
import { Clinic } from './clinic.ts';
import { Form } from './form.ts';
import { Header } from './header.ts';
import { Home } from './home.ts';
import { Mailbox } from './mailbox.ts';
import { PagerDuty } from './pagerduty.ts';
import { useStored } from './stored.ts';
import { Tour } from './tour.ts';

const PANES = ['#incidents', 'The clinic', 'PagerDuty', 'Mailbox'] as const;
type Pane = (typeof PANES)[number];

/** The page: four panes side by side, or one at a time on a narrow screen. */
function Page() {
  const { conversation, clinic, isConnected } = useSandbox();
  const [pane, setPane] = useStored<Pane>('pane', '#incidents');
  const [person, setPerson] = useStored('person', '');
  const [readMails, setReadMails] = useStored<readonly string[]>('read-mails', []);
  const [notice, setNotice] = useState('');
  if (!conversation || !clinic) return html`<p class="loading">Gapwatch and its clinic are starting …</p>`;
  const me = conversation.people.find(({ id }) => id === person) ?? conversation.people[0];
  if (!me) return null;
  const tell = (refused: string | null) => setNotice(refused ?? '');
  const does = { me, act: act(tell) };
  const form = conversation.forms[me.id];
  const tab = (name: Pane) => html`
    <button role="tab" aria-selected=${pane === name} aria-controls=${idOf(name)} onClick=${() => setPane(name)}>${name}</button>`;
  return html`
    <${Header} clock=${clinic.clock} isConnected=${isConnected} isBotRunning=${clinic.isBotRunning} act=${does.act} />
    <${Tour} conversation=${conversation} clinic=${clinic} readMails=${readMails} goTo=${setPane} />
    ${notice && html`<p class="notice" role="alert">${notice} <button class="plain" onClick=${() => setNotice('')}>Dismiss</button></p>`}
    <nav class="tabs" role="tablist" aria-label="Panes">${PANES.map(tab)}</nav>
    <main data-pane=${idOf(pane)}>
      <${Channel} conversation=${conversation} does=${does} people=${conversation.people} setPerson=${setPerson} id=${idOf('#incidents')}
        home=${html`<${Home} conversation=${conversation} does=${does} />`} />
      <${Clinic} clinic=${clinic} act=${does.act} id=${idOf('The clinic')} />
      <${PagerDuty} incidents=${conversation.incidents} does=${does} id=${idOf('PagerDuty')} />
      <${Mailbox} mails=${conversation.mails} read=${readMails} setRead=${setReadMails} id=${idOf('Mailbox')} />
    </main>
    ${form && html`<${Form} key=${form.view.callback_id + form.view.private_metadata} form=${form} people=${conversation.people} does=${does} />`}`;
}

function idOf(pane: Pane): string {
  return `pane-${pane.replace(/\W+/g, '').toLowerCase()}`;
}

/** What the sandbox tells, as it happens. The browser connects again by itself. */
function useSandbox() {
  const [conversation, setConversation] = useState<Conversation | null>(null);
  const [clinic, setClinic] = useState<ClinicView | null>(null);
  const [isConnected, setConnected] = useState(true);
  useEffect(() => {
    const events = new EventSource('/events');
    events.addEventListener('conversation', ({ data }) => setConversation(JSON.parse(data)));
    events.addEventListener('clinic', ({ data }) => setClinic(JSON.parse(data)));
    events.onopen = () => setConnected(true);
    events.onerror = () => setConnected(false);
    return () => events.close();
  }, []);
  return { conversation, clinic, isConnected };
}

const place = document.getElementById('page');
if (place) {
  place.textContent = '';
  render(html`<${Page} />`, place);
}
