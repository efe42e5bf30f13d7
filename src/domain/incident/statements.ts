import { formatUtc } from '#domain/base/time.ts';
import { announce } from '#domain/incident/outbox/queue.ts';
import { type CommandRows, type Decision, type Evolutions, refuseUnlessAhead, type TimelineTexts } from './concern.ts';
import type { Detail, IncidentEvent } from './event.ts';
import type { Incident } from './state.ts';

/** What people state: cause, action, ETA, notes, and the messages of the thread that are kept. */
export type StatementCommand =
  | { readonly kind: 'state-cause'; readonly text: string }
  | { readonly kind: 'state-action'; readonly text: string }
  | { readonly kind: 'state-eta'; readonly etaAt: Date }
  | { readonly kind: 'add-note'; readonly text: string }
  | {
      readonly kind: 'keep-message';
      readonly ts: string;
      readonly author: string;
      readonly text: string;
      /** A kept message was corrected, or deleted. */
      readonly change?: 'edited' | 'deleted';
    };

export const statementCommands: CommandRows<StatementCommand> = {
  'state-cause': { permission: 'member', decide: (incident, command, { now }) => stated(incident, command, now) },
  'state-action': { permission: 'member', decide: (incident, command, { now }) => stated(incident, command, now) },
  'state-eta': { permission: 'member', decide: (incident, command, { now }) => stated(incident, command, now) },
  'add-note': { permission: 'member', decide: (incident, command, { now }) => stated(incident, command, now) },
  'keep-message': { permission: 'anybody', decide: (incident, command) => keepMessage(incident, command) },
};

type StatementEvent = 'cause.stated' | 'action.stated' | 'eta.stated' | 'note.added' | 'detail.stated' | 'message.kept';

export const statementEvolutions: Evolutions<StatementEvent> = {
  'cause.stated': (incident, { text }) => ({ ...incident, rootCause: text }),
  'action.stated': (incident, { text }) => ({ ...incident, action: text, unchangedUpdates: 0 }),
  'eta.stated': (incident, { etaAt }) => ({ ...incident, etaAt, unchangedUpdates: 0 }),
  'note.added': (incident) => incident,
  'detail.stated': (incident, { detail, text }) => ({
    ...incident,
    followUp: { ...incident.followUp, details: { ...incident.followUp.details, [detail]: text } },
  }),
  'message.kept': (incident, event) => ({ ...incident, kept: [...incident.kept, keptKey(event)] }),
};

export const statementTexts: TimelineTexts<StatementEvent> = {
  'cause.stated': ({ text }) => `Root cause: ${text}`,
  'action.stated': ({ text }) => `Action: ${text}`,
  'eta.stated': ({ etaAt }) => `ETA: ${formatUtc(etaAt)}`,
  'note.added': ({ text }) => `Note: ${text}`,
  'detail.stated': ({ detail, text }) => `${DETAIL_TITLES[detail]}: ${text}`,
  'message.kept': ({ ts, author, text, change }) => {
    if (change === undefined) return `${author} in Slack: ${text}`;
    const former = `the message of ${formatUtc(new Date(Number(ts) * 1_000))}`;
    return change === 'edited' ? `${author} in Slack corrected ${former}: ${text}` : `Deleted from Slack: ${former} by ${author}`;
  },
};

/** What a person's detail is called, for readers. */
export const DETAIL_TITLES: Readonly<Record<Detail, string>> = {
  resolution: 'What was done',
  prevention: 'Prevention',
  controls: 'Compensating controls',
  impact: 'Compliance impact',
};

type Statement = Exclude<StatementCommand, { kind: 'keep-message' }>;

/** What a person states: root cause, current action, ETA, or a note. Each is kept; the thread shows who said it. */
export function stated(incident: Incident, command: Statement, now: Date): Decision {
  const told = (what: string, text: string): IncidentEvent => announce(incident, now, 'stated', { what, text });
  switch (command.kind) {
    case 'state-cause':
      return { events: [{ type: 'cause.stated', text: command.text }, told('Root cause', command.text)] };
    case 'state-action':
      return { events: [{ type: 'action.stated', text: command.text }, told('Action', command.text)] };
    case 'state-eta':
      return (
        refuseUnlessAhead(command.etaAt, now, 'Give a time ahead, such as `/incident eta 15m`.') ?? {
          events: [{ type: 'eta.stated', etaAt: command.etaAt }, told('ETA', formatUtc(command.etaAt))],
        }
      );
    case 'add-note':
      return { events: [{ type: 'note.added', text: command.text }, told('Note', command.text)] };
    default:
      return command satisfies never;
  }
}
/** A message of the thread, or a pinned one, goes on the timeline; the same text of the same message only once. */
export function keepMessage(incident: Incident, command: Extract<StatementCommand, { kind: 'keep-message' }>): Decision {
  const { ts, author, text, change } = command;
  if (incident.kept.includes(keptKey({ ts, text }))) return { events: [] };
  return { events: [{ type: 'message.kept', ts, author, text, ...(change === undefined ? {} : { change }) }] };
}
/** What makes a kept message the same one: an edited text is another entry. */
export function keptKey({ ts, text }: { readonly ts: string; readonly text: string }): string {
  return `${ts} ${text}`;
}
