import type { Verdict } from '#domain/checks/verdict.ts';
import { queueMessage } from '#domain/incident/outbox/queue.ts';
import { actorName } from './actor.ts';
import { type CommandRows, type Decision, type Evolutions, refuse, type TimelineTexts } from './concern.ts';
import { type Incident, outboxMessage } from './state.ts';

/** Checks that were asked for on the incident: their progress, their answers, and those kept current. */
export type CheckCommand =
  | { readonly kind: 'request-check'; readonly check: string; readonly argument: string; readonly request: string }
  | { readonly kind: 'check-progressed'; readonly check: string; readonly request: string; readonly line: string }
  | { readonly kind: 'stop-check'; readonly request: string }
  | {
      readonly kind: 'check-answered';
      readonly check: string;
      readonly request: string;
      readonly verdict: Verdict;
      readonly liveUntil: Date | null;
    }
  | { readonly kind: 'check-refreshed'; readonly check: string; readonly request: string; readonly verdict: Verdict };

type Of<Kind extends CheckCommand['kind']> = Extract<CheckCommand, { kind: Kind }>;

export const checkCommands: CommandRows<CheckCommand> = {
  'request-check': { permission: 'member', decide: requestCheck },
  'check-progressed': { permission: 'nobody', decide: (incident, command, { now }) => checkProgressed(incident, command, now) },
  'stop-check': { permission: 'member', decide: (incident, command) => stopCheck(incident, command) },
  'check-answered': { permission: 'nobody', decide: (incident, command, { now }) => checkAnswered(incident, command, now) },
  'check-refreshed': { permission: 'nobody', decide: (incident, command, { now }) => checkRefreshed(incident, command, now) },
};

type CheckEvent = 'check.requested' | 'check.progressed' | 'check.stopped' | 'check.answered' | 'check.refreshed';

export const checkEvolutions: Evolutions<CheckEvent> = {
  'check.requested': (incident, { check, request }, { by }) => ({
    ...incident,
    running: [...incident.running, { check, request, askedBy: actorName(by), lines: [], stoppedBy: null }],
  }),
  'check.progressed': (incident, { request, line }) => ({
    ...incident,
    running: changeOne(incident.running, request, (run) => ({ ...run, lines: [...run.lines, line] })),
  }),
  'check.stopped': (incident, { request }, { by }) => ({
    ...incident,
    running: changeOne(incident.running, request, (run) => ({ ...run, stoppedBy: actorName(by) })),
    checks: changeOne(incident.checks, request, (answered) => ({ ...answered, stoppedBy: actorName(by) })),
  }),
  'check.answered': (incident, { check, request, verdict, liveUntil = null }, { at }) => ({
    ...incident,
    running: incident.running.filter((run) => run.request !== request),
    checks: [...incident.checks, { check, request, verdict, at, liveUntil, stoppedBy: null }],
  }),
  'check.refreshed': (incident, { request, verdict }, { at }) => ({
    ...incident,
    checks: changeOne(incident.checks, request, (answered) => ({ ...answered, verdict, at, liveUntil: null })),
  }),
};

function changeOne<Each extends { readonly request: string }>(
  all: readonly Each[],
  request: string,
  change: (each: Each) => Each,
): readonly Each[] {
  return all.map((each) => (each.request === request ? change(each) : each));
}

export const checkTexts: TimelineTexts<CheckEvent> = {
  'check.requested': ({ check, argument }) => `Check ${`${check} ${argument}`.trim()} requested`,
  'check.progressed': ({ check, line }) => `Check ${check}: ${line}`,
  'check.stopped': ({ check }) => `Check ${check} stopped`,
  'check.answered': ({ check, verdict }) => `Check ${check}: ${verdict.level}. ${verdict.evidence}`,
  'check.refreshed': ({ check, verdict }) => `Check ${check}, last reading: ${verdict.level}. ${verdict.evidence}`,
};

/** Somebody asks for a check. The same request given again, as after a crash, is the same check. */
export function requestCheck({ running, checks }: Incident, { check, argument, request }: Of<'request-check'>): Decision {
  const isKnown = [...running, ...checks].some((each) => each.request === request);
  return { events: isKnown ? [] : [{ type: 'check.requested', check, argument, request }] };
}

/** A check tells how far it is: with the first line its message goes out, and each further one brings it up to date. */
export function checkProgressed(incident: Incident, { check, request: id, line }: Of<'check-progressed'>, now: Date): Decision {
  const running = incident.running.find((each) => each.request === id);
  // A run that began anew after a crash tells again what it told before.
  if (running === undefined || running.lines.includes(line)) return { events: [] };
  return { events: [{ type: 'check.progressed', check, request: id, line }, ...answerOnce(incident, check, id, now)] };
}

/** A check's answer: kept, posted or brought into the message that showed its progress, with its chart and, for §17, a new report. */
export function checkAnswered(incident: Incident, command: Of<'check-answered'>, now: Date): Decision {
  const { check, request: id, verdict, liveUntil } = command;
  if (incident.checks.some((answered) => answered.request === id)) return { events: [] };
  const isPosted = outboxMessage(incident, `slack/check/${id}`) !== undefined;
  return {
    events: [
      { type: 'check.answered', check, request: id, verdict, ...(liveUntil === null ? {} : { liveUntil }) },
      ...answerOnce(incident, check, id, now),
      ...(isPosted ? [queueMessage(`check-conclusion/${id}`, { kind: 'check-conclusion', check, request: id }, now)] : []),
      ...(verdict.chart === undefined ? [] : [queueMessage(`chart/${id}`, { kind: 'share-chart', check, request: id }, now)]),
      ...(check === 'reconstruct' ? [queueMessage(`gap-report/${incident.eventCount}`, { kind: 'gap-report' }, now)] : []),
    ],
  };
}

/** The last reading of an answer that was kept current: it is on the record, and the message says that it is over. */
export function checkRefreshed(incident: Incident, command: Of<'check-refreshed'>, now: Date): Decision {
  const { check, request: id, verdict } = command;
  const live = incident.checks.find((answered) => answered.request === id && answered.liveUntil !== null);
  if (!live) return { events: [] };
  const conclusion = queueMessage(`check-conclusion/${id}`, { kind: 'check-conclusion', check, request: id }, now);
  return { events: [{ type: 'check.refreshed', check, request: id, verdict }, conclusion] };
}

/** A person stops a check that runs, or an answer that is kept current; it ends at its next safe point with what it knows. */
export function stopCheck(incident: Incident, { request: id }: Of<'stop-check'>): Decision {
  const found =
    incident.running.find((each) => each.request === id) ??
    incident.checks.find((answered) => answered.request === id && answered.liveUntil !== null);
  if (!found) return refuse('already-so', 'It has ended already.');
  if (found.stoppedBy !== null) return refuse('already-so', `${found.stoppedBy} has stopped it already; it is about to end.`);
  return { events: [{ type: 'check.stopped', check: found.check, request: id }] };
}

function answerOnce(incident: Incident, check: string, id: string, now: Date) {
  return outboxMessage(incident, `slack/check/${id}`) === undefined
    ? [queueMessage(`check/${id}`, { kind: 'check-answer' as const, check, request: id }, now)]
    : [];
}
