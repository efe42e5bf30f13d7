import { NOTICE_LATE_AFTER, type Policy } from '#domain/base/policy.ts';
import { between, HOUR, later, MINUTE, plus, SECOND } from '#domain/base/time.ts';
import { LANES, type Lane, laneOf } from './call.ts';
import type { TimerCommand } from './command.ts';
import { nextEscalationAt } from './escalation.ts';
import type { Fact, Recorded } from './event.ts';
import { hhsReminders } from './hhs.ts';
import type { Incident } from './state.ts';

/** Work for later or for outside, as data. `key` names it among the jobs that wait: asking twice makes one job. */
export type Job = { readonly key: string; readonly dueAt: Date } & (
  | { readonly kind: 'lane'; readonly lane: Lane; readonly incident: number }
  | { readonly kind: 'first-look' | 'watch' | 'claim-due'; readonly incident: number }
  | { readonly kind: 'update-due'; readonly incident: number; readonly number: number }
  | { readonly kind: 'notice-late'; readonly incident: number; readonly call: string }
  | { readonly kind: 'timer'; readonly incident: number; readonly command: TimerCommand }
  | { readonly kind: 'survey'; readonly incident: number }
  | { readonly kind: 'plan-remedy' | 'run-remedy'; readonly incident: number; readonly request: string }
  | {
      readonly kind: 'run-check';
      readonly incident: number;
      readonly check: string;
      readonly argument: string;
      readonly request: string;
    }
  | { readonly kind: 'keep-current'; readonly incident: number; readonly check: string; readonly request: string }
);

/** What must happen, and when, because these facts became known. Timers are jobs with a due time. */
export function effects(incident: Incident, recorded: readonly Recorded[], policy: Policy): readonly Job[] {
  const jobs = recorded.flatMap(({ fact, at }) => follows(incident, fact, at, policy));
  const now = recorded.at(-1)?.at;
  if (!now) return [];
  return [...unique([...jobs, ...escalationTimer(incident, recorded, now, policy)]), ...refreshRoot(incident, jobs, now)];
}

function follows(incident: Incident, fact: Fact, at: Date, policy: Policy): readonly Job[] {
  const { number } = incident;
  switch (fact.type) {
    case 'incident.opened': {
      const claimDueAt = plus(at, policy.claimWithin);
      return [
        { kind: 'first-look', incident: number, key: `first-look/${number}`, dueAt: at },
        { kind: 'claim-due', incident: number, key: `claim-due/${number}`, dueAt: claimDueAt },
      ];
    }
    case 'incident.resolved':
      return [
        { kind: 'survey', incident: number, key: `survey/${number}/${incident.resolutions}`, dueAt: at },
        ...FOLLOW_UP_HOURS.map((hours) =>
          timer(number, { kind: 'follow-up-due', hours, resolution: incident.resolutions }, plus(at, hours * HOUR)),
        ),
      ];
    case 'updates.paused':
      return fact.until ? [timer(number, { kind: 'pause-over', until: fact.until }, fact.until)] : [];
    case 'post-mortem.scheduled':
      return [timer(number, { kind: 'post-mortem-due', for: fact.for }, fact.for)];
    case 'hhs.decided':
      return fact.required
        ? hhsReminders(incident, at).map(({ daysLeft, at: due }) => timer(number, { kind: 'hhs-due', daysLeft }, due))
        : [];
    case 'call.succeeded':
      return fact.answer.asksReceipt ? [timer(number, { kind: 'receipt-due', key: fact.key }, plus(at, RECEIPT_WITHIN))] : [];
    case 'incident.reopened':
      return [watch(number, plus(at, policy.watch.every))];
    case 'update.scheduled':
      return [
        { kind: 'update-due', incident: number, number: fact.number, key: `update/${number}/${fact.number}`, dueAt: fact.dueAt },
        timer(number, { kind: 'nudge-due', update: fact.number }, plus(fact.dueAt, -MINUTE)),
      ];
    case 'check.requested': {
      const { check, argument, request } = fact;
      return [{ kind: 'run-check', incident: number, check, argument, request, key: `check/${request}`, dueAt: at }];
    }
    case 'remedy.asked':
      return [
        { kind: 'plan-remedy', incident: number, request: fact.request, key: `plan/${fact.request}`, dueAt: at },
        // A plan that can't be made must not keep others from being asked for.
        timer(number, { kind: 'remedy-expires', request: fact.request, what: 'planning' }, plus(at, PLANNED_WITHIN)),
      ];
    case 'remedy.planned':
      return [timer(number, { kind: 'remedy-expires', request: fact.request, what: 'plan' }, fact.expiresAt)];
    case 'remedy.approved':
      return [runRemedy(number, fact.request, at)];
    case 'check.answered':
      return fact.liveUntil === undefined ? [] : [keepCurrent(number, fact, at)];
    case 'call.requested':
      return [lane(number, laneOf(fact.deed), later(at, fact.dueAt)), ...besides(number, fact, at, policy)];
    default:
      // A failed call needs no job here: its lane, at the end of its run, wakes itself for the earliest retry.
      return [];
  }
}

function besides(number: number, { key, deed }: Extract<Fact, { type: 'call.requested' }>, at: Date, policy: Policy): readonly Job[] {
  if (deed.kind === 'initial-post') {
    return [watch(number, plus(at, policy.watch.every)), timer(number, { kind: 'slack-late', key }, plus(at, ROOT_LATE_AFTER))];
  }
  if (deed.kind === 'update') return [timer(number, { kind: 'slack-late', key }, plus(at, UPDATE_LATE_AFTER))];
  if (laneOf(deed) !== 'mail') return [];
  return [{ kind: 'notice-late', incident: number, call: key, key: `notice-late/${number}/${key}`, dueAt: plus(at, NOTICE_LATE_AFTER) }];
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

/** Facts after which an escalation's time may be another one. */
const MOVES_ESCALATIONS = /^(?:incident\.|gap\.|escalation\.reached)/;

/** The next escalation, by the state as it is now: a corrected gap moves it. */
function escalationTimer(incident: Incident, recorded: readonly Recorded[], now: Date, policy: Policy): readonly Job[] {
  if (!recorded.some(({ fact }) => MOVES_ESCALATIONS.test(fact.type))) return [];
  const dueAt = nextEscalationAt(incident, now, policy);
  return dueAt === null ? [] : [timer(incident.number, { kind: 'escalation-due' }, later(dueAt, now))];
}

/** How often an answer that is kept current is read anew. */
const REFRESH_EVERY = 5 * SECOND;

/** The next reading of an answer that is kept current. */
export function keepCurrent(number: number, { check, request }: { readonly check: string; readonly request: string }, now: Date): Job {
  return { kind: 'keep-current', incident: number, check, request, key: `live/${request}`, dueAt: plus(now, REFRESH_EVERY) };
}

/** A remedy's next step. */
export function runRemedy(number: number, request: string, dueAt: Date): Job {
  return { kind: 'run-remedy', incident: number, request, key: `remedy/${request}`, dueAt };
}

/** The look at the audit table that repeats while an incident is open. */
export function watch(number: number, dueAt: Date): Job {
  return { kind: 'watch', incident: number, key: `watch/${number}`, dueAt };
}

/** The job that makes a lane's calls for an incident, one after the other. */
export function lane(number: number, name: Lane, dueAt: Date): Job {
  return { kind: 'lane', lane: name, incident: number, key: `lane/${number}`, dueAt };
}

/** Every lane of an incident once more: how work that was left behind is picked up. */
export function allLanes(number: number, now: Date): readonly Job[] {
  return LANES.map((name) => lane(number, name, now));
}

/** Any news may change the root message, so the Slack lane runs once more and refreshes it where it differs. */
function refreshRoot(incident: Incident, jobs: readonly Job[], now: Date): readonly Job[] {
  const hasSlack = jobs.some((job) => job.kind === 'lane' && job.lane === 'slack' && between(job.dueAt, now) >= 0);
  return hasSlack ? [] : [lane(incident.number, 'slack', now)];
}

function unique(jobs: readonly Job[]): readonly Job[] {
  const earliest = new Map<string, Job>();
  for (const job of jobs) {
    const name = job.kind === 'lane' ? `${job.lane}/${job.key}` : job.key;
    const known = earliest.get(name);
    if (known === undefined || between(job.dueAt, known.dueAt) > 0) earliest.set(name, job);
  }
  return [...earliest.values()];
}
