import type { Policy } from '#domain/base/policy.ts';
import { foreignLine } from '#domain/base/text/sanitize.ts';
import { between, formatUtc, HOUR, MINUTE, type Milliseconds } from '#domain/base/time.ts';
import type { Payload } from '#domain/incident/outbox/message.ts';
import { announce, queueMessage } from '#domain/incident/outbox/queue.ts';
import type { CommandRows, Decision, DecisionContext, Evolutions, TimelineTexts } from './concern.ts';
import type { Alert, AlertEvent, IncidentEvent } from './event.ts';
import { type Incident, incidentName, type TrackedAlert } from './state.ts';
import { nextUpdate } from './update-schedule.ts';

/** A change that PagerDuty told of, by webhook or found by the poll. */
export type AlertChange = {
  readonly alertId: string;
  readonly event: AlertEvent;
  readonly agent: string | null;
  readonly detail: string;
  readonly occurredAt: Date;
  readonly seenBy: 'webhook' | 'poll';
  /** Resolved because a person merged it into this one. */
  readonly mergedInto?: string;
};

export type OpeningCommand =
  | {
      readonly kind: 'alert-fired';
      readonly number: number;
      readonly alert: Alert;
      readonly seenBy: 'webhook' | 'poll';
      /** An alert of the incident that a person merged into this one. */
      readonly mergedFrom?: string;
    }
  | { readonly kind: 'declare'; readonly number: number; readonly reason: string; readonly isDrill: boolean };

export type AlertCommand = { readonly kind: 'alert-changed'; readonly change: AlertChange };

export const alertCommands: CommandRows<AlertCommand> = {
  'alert-changed': {
    permission: 'nobody',
    decide: (incident, { change }, context) => ({ events: alertChanged(incident, change, context) }),
  },
};

export const alertEvolutions: Evolutions<'alert.fired' | 'alert.changed'> = {
  'alert.fired': (incident, { alert }) => ({ ...incident, alerts: [...incident.alerts, { ...alert, status: 'triggered' }] }),
  'alert.changed': (incident, { alertId, event }) => withAlertEvent(incident, alertId, event),
};

export const alertTexts: TimelineTexts<'alert.fired' | 'alert.changed'> = {
  'alert.fired': ({ alert, seenBy, mergedFrom }) => {
    const merged = mergedFrom === undefined ? '' : `; ${mergedFrom} was merged into it`;
    return `Alert ${alert.id} fired at ${formatUtc(alert.createdAt)}: ${alert.title} (${alert.service}; seen by ${seenBy}${merged})`;
  },
  'alert.changed': ({ alertId, event, agent, occurredAt, detail, seenBy }) => {
    const by = agent ? ` by ${agent}` : '';
    const more = detail === '' ? '' : `: ${detail}`;
    return `Alert ${alertId} ${event.replace('_', ' ')}${by} at ${formatUtc(occurredAt)}${more} (seen by ${seenBy})`;
  },
};

/** Runbook step 1: an alert opens an incident, or joins the one that runs; the same alert twice changes nothing. */
export function alertFired(
  incident: Incident | null,
  { number, alert, seenBy, mergedFrom }: Extract<OpeningCommand, { kind: 'alert-fired' }>,
  { now, policy }: DecisionContext,
): readonly IncidentEvent[] {
  const fired: IncidentEvent = { type: 'alert.fired', alert, seenBy, ...(mergedFrom === undefined ? {} : { mergedFrom }) };
  const acknowledge = queueMessage(`acknowledge/${alert.id}`, { kind: 'acknowledge', alertId: alert.id }, now);
  const outbox = policy.acknowledge === 'automatic' ? [acknowledge] : [];
  if (incident === null) {
    const startedAt = plausibleStart(alert.createdAt, now);
    return [{ type: 'incident.opened', number, startedAt, reason: alert.title }, fired, ...outbox];
  }
  if (incident.alerts.some((known) => known.id === alert.id)) return [];
  const details = { id: alert.id, title: alert.title, service: alert.service, url: alert.url };
  const told = mergedFrom === undefined ? announce(incident, now, 'alert-joined', details) : mergedNews(incident, mergedFrom, details, now);
  return [fired, ...outbox, told];
}

/** Broadcast: whoever looks at the merged alert alone sees that it is resolved. */
function mergedNews(incident: Incident, mergedFrom: string, details: Details, now: Date): IncidentEvent {
  return announce(incident, now, 'alert-merged', { ...details, from: mergedFrom }, { broadcast: true });
}

/** A person opens an incident without an alert. */
export function declared(
  incident: Incident | null,
  { number, reason, isDrill }: Extract<OpeningCommand, { kind: 'declare' }>,
  { now }: DecisionContext,
): Decision {
  if (incident?.phase.name === 'open') {
    const name = incidentName(incident.number);
    return {
      events: [],
      refused: { reason: 'already-open', message: `${name} is already open. Say what you see with \`/incident note <text>\`.` },
    };
  }
  return { events: [{ type: 'incident.opened', number, startedAt: now, reason, ...(isDrill ? { drill: true } : {}) }] };
}
/** Whether a title, a service's name or an alert's details carry one of the policy's alert names. Case does not matter. */
export function matchesAlert(text: string, policy: Pick<Policy, 'alerts'>): boolean {
  const haystack = text.toLowerCase();
  return policy.alerts.some((name) => haystack.includes(name.toLowerCase()));
}
/** Keeps what PagerDuty tells of an alert on the timeline and, where people should know, in the thread. */
export function alertChanged(incident: Incident, change: AlertChange, { now, policy }: DecisionContext): readonly IncidentEvent[] {
  const alert = incident.alerts.find((known) => known.id === change.alertId);
  if (!alert || isKnown(alert, change)) return [];
  const event: IncidentEvent = { type: 'alert.changed', ...change };
  const details = {
    agent: change.agent ?? 'PagerDuty',
    title: alert.title,
    url: alert.url,
    event: change.event,
    detail: foreignLine(change.detail),
  };
  switch (change.event) {
    case 'acknowledged':
      return isEcho(incident, change, now) ? [event] : [event, announce(incident, now, 'already-acknowledged', details)];
    case 'unacknowledged':
      return isEcho(incident, change, now)
        ? [event]
        : [event, announce(incident, now, 'alert-unacknowledged', details, { broadcast: true })];
    case 'resolved':
      // Merged: the alert that it went into is told of, and goes on in its place.
      return change.mergedInto === undefined ? [event, ...alertResolved(incident, details, now)] : [event];
    case 'unknown':
      return [event, announce(incident, now, 'alert-unknown', { ...details, id: change.alertId }, { broadcast: true })];
    case 'reopened':
      return [event, ...alertReopened(incident, details, { now, policy })];
    case 'reassigned':
    case 'escalated':
    case 'delegated':
    case 'annotated':
    case 'priority_updated':
      return isEcho(incident, change, now) ? [event] : [event, announce(incident, now, 'alert-event', details)];
    case 'other':
      return [event];
    default:
      return change.event satisfies never;
  }
}

/** Notes that Gapwatch writes in PagerDuty begin with this, so that their echo is recognised. */
export const OUR_NOTE_PREFIX = 'Gapwatch: ';

function isOurNote({ event, detail }: AlertChange): boolean {
  return event === 'annotated' && detail.startsWith(OUR_NOTE_PREFIX);
}

/** The poll tells a status, not an event; what is already known is no news. */
function isKnown(alert: TrackedAlert, { seenBy, event }: AlertChange): boolean {
  return seenBy === 'poll' && alert.status === (event === 'unacknowledged' ? 'triggered' : event);
}

/** PagerDuty tells of our own actions within this time, or while we still wait for the answer to them. */
const ECHO_WITHIN: Milliseconds = 2 * MINUTE;

/** Whether an event only tells what Gapwatch has just asked for itself, so that it needs no message. */
function isEcho(incident: Incident, change: AlertChange, now: Date): boolean {
  const isOurs = incident.outbox.some(({ payload, status }) => {
    if (!('alertId' in payload) || payload.alertId !== change.alertId || !echoes(payload.kind, change.event)) return false;
    return status.name === 'due' || (status.name === 'succeeded' && between(status.at, now) <= ECHO_WITHIN);
  });
  return isOurs || isOurNote(change);
}

function echoes(payload: Payload['kind'], event: AlertEvent): boolean {
  if (payload === 'acknowledge') return event === 'acknowledged';
  if (payload === 'acknowledge-as') return event === 'acknowledged' || event === 'reassigned';
  // Paging the next level triggers the alert anew; the poll may see that before the webhook has told of the escalation.
  return payload === 'page-next-level' && (event === 'escalated' || event === 'unacknowledged');
}

type Details = Readonly<Record<string, string>>;

function alertResolved(incident: Incident, details: Details, now: Date): readonly IncidentEvent[] {
  if (incident.phase.name !== 'open') return [];
  const { records } = incident;
  if (records.status === 'written') return [announce(incident, now, 'alert-resolved', details)];
  const why = { ...details, since: records.status === 'silent' && records.lastRecordAt ? formatUtc(records.lastRecordAt) : '' };
  return [announce(incident, now, 'alert-resolved-while-silent', { ...why, records: records.status }, { broadcast: true })];
}

function alertReopened(
  incident: Incident,
  details: Details,
  { now, policy }: Pick<DecisionContext, 'now' | 'policy'>,
): readonly IncidentEvent[] {
  if (incident.phase.name === 'open') return [announce(incident, now, 'alert-event', details)];
  return [
    { type: 'incident.reopened', because: 'PagerDuty reopened the alert' },
    announce(incident, now, 'reopened', details, { broadcast: true }),
    nextUpdate(incident, now, policy),
  ];
}

/** An alert's own time counts unless it is in the future or more than a day old, as after a restored backup or a wrong clock. */
function plausibleStart(createdAt: Date, now: Date): Date {
  const age = between(createdAt, now);
  return age >= 0 && age <= 24 * HOUR ? createdAt : now;
}

/** Returns the incident after an event of one of its alerts in PagerDuty. */
export function withAlertEvent(incident: Incident, alertId: string, event: AlertEvent): Incident {
  return { ...incident, alerts: incident.alerts.map((alert) => (alert.id === alertId ? changed(alert, event) : alert)) };
}

/** An alert after an event in PagerDuty. */
export function changed(alert: TrackedAlert, event: AlertEvent): TrackedAlert {
  switch (event) {
    case 'acknowledged':
      return { ...alert, status: 'acknowledged' };
    case 'resolved':
    // Nothing can be done any more with one that PagerDuty does not know.
    case 'unknown':
      return { ...alert, status: 'resolved' };
    case 'unacknowledged':
    case 'reopened':
      return { ...alert, status: 'triggered' };
    case 'reassigned':
    case 'escalated':
    case 'delegated':
    case 'annotated':
    case 'priority_updated':
    case 'other':
      return alert;
    default:
      return event satisfies never;
  }
}
