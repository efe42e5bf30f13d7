import { formatUtc, MINUTE, plus } from '#domain/base/time.ts';
import { queueMessage } from '#domain/incident/outbox/queue.ts';
import type { RemedyName } from '#domain/remedies/index.ts';
import type { Plan, RemedyOutcome } from '#domain/remedies/plan.ts';
import { type Actor, actorName, type Person } from './actor.ts';
import { type CommandRows, type Decision, type Evolutions, personOf, refuse, refuseUnlessOpen, type TimelineTexts } from './concern.ts';
import type { EventOf, EventType, IncidentEvent } from './event.ts';
import { approveRemedy, refuseUnlessPlanned } from './remedy-approval.ts';
import { type Incident, outboxMessage, type Progress, type RemedyRun, type Who } from './state.ts';
import type { Timer, TimerOf } from './timer-command.ts';

/** Remedies that were asked for: planned, approved by people, run step by step, ended (runbook steps 9 to 12). */
export type RemedyCommand =
  | {
      readonly kind: 'ask-remedy';
      readonly remedy: RemedyName;
      readonly argument: string;
      readonly request: string;
      readonly dryRun: boolean;
    }
  | { readonly kind: 'remedy-planned'; readonly request: string; readonly plan: Plan }
  | { readonly kind: 'approve-remedy'; readonly request: string }
  | { readonly kind: 'decline-remedy'; readonly request: string }
  | { readonly kind: 'stop-remedy'; readonly request: string }
  | {
      readonly kind: 'remedy-progressed';
      readonly request: string;
      readonly step: string;
      readonly line: string;
      readonly data: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'remedy-ended'; readonly request: string; readonly outcome: RemedyOutcome; readonly message: string }
  | TimerOf<'remedy-expires'>;

type Of<Kind extends RemedyCommand['kind']> = Extract<RemedyCommand, { kind: Kind }>;

export const remedyCommands: CommandRows<RemedyCommand> = {
  'ask-remedy': { permission: 'confirmed-member', decide: (incident, command) => askRemedy(incident, command) },
  'remedy-planned': { permission: 'nobody', decide: (incident, command, { now }) => remedyPlanned(incident, command, now) },
  'approve-remedy': {
    permission: 'approver',
    decide: (incident, { request }, context) => approveRemedy(incident, remedyOf(incident.remedies, request), context),
  },
  'decline-remedy': {
    permission: 'confirmed-member',
    decide: (incident, command, context) => declineRemedy(incident, command, context.now, personOf(context)),
  },
  'stop-remedy': { permission: 'confirmed-member', decide: (incident, command) => stopRemedy(incident, command) },
  'remedy-progressed': { permission: 'nobody', decide: (incident, command) => ({ events: remedyProgressed(incident, command) }) },
  'remedy-ended': { permission: 'nobody', decide: (incident, command, { now }) => ({ events: remedyEnded(incident, command, now) }) },
  'remedy-expires': { permission: 'nobody', decide: (incident, command, { now }) => ({ events: remedyExpires(incident, command, now) }) },
};

type RemedyEvent = EventOf<`remedy.${string}` & EventType>['type'];

export const remedyEvolutions: Evolutions<RemedyEvent> = {
  'remedy.asked': (incident, { request, remedy, argument, dryRun }, { at, by }) => ({
    ...incident,
    remedies: [
      ...incident.remedies,
      {
        ...{ request, remedy, argument, isDryRun: dryRun, askedBy: whoIs(by), askedAt: at, status: { name: 'asked' } },
        ...{ plan: null, confirmedBy: null, approvedBy: null, stoppedBy: null, progress: [] },
      },
    ],
  }),
  'remedy.planned': (incident, { request, plan, expiresAt }) =>
    withRun(incident, request, { plan, status: { name: 'planned', expiresAt } }),
  'remedy.confirmed': (incident, { request }, { by }) => withRun(incident, request, { confirmedBy: whoIs(by) }),
  'remedy.approved': (incident, { request }, { at, by }) =>
    withRun(incident, request, { approvedBy: whoIs(by), status: { name: 'approved', by: whoIs(by), at } }),
  'remedy.progressed': (incident, { request, step, line, data }, { at }) =>
    withRun(incident, request, { progress: [...(remedyOf(incident.remedies, request)?.progress ?? []), { step, line, at, data }] }),
  'remedy.stopped': (incident, { request }, { by }) => withRun(incident, request, { stoppedBy: actorName(by) }),
  'remedy.ended': (incident, { request, outcome, message }) => withRun(incident, request, { status: { name: 'ended', outcome, message } }),
};

function withRun(incident: Incident, request: string, change: Partial<RemedyRun>): Incident {
  return { ...incident, remedies: incident.remedies.map((run) => (run.request === request ? { ...run, ...change } : run)) };
}

function whoIs(by: Actor): Who {
  return by.kind === 'person' ? { slackId: by.slackId, name: by.name } : { slackId: '', name: actorName(by) };
}

export const remedyTexts: TimelineTexts<RemedyEvent> = {
  'remedy.asked': ({ remedy, argument, dryRun }) => `Remedy ${`${remedy} ${argument}`.trim()} asked for${dryRun ? ' as a dry run' : ''}`,
  'remedy.planned': ({ plan, expiresAt }) =>
    `Remedy planned, good until ${formatUtc(expiresAt)}: ${plan.what} Rests on: ${plan.basis}. To go back: ${plan.back}`,
  'remedy.confirmed': () => 'Remedy confirmed by the first of two people',
  'remedy.approved': () => 'Remedy approved',
  'remedy.progressed': ({ line }) => `Remedy: ${line}`,
  'remedy.stopped': () => 'Remedy stopped by hand; it ends at its next safe point',
  'remedy.ended': ({ outcome, message }) => `Remedy ended (${outcome}): ${message}`,
};

/** A remedy that was asked for and not planned by then is over: it must not keep others from being asked for. */
const PLANNED_WITHIN = 5 * MINUTE;

/** Returns the end of the time to plan a remedy, and of a plan that waits for its approval. */
export function remedyTimers({ remedies }: Incident): readonly Timer[] {
  return remedies.flatMap(({ request, status, askedAt }): readonly Timer[] => {
    if (status.name === 'asked')
      return [{ command: { kind: 'remedy-expires', request, what: 'planning' }, dueAt: plus(askedAt, PLANNED_WITHIN) }];
    return status.name === 'planned' ? [{ command: { kind: 'remedy-expires', request, what: 'plan' }, dueAt: status.expiresAt }] : [];
  });
}

/** A plan that nobody approves is void after this time. */
const PLAN_LIVES = 15 * MINUTE;

/** Asks for a remedy: its plan is made next, and shown. One at a time, while the incident is open, and in a drill only as a plan. */
export function askRemedy(incident: Incident, command: Of<'ask-remedy'>): Decision {
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
export function remedyPlanned(incident: Incident, { request: id, plan }: Of<'remedy-planned'>, now: Date): Decision {
  const run = remedyOf(incident.remedies, id);
  if (run?.status.name !== 'asked') return { events: [] };
  const planned: IncidentEvent = { type: 'remedy.planned', request: id, plan, expiresAt: plus(now, PLAN_LIVES) };
  const ended: readonly IncidentEvent[] = run.isDryRun ? [end(id, 'dry-run', 'This was a dry run: nothing was changed.')] : [];
  return { events: [planned, ...ended, queueMessage(`remedy/${id}`, { kind: 'remedy-message', request: id }, now)] };
}

/** Somebody says no, or the one who asked takes it back. */
export function declineRemedy(incident: Incident, { request: id }: Of<'decline-remedy'>, now: Date, by: Person): Decision {
  const run = remedyOf(incident.remedies, id);
  const refused = refuseUnlessPlanned(run);
  if (refused) return refused;
  const message = run?.askedBy.slackId === by.slackId ? `${by.name} took it back.` : `${by.name} declined it.`;
  return { events: ending(incident, id, 'declined', `${message} Nothing was changed.`, now) };
}

/** The time of a plan that nobody approved is over, or the time to make one. */
export function remedyExpires(incident: Incident, { request: id, what }: Of<'remedy-expires'>, now: Date): readonly IncidentEvent[] {
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
export function remedyProgressed(incident: Incident, command: Of<'remedy-progressed'>): readonly IncidentEvent[] {
  const { request: id, step, line, data } = command;
  const run = remedyOf(incident.remedies, id);
  if (run?.status.name !== 'approved' || run.progress.some((each) => each.step === step)) return [];
  return [{ type: 'remedy.progressed', request: id, step, line, data: { ...data } }];
}

/** A person stops a remedy that is at work; it ends at its next safe point. */
export function stopRemedy(incident: Incident, { request: id }: Of<'stop-remedy'>): Decision {
  const run = remedyOf(incident.remedies, id);
  if (run?.status.name !== 'approved') return refuse('already-so', 'It is not at work.');
  if (run.stoppedBy !== null) return refuse('already-so', `${run.stoppedBy} has stopped it already; it is about to end.`);
  return { events: [{ type: 'remedy.stopped', request: id }] };
}

/** A remedy came to its end; its message says how. One that has no message yet, because it could not be planned, gets one. */
export function remedyEnded(
  incident: Incident,
  { request: id, outcome, message }: Of<'remedy-ended'>,
  now: Date,
): readonly IncidentEvent[] {
  const run = remedyOf(incident.remedies, id);
  return run === undefined || run.status.name === 'ended' ? [] : ending(incident, id, outcome, message, now);
}

type Ending = Of<'remedy-ended'>['outcome'];

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
/** The remedy that is asked for, planned or at work; only one is at a time. */
export function remedyAtWork(runs: readonly RemedyRun[]): RemedyRun | undefined {
  return runs.find(({ status }) => status.name !== 'ended');
}

/** The remedy that was asked for under this name. */
export function remedyOf(runs: readonly RemedyRun[], request: string): RemedyRun | undefined {
  return runs.find((run) => run.request === request);
}

/** A step of a remedy, once it was taken. */
export function stepOf({ progress }: RemedyRun, step: string): Progress | undefined {
  return progress.find((each) => each.step === step);
}
