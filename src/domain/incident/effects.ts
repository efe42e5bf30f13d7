import { NOTICE_LATE_AFTER, type Policy } from '#domain/base/policy.ts';
import { between, HOUR, later, MINUTE, plus, SECOND } from '#domain/base/time.ts';
import { DESTINATIONS, type Destination, destinationOf } from './call.ts';
import type { TimerCommand } from './command.ts';
import { nextEscalationAt } from './escalation.ts';
import type { IncidentEvent, RecordedEvent } from './event.ts';
import { hhsReminders } from './hhs.ts';
import type { Incident } from './state.ts';

/** Work for later or for outside, as data. `key` names it among the jobs that wait: asking twice makes one job. */
export type Job = { readonly key: string; readonly dueAt: Date } & (
  | { readonly kind: 'deliver'; readonly destination: Destination; readonly incident: number }
  | { readonly kind: 'first-reading' | 'watch' | 'claim-due'; readonly incident: number }
  | { readonly kind: 'update-due'; readonly incident: number; readonly number: number }
  | { readonly kind: 'notice-late'; readonly incident: number; readonly outgoing: string }
  | { readonly kind: 'timer'; readonly incident: number; readonly command: TimerCommand }
  | { readonly kind: 'count-earlier-gaps'; readonly incident: number }
  | { readonly kind: 'plan-remedy' | 'run-remedy'; readonly incident: number; readonly request: string }
  | {
      readonly kind: 'run-check';
      readonly incident: number;
      readonly check: string;
      readonly argument: string;
      readonly request: string;
    }
  | { readonly kind: 'refresh-check'; readonly incident: number; readonly check: string; readonly request: string }
);

/** What must happen, and when, because these events became known. Timers are jobs with a due time. */
export function effects(incident: Incident, recorded: readonly RecordedEvent[], policy: Policy): readonly Job[] {
  const jobs = recorded.flatMap(({ event, at }) => follows(incident, event, at, policy));
  const now = recorded.at(-1)?.at;
  if (!now) return [];
  return [...unique([...jobs, ...escalationTimer(incident, recorded, now, policy)]), ...refreshRoot(incident, jobs, now)];
}

function follows(incident: Incident, event: IncidentEvent, at: Date, policy: Policy): readonly Job[] {
  const { number } = incident;
  switch (event.type) {
    case 'incident.opened': {
      const claimDueAt = plus(at, policy.claimWithin);
      return [
        { kind: 'first-reading', incident: number, key: `first-look/${number}`, dueAt: at },
        { kind: 'claim-due', incident: number, key: `claim-due/${number}`, dueAt: claimDueAt },
      ];
    }
    case 'incident.resolved':
      return [
        { kind: 'count-earlier-gaps', incident: number, key: `survey/${number}/${incident.resolutions}`, dueAt: at },
        ...FOLLOW_UP_HOURS.map((hours) =>
          timer(number, { kind: 'follow-up-due', hours, resolution: incident.resolutions }, plus(at, hours * HOUR)),
        ),
      ];
    case 'updates.paused':
      return event.until ? [timer(number, { kind: 'pause-over', until: event.until }, event.until)] : [];
    case 'post-mortem.scheduled':
      return [timer(number, { kind: 'post-mortem-due', for: event.for }, event.for)];
    case 'hhs.decided':
      return event.required
        ? hhsReminders(incident, at).map(({ daysLeft, at: due }) => timer(number, { kind: 'hhs-due', daysLeft }, due))
        : [];
    case 'outbox.delivered':
      return event.answer.asksReceipt ? [timer(number, { kind: 'receipt-due', key: event.key }, plus(at, RECEIPT_WITHIN))] : [];
    case 'incident.reopened':
      return [watch(number, plus(at, policy.watch.every))];
    case 'update.scheduled':
      return [
        { kind: 'update-due', incident: number, number: event.number, key: `update/${number}/${event.number}`, dueAt: event.dueAt },
        timer(number, { kind: 'nudge-due', update: event.number }, plus(event.dueAt, -MINUTE)),
      ];
    case 'check.requested': {
      const { check, argument, request } = event;
      return [{ kind: 'run-check', incident: number, check, argument, request, key: `check/${request}`, dueAt: at }];
    }
    case 'remedy.asked':
      return [
        { kind: 'plan-remedy', incident: number, request: event.request, key: `plan/${event.request}`, dueAt: at },
        // A plan that can't be made must not keep others from being asked for.
        timer(number, { kind: 'remedy-expires', request: event.request, what: 'planning' }, plus(at, PLANNED_WITHIN)),
      ];
    case 'remedy.planned':
      return [timer(number, { kind: 'remedy-expires', request: event.request, what: 'plan' }, event.expiresAt)];
    case 'remedy.approved':
      return [runRemedy(number, event.request, at)];
    case 'check.answered':
      return event.liveUntil === undefined ? [] : [keepCurrent(number, event, at)];
    case 'outbox.queued':
      return [destination(number, destinationOf(event.payload), later(at, event.dueAt)), ...besides(number, event, at, policy)];
    default:
      // A failed call needs no job here: its destination, at the end of its run, wakes itself for the earliest retry.
      return [];
  }
}

function besides(
  number: number,
  { key, payload }: Extract<IncidentEvent, { type: 'outbox.queued' }>,
  at: Date,
  policy: Policy,
): readonly Job[] {
  if (payload.kind === 'initial-post') {
    return [watch(number, plus(at, policy.watch.every)), timer(number, { kind: 'slack-late', key }, plus(at, ROOT_LATE_AFTER))];
  }
  if (payload.kind === 'update') return [timer(number, { kind: 'slack-late', key }, plus(at, UPDATE_LATE_AFTER))];
  if (destinationOf(payload) !== 'mail') return [];
  return [
    { kind: 'notice-late', incident: number, outgoing: key, key: `notice-late/${number}/${key}`, dueAt: plus(at, NOTICE_LATE_AFTER) },
  ];
}

/** What is still open is named so long after the resolution (runbook, "Post-Incident (24-48 hours)"). */
const FOLLOW_UP_HOURS = [24, 48];
/** A notice's receipt should be acknowledged within this time. */
const RECEIPT_WITHIN = HOUR;
/** A remedy that was asked for and not planned by then is over. */
const PLANNED_WITHIN = 5 * MINUTE;
/** Without a root message for so long, people are told by other ways. */
const ROOT_LATE_AFTER = 2 * MINUTE;

/** An update that can't be posted for so long is another sign of the same. Shorter than the usual interval, after which the next one replaces it. */
const UPDATE_LATE_AFTER = 3 * MINUTE;

/** A command for later, by the clock. The same command for the same moment is one job. */
function timer(number: number, command: TimerCommand, dueAt: Date): Job {
  const { kind, ...rest } = command;
  const detail = Object.values(rest)
    .map((value) => (value instanceof Date ? value.getTime() : value))
    .join('/');
  return { kind: 'timer', incident: number, command, key: `${kind}/${number}/${detail || dueAt.getTime()}`, dueAt };
}

/** Events after which an escalation's time may be another one. */
const MOVES_ESCALATIONS = /^(?:incident\.|gap\.|escalation\.reached)/;

/** The next escalation, by the state as it is now: a corrected gap moves it. */
function escalationTimer(incident: Incident, recorded: readonly RecordedEvent[], now: Date, policy: Policy): readonly Job[] {
  if (!recorded.some(({ event }) => MOVES_ESCALATIONS.test(event.type))) return [];
  const dueAt = nextEscalationAt(incident, now, policy);
  return dueAt === null ? [] : [timer(incident.number, { kind: 'escalation-due' }, later(dueAt, now))];
}

/** How often an answer that is kept current is read anew. */
const REFRESH_EVERY = 5 * SECOND;

/** The next reading of an answer that is kept current. */
export function keepCurrent(number: number, { check, request }: { readonly check: string; readonly request: string }, now: Date): Job {
  return { kind: 'refresh-check', incident: number, check, request, key: `live/${request}`, dueAt: plus(now, REFRESH_EVERY) };
}

/** A remedy's next step. */
export function runRemedy(number: number, request: string, dueAt: Date): Job {
  return { kind: 'run-remedy', incident: number, request, key: `remedy/${request}`, dueAt };
}

/** The reading of the audit table that repeats while an incident is open. */
export function watch(number: number, dueAt: Date): Job {
  return { kind: 'watch', incident: number, key: `watch/${number}`, dueAt };
}

/** The job that makes a destination's calls for an incident, one after the other. */
export function destination(number: number, name: Destination, dueAt: Date): Job {
  return { kind: 'deliver', destination: name, incident: number, key: `lane/${number}`, dueAt };
}

/** Every destination of an incident once more: how work that was left behind is picked up. */
export function deliverAll(number: number, now: Date): readonly Job[] {
  return DESTINATIONS.map((name) => destination(number, name, now));
}

/** Any news may change the root message, so the Slack destination runs once more and refreshes it where it differs. */
function refreshRoot(incident: Incident, jobs: readonly Job[], now: Date): readonly Job[] {
  const hasSlack = jobs.some((job) => job.kind === 'deliver' && job.destination === 'slack' && between(job.dueAt, now) >= 0);
  return hasSlack ? [] : [destination(incident.number, 'slack', now)];
}

function unique(jobs: readonly Job[]): readonly Job[] {
  const earliest = new Map<string, Job>();
  for (const job of jobs) {
    const name = job.kind === 'deliver' ? `${job.destination}/${job.key}` : job.key;
    const known = earliest.get(name);
    if (known === undefined || between(job.dueAt, known.dueAt) > 0) earliest.set(name, job);
  }
  return [...earliest.values()];
}
