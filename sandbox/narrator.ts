import { styleText } from 'node:util';
import { formatUtc } from '#domain/base/time.ts';
import type { MailStandIn } from './stand-ins/mail.ts';
import type { PagerDutyStandIn } from './stand-ins/pagerduty/pagerduty.ts';
import { PEOPLE, type SlackStandIn, visibleText } from './stand-ins/slack/slack.ts';

export type Narrator = ReturnType<typeof narrator>;

/** Tells a demo's events in the terminal as they happen, with the sandbox's time. */
export function narrator(now: () => Date) {
  const line = (place: string, text: string) => {
    const [first = '', ...rest] = text.split('\n');
    const head = `${formatUtc(now()).slice(11, 19)} ${place.padEnd(11)} `;
    const indent = ' '.repeat(21);
    process.stdout.write(`${styleText('dim', head)}${first}\n${rest.map((each) => `${indent}${each}\n`).join('')}`);
  };
  return {
    aside: (text: string) => process.stdout.write(`\n${styleText('bold', text)}\n\n`),
    typed: (person: string, command: string) => line(person, styleText('cyan', command)),
    answered: (person: string, answer: string) => line(`(to ${person})`, readable(answer)),
    log: (text: string) => line('gapwatch', styleText('dim', text)),
    follow: (slack: SlackStandIn, pagerduty: PagerDutyStandIn, mail: MailStandIn) => {
      slack.events.on('message', (message) => {
        const file = message.file ? `\n[file ${message.file.name}, ${message.file.content.length} characters]` : '';
        line(message.threadTs && !message.isBroadcast ? '#incidents ↳' : '#incidents', `${readable(visibleText(message))}${file}`);
      });
      pagerduty.events.on('change', (incident, type) => {
        const note = type === 'incident.annotated' ? incident.notes.at(-1) : incident.title;
        line('PagerDuty', `${type.replace('incident.', '')}: ${note}`);
      });
      mail.events.on('mail', ({ subject, attachments }) => {
        const attached = attachments.map(({ filename }) => `\n[attached: ${filename}]`).join('');
        line('mail', `to the Privacy Officer: ${subject}${attached}`);
      });
    },
  };
}

/** Slack's marks as a terminal shows them: times in UTC, links as their labels, escapes undone. */
function readable(text: string): string {
  return text
    .replace(/ \(<!date\^[^>]*> for you\)/g, '')
    .replace(/<@([UW][A-Z0-9]+)>/g, (_, id) => `@${Object.values(PEOPLE).find((person) => person.id === id)?.name ?? id}`)
    .replace(/<https?:[^|>]+\|([^>]+)>/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
