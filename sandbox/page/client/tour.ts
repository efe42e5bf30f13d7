import { html } from 'htm/preact';
import type { ClinicView, Conversation, PageMessage } from '../state.ts';
import { useStored } from './stored.ts';

type Seen = { readonly conversation: Conversation; readonly clinic: ClinicView; readonly readMails: readonly string[] };
type Pane = '#incidents' | 'The clinic' | 'PagerDuty' | 'Mailbox';
type Step = { readonly title: string; readonly words: string; readonly pane: Pane; readonly isDone: (seen: Seen) => boolean };

const STEPS: readonly Step[] = [
  {
    title: 'Break something',
    words: 'The clinic writes an audit record for every access to patient data. Take the right to do so away: “Revoked right”.',
    pane: 'The clinic',
    isDone: ({ clinic }) => clinic.broken !== null || clinic.silences.length > 0,
  },
  {
    title: 'Wait for the alert',
    words: 'After two minutes of failing writes PagerDuty hears of it, and so does #incidents. Let time run 10× as fast if you like.',
    pane: '#incidents',
    isDone: ({ conversation }) => conversation.messages.some(begins('🚨')),
  },
  {
    title: 'Claim it',
    words: 'Press “I’m on it” under the first post: everybody, and PagerDuty, then knows who acts.',
    pane: '#incidents',
    isDone: ({ conversation }) => conversation.messages.some((message) => /on it: <@/.test(wordsOf(message))),
  },
  {
    title: 'Find the cause',
    words: 'Press “Diagnose”, or type /audit diagnose: the runbook’s checks in one go, ending in one recommended step.',
    pane: '#incidents',
    isDone: ({ conversation }) => conversation.messages.some((message) => wordsOf(message).includes('*diagnose*')),
  },
  {
    title: 'Repair it',
    words: 'You know the cause now. Press “Repair” in the clinic and watch the gap close; Gapwatch says so when it has seen a record.',
    pane: 'The clinic',
    isDone: ({ clinic }) => clinic.broken === null && clinic.silences.length > 0 && clinic.silences.every(({ to }) => to !== null),
  },
  {
    title: 'Resolve it',
    words: 'Type /incident resolve and what the cause was. It refuses while the table is silent; try that next time.',
    pane: '#incidents',
    isDone: ({ conversation }) => conversation.messages.some(begins('✅')),
  },
  {
    title: 'Read the Privacy Officer’s mail',
    words: 'The notices came by themselves. The last one has the gap report, its chart and its timeline attached: open them.',
    pane: 'Mailbox',
    isDone: ({ conversation, readMails }) =>
      conversation.mails.some(({ attachments, url }) => attachments.length > 0 && readMails.includes(url)),
  },
];

type Tour = Seen & { readonly goTo: (pane: Pane) => void };

/** For the first visit: one step at a time, each done when it was seen to happen. */
export function Tour({ goTo, ...seen }: Tour) {
  const [isSkipped, setSkipped] = useStored('tour-skipped', false);
  if (isSkipped)
    return html`<p class="tour-again"><button class="plain" onClick=${() => setSkipped(false)}>Show the guided tour</button></p>`;
  const done = STEPS.findIndex(({ isDone }) => !isDone(seen));
  const step = STEPS[done];
  if (!step) {
    return html`<aside class="tour" aria-label="Guided tour"><p><strong>That was the whole runbook.</strong> The incident has paperwork left
      (“Assess impact”, “Tasks”); or break the clinic another way.</p><button onClick=${() => setSkipped(true)}>Done</button></aside>`;
  }
  return html`
    <aside class="tour" aria-label="Guided tour">
      <p aria-live="polite"><strong>${done + 1} of ${STEPS.length}: ${step.title}.</strong> ${step.words}</p>
      <button class="narrow" onClick=${() => goTo(step.pane)}>Go to ${step.pane}</button>
      <button onClick=${() => setSkipped(true)}>Skip the tour</button>
    </aside>`;
}

function begins(mark: string): (message: PageMessage) => boolean {
  return ({ text, onlyFor }) => onlyFor === null && text.startsWith(mark);
}

function wordsOf({ blocks, text }: PageMessage): string {
  return text + JSON.stringify(blocks);
}
