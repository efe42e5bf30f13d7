import pTimeout from 'p-timeout';
import { userOf } from '#bot/people.ts';
import type { Reply } from '#bot/reply.ts';
import { hiddenWords, takeOptions, typedDuration, typedText } from '#bot/typed.ts';
import { readMoment, readTimeAhead } from '#bot/typed-time.ts';
import { openForm } from '#bot/views/open.ts';
import { redactLine } from '#domain/base/text/foreign.ts';
import { foreignLine } from '#domain/base/text/sanitize.ts';
import { DAY, formatDuration, formatUtc, MINUTE, plus } from '#domain/base/time.ts';
import { permissionOf } from '#domain/incident/command.ts';
import { openIncident } from '#store/event-store.ts';
import { readTable } from '#workflows/checks/poll-table.ts';
import { execute, load, openOrJoin } from '#workflows/execute.ts';
import { changeGap } from './gap-change.ts';
import { give, NONE_OPEN, onIncident, type Request, said, type Verb } from './request.ts';

/** What people do while an incident is open. */
export const INCIDENT_VERBS: Readonly<Record<string, Verb>> = {
  declare: {
    usage: 'declare [--drill] [reason]',
    help: 'open an incident without an alert; a drill leaves PagerDuty and mail alone',
    run: declare,
  },
  claim: {
    usage: 'claim',
    help: 'say that you are on it; PagerDuty shows you as the responder',
    run: (request) => give(request, { kind: 'claim' }, 'You are on it.'),
  },
  roles: {
    usage: 'roles',
    help: 'a form: hand over, or say who writes',
    run: (request) => onIncident(request, (number) => openForm(request.context, request.asker, 'roles', number)),
  },
  handover: {
    usage: 'handover @name',
    help: 'hand the incident over',
    run: (request) => name(request, 'hand-over', 'Handed over.'),
  },
  scribe: { usage: 'scribe @name', help: 'say who writes', run: (request) => name(request, 'name-scribe', 'Kept who writes.') },
  cause: { usage: 'cause <text>', help: 'state the root cause', run: (request) => state(request, 'state-cause', 'the root cause') },
  action: { usage: 'action <text>', help: 'state what is being done now', run: (request) => state(request, 'state-action', 'the action') },
  eta: { usage: 'eta <15m|14:30>', help: 'state when it should be over (times are UTC)', run: eta },
  note: { usage: 'note <text>', help: 'put a note on the timeline, without identities', run: note },
  update: {
    usage: 'update',
    help: 'post an update now; the button Update asks for status, action and ETA first',
    run: (request) => give(request, { kind: 'post-update' }, 'The update is on its way.'),
  },
  gap: {
    permission: permissionOf('move-gap'),
    usage: 'gap [start|end <time> [because …]]',
    help: 'correct or declare the gap (times are UTC); alone, a form',
    run: gap,
  },
  pause: { usage: 'pause [30m]', help: 'stop the regular updates for a while, 30 minutes unless said', run: pause },
  continue: {
    usage: 'continue',
    help: 'start them again',
    run: (request) => give(request, { kind: 'continue-updates' }, 'Updates go on.'),
  },
  escalate: {
    permission: permissionOf('escalate'),
    usage: 'escalate',
    help: 'page the next PagerDuty level',
    run: escalate,
  },
  resolve: {
    permission: permissionOf('resolve'),
    usage: 'resolve [root cause]',
    help: 'check that records are written and no gap is open, then resolve',
    run: resolve,
  },
  report: {
    usage: 'report',
    help: 'write the gap report as it stands now',
    run: (request) => give(request, { kind: 'write-report' }, 'The report is being written and will be shared in the thread.'),
  },
};

async function declare({ context, rest, asker }: Request): Promise<Reply> {
  const options = takeOptions(rest, ['drill']);
  if (options.unknown !== null)
    return `\`${redactLine(options.unknown, 30)}\` is no option of \`/incident declare\`; the only one is \`--drill\`.`;
  const isDrill = options.given.has('drill');
  if (!isDrill && /^(a\s+)?drill\b/i.test(options.rest))
    return 'Is this an exercise? Then it is `/incident declare --drill <what>`. If it is real, begin with what you see.';
  const typed = typedText(options.rest, 300);
  if (typed === '' && !isDrill) {
    const problem = await openForm(context, asker, 'declare', null);
    return problem;
  }
  const reason = typed || 'a drill';
  const outcome = await openOrJoin(context, (number) => ({ kind: 'declare', number, reason, isDrill }), asker);
  const done = isDrill ? 'The drill begins. The initial post appears in the channel.' : 'Opened. The initial post appears in the channel.';
  return said(outcome, done, hiddenWords(rest, reason));
}

/** Names somebody by a mention, which Slack sends with their ID. */
async function name(request: Request, kind: 'hand-over' | 'name-scribe', done: string): Promise<Reply> {
  const slackId = request.mentions[0];
  const verb = kind === 'hand-over' ? 'handover' : 'scribe';
  if (slackId === undefined)
    return `Pick the person from the list that Slack shows behind the @: \`/incident ${verb} @name\`. \`/incident roles\` is a form for it.`;
  const user = await userOf(request.context, slackId);
  if (user === null) return 'Slack did not tell who this is. Try again in a moment.';
  if (user.isOutside) return 'That is a guest, somebody of another workspace or a bot: only a full member can be named.';
  return give(request, { kind, slackId, name: foreignLine(user.name, 80) }, done);
}

async function state(request: Request, kind: 'state-cause' | 'state-action', what: string): Promise<Reply> {
  const text = typedText(request.rest);
  const verb = { 'state-cause': 'cause', 'state-action': 'action' }[kind];
  if (text === '') return `Say ${what}: \`/incident ${verb} <text>\`.`;
  return give(request, { kind, text }, `Kept ${what}.`);
}

async function note(request: Request): Promise<Reply> {
  const text = redactLine(request.rest, 3_000);
  return text === '' ? 'Say the note: `/incident note <text>`.' : give(request, { kind: 'add-note', text }, 'Kept the note.');
}

async function eta(request: Request): Promise<Reply> {
  const read = await readTimeAhead(request.context, request.asker.person, request.rest);
  if (read === null)
    return `\`${redactLine(request.rest, 50)}\` is no time. Give a duration or a time: \`/incident eta 15m\`, \`/incident eta 2:30pm\` or \`/incident eta 14:30 UTC\`.`;
  return give(request, { kind: 'state-eta', etaAt: read.at }, `Kept the ETA: ${formatUtc(read.at)}. ${read.how}`.trimEnd());
}

async function gap(request: Request): Promise<Reply> {
  if (request.rest === '') return onIncident(request, (number) => openForm(request.context, request.asker, 'gap', number));
  const match = /^(start|end)\s+(.+?)(\s+anyway)?(?:\s+because\s+([\s\S]+))?$/i.exec(request.rest);
  const read = match ? await readMoment(request.context, request.asker.person, match[2] ?? '') : null;
  if (!match || read === null) {
    return 'Say which end (start or end) and the time: `/incident gap start 9:58am`, `/incident gap start 14:58 UTC`, `/incident gap end 2026-01-05 10:12 because the backlog was written`. Without a zone it is read in your own.';
  }
  const edge = match[1]?.toLowerCase() === 'start' ? 'start' : 'end';
  const isAnyway = match[3] !== undefined;
  if (isAnyway && match[4] === undefined) return `Add the reason: \`/incident gap ${edge} <time> anyway because <reason>\`.`;
  const because = match[4] ? typedText(match[4]) : null;
  return onIncident(request, (number) =>
    changeGap(request.context, request.asker, number, { edge, at: read.at, because, anyway: isAnyway }, read.how),
  );
}

/** PagerDuty may be slow; paging must not wait for it. */
const LEVELS_WITHIN_MILLISECONDS = 1_200;

async function escalate(request: Request): Promise<Reply> {
  const { context } = request;
  return onIncident(request, async (number) => {
    const { incident } = await load(context, number);
    const alert = incident?.alerts.findLast(({ status }) => status !== 'resolved');
    const next = (incident?.pagedLevel ?? 1) + 1;
    const asked = alert ? context.pagerduty.onCalls(alert.id).catch(() => []) : Promise.resolve([]);
    const levels = await pTimeout(asked, { milliseconds: LEVELS_WITHIN_MILLISECONDS, fallback: () => [] });
    if (levels.length > 0 && levels.every(({ level }) => level < next)) {
      const names = [...new Set(levels.flatMap((each) => each.names))].join(', ');
      return `There is no next level: PagerDuty's escalation policy ends at level ${next - 1}. On call are ${names}: call somebody else yourself.`;
    }
    return give(request, { kind: 'escalate' }, 'PagerDuty is being asked to page the next level.');
  });
}

const PAUSE = 30 * MINUTE;

async function pause(request: Request): Promise<Reply> {
  const length = request.rest === '' ? PAUSE : typedDuration(request.rest);
  if (length === null || length <= 0 || length > DAY) {
    return `\`${redactLine(request.rest, 50)}\` is no pause. Give a duration up to 24 hours: \`/incident pause 30m\`.`;
  }
  const until = plus(request.context.now(), length);
  return give(request, { kind: 'pause-updates', until }, `Updates are paused for ${formatDuration(length)}, until ${formatUtc(until)}.`);
}

async function resolve({ context, rest, asker, number: named }: Request): Promise<Reply> {
  const number = named ?? (await openIncident(context.database));
  if (number === null) return NONE_OPEN;
  const anyway = /^anyway\s+because\s+([\s\S]+)$/i.exec(rest);
  if (/^anyway\b/i.test(rest) && !anyway) return 'Say why: `/incident resolve anyway because <reason>`.';
  const rootCause = !anyway && rest !== '' ? typedText(rest) : null;
  const anywayBecause = anyway ? typedText(anyway[1]) : null;
  const reading = await readTable(context, number);
  const outcome = await execute(context, number, { kind: 'resolve', rootCause, anywayBecause, reading }, asker);
  const done = 'Resolved. The report, the resolution post and the final notice are on their way.';
  return said(outcome, done, hiddenWords(rest, [rootCause, anywayBecause]));
}
