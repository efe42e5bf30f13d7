import { closest } from 'fastest-levenshtein';
import { foreignText } from '#domain/foreign-text.ts';
import type { Person } from '#domain/incident/actor.ts';
import type { Command } from '#domain/incident/commands.ts';
import { incidentName } from '#domain/incident/state.ts';
import { parseDuration, parseMoment, plus } from '#domain/time.ts';
import { currentIncident, openIncident } from '#store/facts.ts';
import { handle, type Outcome, openOrJoin } from '#workflows/handle.ts';
import type { House } from '#workflows/house.ts';
import { lookAt } from '#workflows/watch.ts';
import { contactsText, statusText, timelineText } from './incident-texts.ts';

type Verb = { readonly usage: string; readonly help: string; readonly run: (request: Request) => Promise<string> };
type Request = { readonly house: House; readonly rest: string; readonly person: Person };

const VERBS: Readonly<Record<string, Verb>> = {
  status: { usage: 'status', help: 'what is known right now', run: ({ house }) => onCurrent(house, (number) => statusText(house, number)) },
  declare: { usage: 'declare [reason]', help: 'open an incident without an alert', run: declare },
  claim: {
    usage: 'claim',
    help: 'say that you are on it; PagerDuty shows you as the responder',
    run: (request) => give(request, { kind: 'claim' }, 'You are on it.'),
  },
  cause: { usage: 'cause <text>', help: 'state the root cause', run: (request) => state(request, 'state-cause', 'the root cause') },
  action: { usage: 'action <text>', help: 'state what is being done now', run: (request) => state(request, 'state-action', 'the action') },
  eta: { usage: 'eta <15m|14:30>', help: 'state when it should be over (times are UTC)', run: eta },
  note: { usage: 'note <text>', help: 'put a note on the timeline', run: (request) => state(request, 'add-note', 'the note') },
  update: {
    usage: 'update',
    help: 'post an update now',
    run: (request) => give(request, { kind: 'post-update' }, 'The update is on its way.'),
  },
  gap: { usage: 'gap start|end <time> [because …]', help: 'correct or declare the gap (times are UTC)', run: gap },
  pause: {
    usage: 'pause',
    help: 'stop the regular updates',
    run: (request) => give(request, { kind: 'pause-updates' }, 'Updates are paused.'),
  },
  continue: {
    usage: 'continue',
    help: 'start them again',
    run: (request) => give(request, { kind: 'continue-updates' }, 'Updates go on.'),
  },
  escalate: {
    usage: 'escalate',
    help: 'page the next PagerDuty level',
    run: (request) => give(request, { kind: 'escalate' }, 'PagerDuty is being asked to page the next level.'),
  },
  resolve: { usage: 'resolve [root cause]', help: 'check that records are written and no gap is open, then resolve', run: resolve },
  report: { usage: 'report', help: 'write the gap report as it stands now', run: report },
  timeline: {
    usage: 'timeline',
    help: 'the latest entries of the timeline',
    run: ({ house }) => onCurrent(house, (number) => timelineText(house, number)),
  },
  contacts: { usage: 'contacts', help: 'who to reach', run: async ({ house }) => contactsText(house.policy) },
  help: { usage: 'help', help: 'this list', run: async () => incidentHelp() },
};

/** `/incident <verb>`: does what a person asks of the incident and answers them in words. */
export async function incidentCommand(house: House, text: string, person: Person): Promise<string> {
  const [, name = '', rest = ''] = /^(\S*)\s*([\s\S]*)$/.exec(text.trim()) ?? [];
  const verb = VERBS[name.toLowerCase() || 'help'];
  if (verb) return verb.run({ house, rest: rest.trim(), person });
  return `There is no \`/incident ${name.slice(0, 30)}\`. Did you mean \`/incident ${closest(name, Object.keys(VERBS))}\`?\n${incidentHelp()}`;
}

function incidentHelp(): string {
  return Object.values(VERBS)
    .map(({ usage, help }) => `• \`/incident ${usage}\`: ${help}`)
    .join('\n');
}

const NONE_OPEN = 'No incident is open. `/incident declare <reason>` opens one.';

async function onCurrent(house: House, work: (number: number) => Promise<string>): Promise<string> {
  const number = await currentIncident(house.database);
  return number === null ? NONE_OPEN : work(number);
}

/** Gives a command to the current incident; answers the refusal, or `done`. */
async function give({ house, person }: Pick<Request, 'house' | 'person'>, command: Command, done: string): Promise<string> {
  return onCurrent(house, async (number) => said(await handle(house, number, command, person), done));
}

function said({ incident, refused }: Outcome, done: string): string {
  return refused ? refused.says : `${incident ? `${incidentName(incident.number)}: ` : ''}${done}`;
}

async function declare({ house, rest, person }: Request): Promise<string> {
  const reason = foreignText(rest, 300) || 'declared by a person';
  const outcome = await openOrJoin(house, (number) => ({ kind: 'declare', number, reason }), person);
  return said(outcome, 'Opened. The initial post appears in the channel.');
}

async function state(request: Request, kind: 'state-cause' | 'state-action' | 'add-note', what: string): Promise<string> {
  const text = foreignText(request.rest, 1_000);
  const verb = { 'state-cause': 'cause', 'state-action': 'action', 'add-note': 'note' }[kind];
  if (text === '') return `Say ${what}: \`/incident ${verb} <text>\`.`;
  return give(request, { kind, text }, `Kept ${what}.`);
}

async function eta(request: Request): Promise<string> {
  const now = request.house.now();
  const length = parseDuration(request.rest);
  const etaAt = length === null ? parseMoment(request.rest, now) : plus(now, length);
  if (etaAt === null)
    return `\`${request.rest.slice(0, 50)}\` is no time. Give a duration or a UTC time: \`/incident eta 15m\` or \`/incident eta 14:30\`.`;
  return give(request, { kind: 'state-eta', etaAt }, 'Kept the ETA.');
}

async function gap(request: Request): Promise<string> {
  const match = /^(start|end)\s+(.+?)(?:\s+because\s+([\s\S]+))?$/i.exec(request.rest);
  const at = match ? parseMoment(match[2] ?? '', request.house.now()) : null;
  if (!match || at === null) {
    return 'Give an edge and a UTC time: `/incident gap start 09:58`, `/incident gap end 2026-01-05 10:12 because the backlog was written`.';
  }
  const edge = match[1]?.toLowerCase() === 'start' ? 'start' : 'end';
  const because = match[3] ? foreignText(match[3], 500) : null;
  return give(request, { kind: 'move-gap', edge, at, because }, `Kept the gap's ${edge}.`);
}

async function resolve({ house, rest, person }: Request): Promise<string> {
  const number = await openIncident(house.database);
  if (number === null) return NONE_OPEN;
  const anyway = /^anyway\s+because\s+([\s\S]+)$/i.exec(rest);
  if (/^anyway\b/i.test(rest) && !anyway) return 'Say why: `/incident resolve anyway because <reason>`.';
  const rootCause = !anyway && rest !== '' ? foreignText(rest, 1_000) : null;
  const anywayBecause = anyway ? foreignText(anyway[1] ?? '', 500) : null;
  const look = await lookAt(house, number);
  const outcome = await handle(house, number, { kind: 'resolve', rootCause, anywayBecause, look }, person);
  return said(outcome, 'Resolved. The report, the resolution post and the final notice are on their way.');
}

async function report(request: Request): Promise<string> {
  return give(request, { kind: 'write-report' }, 'The report is being written and will be shared in the thread.');
}
