import type { Policy } from '#domain/base/policy.ts';
import { between, later, plus, SECOND } from '#domain/base/time.ts';
import { DESTINATIONS, type Destination, destinationOf } from '#domain/incident/outbox/message.ts';
import type { IncidentEvent, RecordedEvent } from './event.ts';
import type { Incident } from './state.ts';
import type { Timer, TimerCommand } from './timer-command.ts';
import { newTimers, timerName } from './timers.ts';

/** Work for later or for outside, as data. `key` names it among the jobs that wait: asking twice makes one job. */
export type Job = { readonly key: string; readonly dueAt: Date } & (
  | { readonly kind: 'deliver'; readonly destination: Destination; readonly incident: number }
  | { readonly kind: 'first-reading' | 'poll-table' | 'count-earlier-gaps'; readonly incident: number }
  | { readonly kind: 'timer'; readonly incident: number; readonly command: TimerCommand }
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

/** What must happen, and when, because these events made `after` of `before`: work to do now, and the timers that are new. */
export function effects(before: Incident | null, after: Incident, recorded: readonly RecordedEvent[], policy: Policy): readonly Job[] {
  const now = recorded.at(-1)?.at;
  if (!now) return [];
  const jobs = recorded.flatMap(({ event, at }) => follows(after, event, at, policy));
  const timers = newTimers(before, after, policy).map((timer) => timerJob(after.number, timer));
  return [...unique([...jobs, ...timers]), ...refreshRoot(after, jobs, now)];
}

function follows(incident: Incident, event: IncidentEvent, at: Date, policy: Policy): readonly Job[] {
  const { number } = incident;
  switch (event.type) {
    case 'incident.opened':
      return [{ kind: 'first-reading', incident: number, key: `first-reading/${number}`, dueAt: at }];
    case 'incident.resolved':
      return [{ kind: 'count-earlier-gaps', incident: number, key: `count-earlier-gaps/${number}/${incident.resolutions}`, dueAt: at }];
    case 'incident.reopened':
      return [pollTableJob(number, plus(at, policy.watch.every))];
    case 'check.requested': {
      const { check, argument, request } = event;
      return [{ kind: 'run-check', incident: number, check, argument, request, key: `check/${request}`, dueAt: at }];
    }
    case 'check.answered':
      return event.liveUntil === undefined ? [] : [refreshCheckJob(number, event, at)];
    case 'remedy.asked':
      return [{ kind: 'plan-remedy', incident: number, request: event.request, key: `plan/${event.request}`, dueAt: at }];
    case 'remedy.approved':
      return [runRemedyJob(number, event.request, at)];
    case 'outbox.queued': {
      const delivery = deliverJob(number, destinationOf(event.payload), later(at, event.dueAt));
      return event.payload.kind === 'initial-post' ? [delivery, pollTableJob(number, plus(at, policy.watch.every))] : [delivery];
    }
    default:
      // A failed delivery needs no job here: its destination, at the end of its run, wakes itself for the earliest retry.
      return [];
  }
}

/** The job that gives a timer's command. The same command for the same thing is one job. */
export function timerJob(number: number, timer: Timer): Job {
  const { command, dueAt } = timer;
  return { kind: 'timer', incident: number, command, key: `${number}/${timerName(timer)}`, dueAt };
}

/** How often an answer that is kept current is read again. */
const REFRESH_EVERY = 5 * SECOND;

/** The next reading of an answer that is kept current. */
export function refreshCheckJob(number: number, { check, request }: { readonly check: string; readonly request: string }, now: Date): Job {
  return { kind: 'refresh-check', incident: number, check, request, key: `live/${request}`, dueAt: plus(now, REFRESH_EVERY) };
}

/** A remedy's next step. */
export function runRemedyJob(number: number, request: string, dueAt: Date): Job {
  return { kind: 'run-remedy', incident: number, request, key: `remedy/${request}`, dueAt };
}

/** The reading of the audit table that repeats while an incident is open. */
export function pollTableJob(number: number, dueAt: Date): Job {
  return { kind: 'poll-table', incident: number, key: `poll-table/${number}`, dueAt };
}

/** The job that delivers an incident's messages to one destination, one after the other. */
export function deliverJob(number: number, destination: Destination, dueAt: Date): Job {
  return { kind: 'deliver', destination, incident: number, key: `deliver/${number}`, dueAt };
}

/** Every destination of an incident once more: how work that was left behind is picked up. */
export function deliverAll(number: number, now: Date): readonly Job[] {
  return DESTINATIONS.map((destination) => deliverJob(number, destination, now));
}

/** Any news may change the root message, so what goes to Slack is looked through once more, and the root refreshed where it differs. */
function refreshRoot(incident: Incident, jobs: readonly Job[], now: Date): readonly Job[] {
  const hasSlack = jobs.some((job) => job.kind === 'deliver' && job.destination === 'slack' && between(job.dueAt, now) >= 0);
  return hasSlack ? [] : [deliverJob(incident.number, 'slack', now)];
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
