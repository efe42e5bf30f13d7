import type { Command, Decision } from './command.ts';
import { refuse } from './refusals.ts';
import { queueMessage } from './requests.ts';
import { type Incident, outboxMessage } from './state.ts';

type CheckCommand<Kind extends Command['kind']> = Extract<Command, { kind: Kind }>;

/** A check tells how far it is: with the first line its message goes out, and each further one brings it up to date. */
export function checkProgressed(incident: Incident, { check, request: id, line }: CheckCommand<'check-progressed'>, now: Date): Decision {
  const running = incident.running.find((each) => each.request === id);
  // A run that began anew after a crash tells again what it told before.
  if (running === undefined || running.lines.includes(line)) return { events: [] };
  return { events: [{ type: 'check.progressed', check, request: id, line }, ...answerOnce(incident, check, id, now)] };
}

/** A check's answer: kept, posted or brought into the message that showed its progress, with its chart and, for §17, a new report. */
export function checkAnswered(incident: Incident, command: CheckCommand<'check-answered'>, now: Date): Decision {
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
export function checkRefreshed(incident: Incident, command: CheckCommand<'check-refreshed'>, now: Date): Decision {
  const { check, request: id, verdict } = command;
  const live = incident.checks.find((answered) => answered.request === id && answered.liveUntil !== null);
  if (!live) return { events: [] };
  const conclusion = queueMessage(`check-conclusion/${id}`, { kind: 'check-conclusion', check, request: id }, now);
  return { events: [{ type: 'check.refreshed', check, request: id, verdict }, conclusion] };
}

/** A person stops a check that runs, or an answer that is kept current; it ends at its next safe point with what it knows. */
export function stopCheck(incident: Incident, { request: id }: CheckCommand<'stop-check'>): Decision {
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
