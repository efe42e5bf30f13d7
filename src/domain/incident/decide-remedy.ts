import type { Policy } from '#domain/base/policy.ts';
import { formatUtc, MINUTE, plus } from '#domain/base/time.ts';
import type { Person } from './actor.ts';
import type { Command, Decision } from './command.ts';
import type { IncidentEvent } from './event.ts';
import { refuse, refuseUnlessOpen } from './refusals.ts';
import { type RemedyRun, remedyAtWork, remedyOf } from './remedy-runs.ts';
import { queueMessage } from './requests.ts';
import { type Incident, outboxMessage } from './state.ts';

type RemedyCommand<Kind extends Command['kind']> = Extract<Command, { kind: Kind }>;

/** A plan that nobody approves is void after this time. */
const PLAN_LIVES = 15 * MINUTE;

/** Asks for a remedy: its plan is made next, and shown. One at a time, while the incident is open, and in a drill only as a plan. */
export function askRemedy(incident: Incident, command: RemedyCommand<'ask-remedy'>): Decision {
  const closed = refuseUnlessOpen(incident);
  if (closed) return closed;
  const { remedy, argument, request: id, dryRun } = command;
  if (incident.isDrill && !dryRun) {
    return refuse('drill', `A drill changes nothing real. \`/remedy ${`${remedy} ${argument}`.trim()} --dry-run\` shows the plan.`);
  }
  const other = remedyAtWork(incident.remedies);
  if (other)
    return refuse(
      'another-remedy',
      `${nameOf(other)} of ${other.askedBy.name} is ${WHERE[other.status.name]}: one remedy at a time. End or decline it first.`,
    );
  return { events: [{ type: 'remedy.asked', remedy, argument, request: id, dryRun }] };
}

const WHERE = { asked: 'being planned', planned: 'waiting for an approval', approved: 'at work', ended: 'over' } as const;

/** The plan is shown in the thread; a dry run ends with it, anything else waits for its approval. */
export function remedyPlanned(incident: Incident, { request: id, plan }: RemedyCommand<'remedy-planned'>, now: Date): Decision {
  const run = remedyOf(incident.remedies, id);
  if (run?.status.name !== 'asked') return { events: [] };
  const planned: IncidentEvent = { type: 'remedy.planned', request: id, plan, expiresAt: plus(now, PLAN_LIVES) };
  const ended: readonly IncidentEvent[] = run.isDryRun ? [end(id, 'dry-run', 'This was a dry run: nothing was changed.')] : [];
  return { events: [planned, ...ended, queueMessage(`remedy/${id}`, { kind: 'remedy-message', request: id }, now)] };
}

/** A second person says yes to the plan as it was shown. */
export function approveRemedy(
  incident: Incident,
  { request: id }: RemedyCommand<'approve-remedy'>,
  now: Date,
  policy: Policy,
  by: Person,
): Decision {
  const closed = refuseUnlessOpen(incident);
  if (closed) return closed;
  const run = remedyOf(incident.remedies, id);
  const refused = refuseUnlessPlanned(run);
  if (refused) return refused;
  if (run?.status.name !== 'planned') return { events: [] };
  if (run.status.expiresAt <= now)
    return refuse('expired', `The plan was good until ${formatUtc(run.status.expiresAt)}. Ask for the remedy again.`);
  if (run.remedy === 'recreate-table') return approveAsTwo(run, by);
  if (policy.twoPerson && run.askedBy.slackId === by.slackId) {
    return refuse('same-person', 'You asked for it: a second person must approve (`approvals.two_person` in runbook.yaml).');
  }
  return { events: [{ type: 'remedy.approved', request: id }] };
}

/** The last resort takes two people whatever the policy says; one of them may be who asked and typed the table's name. */
function approveAsTwo({ request: id, confirmedBy }: RemedyRun, by: Person): Decision {
  if (confirmedBy === null) return { events: [{ type: 'remedy.confirmed', request: id }] };
  if (confirmedBy.slackId === by.slackId) return refuse('same-person', 'You have approved it already: it takes a second person.');
  return { events: [{ type: 'remedy.approved', request: id }] };
}

/** Somebody says no, or the one who asked takes it back. */
export function declineRemedy(incident: Incident, { request: id }: RemedyCommand<'decline-remedy'>, now: Date, by: Person): Decision {
  const run = remedyOf(incident.remedies, id);
  const refused = refuseUnlessPlanned(run);
  if (refused) return refused;
  const message = run?.askedBy.slackId === by.slackId ? `${by.name} took it back.` : `${by.name} declined it.`;
  return { events: ending(incident, id, 'declined', `${message} Nothing was changed.`, now) };
}

function refuseUnlessPlanned(run: RemedyRun | undefined): Decision | null {
  if (!run) return refuse('already-so', 'There is no such remedy.');
  switch (run.status.name) {
    case 'asked':
      return refuse('already-so', 'It is still being planned.');
    case 'planned':
      return null;
    case 'approved':
      return refuse('already-so', `${run.status.by.name} has approved it already; it is at work.`);
    case 'ended':
      return refuse('already-so', `It is over: ${run.status.message}`);
    default:
      return run.status satisfies never;
  }
}

/** The time of a plan that nobody approved is over, or the time to make one. */
export function remedyExpires(
  incident: Incident,
  { request: id, what }: RemedyCommand<'remedy-expires'>,
  now: Date,
): readonly IncidentEvent[] {
  const run = remedyOf(incident.remedies, id);
  if (what === 'planning') {
    return run?.status.name === 'asked'
      ? ending(incident, id, 'refused', 'It could not be planned in time. Nothing was changed.', now)
      : [];
  }
  if (run?.status.name !== 'planned' || run.status.expiresAt > now) return [];
  return ending(incident, id, 'expired', 'Nobody approved it in time. Nothing was changed.', now);
}

/** A remedy took a step. Each is kept once, whoever tells it again. */
export function remedyProgressed(incident: Incident, command: RemedyCommand<'remedy-progressed'>): readonly IncidentEvent[] {
  const { request: id, step, line, data } = command;
  const run = remedyOf(incident.remedies, id);
  if (run?.status.name !== 'approved' || run.progress.some((each) => each.step === step)) return [];
  return [{ type: 'remedy.progressed', request: id, step, line, data: { ...data } }];
}

/** A person stops a remedy that is at work; it ends at its next safe point. */
export function stopRemedy(incident: Incident, { request: id }: RemedyCommand<'stop-remedy'>): Decision {
  const run = remedyOf(incident.remedies, id);
  if (run?.status.name !== 'approved') return refuse('already-so', 'It is not at work.');
  if (run.stoppedBy !== null) return refuse('already-so', `${run.stoppedBy} has stopped it already; it is about to end.`);
  return { events: [{ type: 'remedy.stopped', request: id }] };
}

/** A remedy came to its end; its message says how. One that has no message yet, because it could not be planned, gets one. */
export function remedyEnded(
  incident: Incident,
  { request: id, outcome, message }: RemedyCommand<'remedy-ended'>,
  now: Date,
): readonly IncidentEvent[] {
  const run = remedyOf(incident.remedies, id);
  return run === undefined || run.status.name === 'ended' ? [] : ending(incident, id, outcome, message, now);
}

type Ending = RemedyCommand<'remedy-ended'>['outcome'];

function ending(incident: Incident, id: string, outcome: Ending, message: string, now: Date): readonly IncidentEvent[] {
  const isPosted = outboxMessage(incident, `slack/remedy/${id}`) !== undefined;
  const key = isPosted ? `remedy-conclusion/${id}` : `remedy/${id}`;
  return [end(id, outcome, message), queueMessage(key, { kind: isPosted ? 'remedy-conclusion' : 'remedy-message', request: id }, now)];
}

function end(id: string, outcome: Ending, message: string): IncidentEvent {
  return { type: 'remedy.ended', request: id, outcome, message };
}

function nameOf({ remedy, argument }: RemedyRun): string {
  return `\`/remedy ${`${remedy} ${argument}`.trim()}\``;
}
