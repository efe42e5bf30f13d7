import type { Verdict } from '#domain/checks/verdict.ts';
import type { Task } from '#domain/incident/checklist.ts';
import { actionId, type Button } from './action-id.ts';

/** The blocks that Gapwatch uses, as Slack's Block Kit defines them. */
export type Block =
  | { readonly type: 'section'; readonly text: { readonly type: 'mrkdwn'; readonly text: string }; readonly accessory?: ButtonElement }
  | { readonly type: 'context'; readonly elements: readonly { readonly type: 'mrkdwn'; readonly text: string }[] }
  | { readonly type: 'actions'; readonly block_id: string; readonly elements: readonly ButtonElement[] };

type PlainText = { readonly type: 'plain_text'; readonly text: string };
type ButtonElement = {
  readonly type: 'button';
  readonly action_id: string;
  readonly text: PlainText;
  readonly value: string;
  readonly url?: string;
  readonly style?: 'primary' | 'danger';
};

/** A message ready for Slack: `text` is what notifications and screen readers show, `blocks` what the channel shows. */
export type SlackMessage = { readonly text: string; readonly blocks: readonly Block[] };

/** Slack's limits (Block Kit reference): section text, context text, message text as Gapwatch keeps it, blocks a message. */
const SECTION_LIMIT = 3_000;
const TEXT_LIMIT = 3_900;
const BLOCK_LIMIT = 49;

/**
 * A rendered template as a message. A line of three dashes begins the small print, shown as context. Text over a block's limit is
 * cut into several blocks at line ends, never inside Slack's limits of 50 blocks.
 */
export function slackMessage(rendered: string, extra: readonly Block[] = []): SlackMessage {
  const [main = '', ...small] = rendered.split(/^---$/m).map((part) => part.trim());
  const sections = pieces(main, SECTION_LIMIT).map<Block>((text) => ({ type: 'section', text: { type: 'mrkdwn', text } }));
  const context = small
    .flatMap((part) => pieces(part, 2_000))
    .map<Block>((text) => ({ type: 'context', elements: [{ type: 'mrkdwn', text }] }));
  const all = [...sections, ...context].slice(0, BLOCK_LIMIT - extra.length);
  return { text: shorten([main, ...small].join('\n'), TEXT_LIMIT), blocks: [...all, ...extra] };
}

/** The root message's buttons: what is likely next while the incident is open, and the paperwork once it is resolved. */
export function incidentButtons(incident: string, phase: 'open' | 'resolved' | 'closed'): readonly Block[] {
  const one = (name: Button, text: string) => button(name, text, incident);
  switch (phase) {
    case 'open': {
      const claim = { ...one('claim', "I'm on it"), style: 'primary' as const };
      const others = [one('diagnose', 'Diagnose'), one('update', 'Update'), one('gap', 'Gap'), one('tasks', 'Tasks')];
      return [row(claim, ...others, one('roles', 'Hand over'), one('resolve', 'Resolve'))];
    }
    case 'resolved':
      return [row(one('assess', 'Assess impact'), one('tasks', 'Tasks'), one('close', 'Close'))];
    case 'closed':
      return [];
    default:
      return phase satisfies never;
  }
}

/** One button with the incident it belongs to. */
export function singleButton(name: Button, text: string, incident: string): readonly Block[] {
  return [row(button(name, text, incident))];
}

/** Open boxes of a checklist, one tap each to tick them. */
export function taskButtons(incident: string, tasks: readonly Pick<Task, 'id' | 'number' | 'text'>[]): readonly Block[] {
  if (tasks.length === 0) return [];
  const buttons = tasks.map(({ id, number, text }) => button('task', shorten(`Done: ${number}. ${text}`, 75), `${incident} ${id}`, id));
  return [row(...buttons)];
}

/** A message of an exercise, marked so that nobody takes it for a real one. */
export function asDrill(message: SlackMessage): SlackMessage {
  const mark: Block = { type: 'context', elements: [{ type: 'mrkdwn', text: '*DRILL*: an exercise. Nothing of this is real.' }] };
  return { text: `DRILL: ${message.text}`, blocks: [mark, ...message.blocks] };
}

function button(name: Button, text: string, value: string, which = ''): ButtonElement {
  return { type: 'button', action_id: actionId(name, which), text: plain(text), value };
}

/** One tap for a verdict's next step: the command it names, or the runbook it points to, where the policy links one. */
export function nextStepButton({ nextAction }: Verdict, runbooks: Readonly<Record<string, string>>): readonly Block[] {
  switch (nextAction?.kind) {
    case undefined:
      return [];
    case 'command': {
      const { command } = nextAction;
      return [row({ type: 'button', action_id: actionId('next'), text: plain(`Run ${command}`), value: command, style: 'primary' })];
    }
    case 'runbook': {
      const { runbook } = nextAction;
      const url = runbooks[runbook];
      if (url === undefined) return [];
      const name = runbook.toUpperCase().replaceAll('-', '_');
      return [row({ type: 'button', action_id: actionId('open'), text: plain(`Open ${name}`), value: runbook, url })];
    }
    default:
      return nextAction satisfies never;
  }
}

/** What can be said to a remedy: yes or no to its plan, and stop while it is at work. */
export function remedyButtons(phase: 'planned' | 'at-work', value: string): readonly Block[] {
  if (phase === 'at-work') return [row(button('remedy-stop', 'Stop', value))];
  return [row({ ...button('remedy-approve', 'Approve', value), style: 'danger' }, button('remedy-decline', 'Decline', value))];
}

/** The button that stops a check; `request` names it. */
export function stopButton(request: string): readonly Block[] {
  return [row({ type: 'button', action_id: actionId('stop'), text: plain('Stop'), value: request })];
}

function row(...elements: readonly ButtonElement[]): Block {
  return {
    type: 'actions',
    block_id: elements
      .map(({ action_id, value }) => `${action_id}:${value}`)
      .join('/')
      .slice(0, 255),
    elements,
  };
}

function plain(text: string): PlainText {
  return { type: 'plain_text', text };
}

function pieces(text: string, limit: number): readonly string[] {
  if (text === '') return [];
  const result: string[] = [];
  let current = '';
  for (const line of text.split('\n').flatMap((each) => chunks(each, limit))) {
    if (current !== '' && current.length + 1 + line.length > limit) {
      result.push(current);
      current = line;
    } else {
      current = current === '' ? line : `${current}\n${line}`;
    }
  }
  return current === '' ? result : [...result, current];
}

/** A line over the limit in parts, cut between characters and never inside an escape such as `&amp;`. */
function chunks(line: string, limit: number): readonly string[] {
  if (line.length <= limit) return [line];
  const units = line.match(/&(?:amp|lt|gt);|<[^>]*>|./gsu) ?? [];
  const result: string[] = [];
  let current = '';
  for (const unit of units) {
    if (current.length + unit.length > limit) {
      result.push(current);
      current = '';
    }
    current += unit;
  }
  return [...result, current];
}

function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${chunks(text, limit - 1)[0] ?? ''}…`;
}
