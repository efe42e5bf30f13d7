import { type Gap, ongoingGap } from '#domain/gap/gap.ts';
import { actorName } from './actor.ts';
import type { OutboxMessage } from './call.ts';
import { type AnsweredCheck, checksAfter, type RunningCheck } from './check-runs.ts';
import type { Alert, IncidentEvent, RecordedEvent } from './event.ts';
import { afterOutbox, changed } from './fold-calls.ts';
import { gapsAfter } from './fold-gaps.ts';
import { type FollowUp, followUpAfter, NO_FOLLOW_UP } from './follow-up.ts';
import { type RemedyRun, remediesAfter } from './remedy-runs.ts';

export type AlertStatus = 'triggered' | 'acknowledged' | 'resolved';
export type TrackedAlert = Alert & { readonly status: AlertStatus };

/** What is known about the audit table right now. */
export type Records =
  | { readonly status: 'unknown' }
  | { readonly status: 'silent'; readonly lastRecordAt: Date | null }
  | { readonly status: 'written'; readonly lastRecordAt: Date; readonly perMinute: number; readonly since: Date }
  | { readonly status: 'unseen'; readonly failure: string; readonly since: Date };

export type Phase =
  | { readonly name: 'open' }
  | {
      readonly name: 'resolved';
      readonly at: Date;
      readonly by: string;
      readonly anywayBecause: string | null;
      readonly unmet: readonly string[];
    };

/** What is true about an incident now: a fold over its events, and nothing that the events don't say. */
export type Incident = {
  readonly number: number;
  readonly phase: Phase;
  readonly isDrill: boolean;
  readonly startedAt: Date;
  readonly openedAt: Date;
  readonly reason: string;
  readonly alerts: readonly TrackedAlert[];
  readonly records: Records;
  readonly gaps: readonly Gap[];
  readonly claim: { readonly slackId: string; readonly name: string; readonly at: Date } | null;
  readonly commanderOverdue: boolean;
  /** Who writes: keeps the timeline and the updates. */
  readonly scribe: { readonly slackId: string; readonly name: string } | null;
  readonly pagedLevel: number;
  readonly rootCause: string | null;
  readonly action: string | null;
  readonly etaAt: Date | null;
  readonly nextUpdate: { readonly number: number; readonly dueAt: Date } | null;
  readonly updatesPaused: boolean;
  readonly pausedUntil: Date | null;
  /** Updates since a person last stated an action or an ETA. */
  readonly unchangedUpdates: number;
  readonly running: readonly RunningCheck[];
  readonly checks: readonly AnsweredCheck[];
  readonly remedies: readonly RemedyRun[];
  readonly outbox: readonly OutboxMessage[];
  /** Escalations of the policy that were reached. */
  readonly escalated: readonly string[];
  /** Slack messages on the timeline, by timestamp and text, so that a redelivered event adds nothing. */
  readonly kept: readonly string[];
  readonly followUp: FollowUp;
  readonly resolutions: number;
  readonly eventCount: number;
};

/** The state after all of `events`, or null when there are none. */
export function stateOf(events: readonly RecordedEvent[]): Incident | null {
  return events.reduce<Incident | null>(evolve, null);
}

/** Whether the audit table is looked at for this incident: while it is open, and after that until its last gap has ended. */
export function isPolled({ phase, gaps }: Incident): boolean {
  return phase.name === 'open' || ongoingGap(gaps) !== undefined;
}

/** `INC-1`, the name people use. */
export function incidentName(number: number): string {
  return `INC-${number}`;
}

/** The call with this key, if it was ever requested. */
export function outboxMessage(incident: Incident, key: string): OutboxMessage | undefined {
  return incident.outbox.find((outgoing) => outgoing.key === key);
}

/** The root message in Slack, once it was posted. */
export function rootMessage(
  incident: Incident,
): { readonly channel: string; readonly ts: string; readonly permalink: string; readonly at: Date } | null {
  const status = outboxMessage(incident, 'slack/initial-post')?.status;
  if (status?.name !== 'succeeded') return null;
  const { channel, ts, permalink } = status.answer;
  return channel === undefined || ts === undefined ? null : { channel, ts, permalink: permalink ?? '', at: status.at };
}

/** One event further. Throws on a first event that opens nothing: such a list was never written by Gapwatch. */
export function evolve(before: Incident | null, { event, at, by }: RecordedEvent): Incident {
  if (before === null) {
    if (event.type !== 'incident.opened') throw new TypeError(`an incident begins with incident.opened, not ${event.type}`);
    return opened(event, at);
  }
  const incident = { ...before, eventCount: before.eventCount + 1 };
  switch (event.type) {
    case 'incident.opened':
      return incident;
    case 'incident.reopened':
      return { ...incident, phase: { name: 'open' }, followUp: { ...incident.followUp, closed: null } };
    case 'incident.resolved': {
      const { anywayBecause, unmet, rootCause } = event;
      const name = by.kind === 'person' ? by.name : 'Gapwatch';
      return {
        ...incident,
        phase: { name: 'resolved', at, by: name, anywayBecause, unmet },
        rootCause: rootCause ?? incident.rootCause,
        nextUpdate: null,
        resolutions: incident.resolutions + 1,
      };
    }
    case 'alert.fired':
      return { ...incident, alerts: [...incident.alerts, { ...event.alert, status: 'triggered' }] };
    case 'alert.changed':
      return { ...incident, alerts: incident.alerts.map((alert) => (alert.id === event.alertId ? changed(alert, event.event) : alert)) };
    case 'records.silent':
      return { ...incident, records: { status: 'silent', lastRecordAt: event.lastRecordAt } };
    case 'records.written':
      return { ...incident, records: { status: 'written', lastRecordAt: event.lastRecordAt, perMinute: event.perMinute, since: at } };
    case 'records.unseen':
      return { ...incident, records: { status: 'unseen', failure: event.failure, since: at } };
    case 'gap.opened':
    case 'gap.ended':
    case 'gap.corrected':
      return { ...incident, gaps: gapsAfter(incident.gaps, event) };
    case 'commander.named':
      return { ...incident, claim: { slackId: event.slackId, name: event.name, at } };
    case 'scribe.named':
      return { ...incident, scribe: { slackId: event.slackId, name: event.name } };
    case 'commander.overdue':
      return { ...incident, commanderOverdue: true };
    case 'cause.stated':
      return { ...incident, rootCause: event.text };
    case 'action.stated':
      return { ...incident, action: event.text, unchangedUpdates: 0 };
    case 'eta.stated':
      return { ...incident, etaAt: event.etaAt, unchangedUpdates: 0 };
    case 'update.scheduled':
      return { ...incident, nextUpdate: { number: event.number, dueAt: event.dueAt } };
    case 'updates.paused':
      return { ...incident, updatesPaused: true, pausedUntil: event.until ?? null };
    case 'updates.continued':
      return { ...incident, updatesPaused: false, pausedUntil: null };
    case 'check.requested':
    case 'check.progressed':
    case 'check.stopped':
    case 'check.answered':
    case 'check.refreshed':
      return { ...incident, ...checksAfter(incident, event, at, actorName(by)) };
    case 'remedy.asked':
    case 'remedy.planned':
    case 'remedy.confirmed':
    case 'remedy.approved':
    case 'remedy.progressed':
    case 'remedy.stopped':
    case 'remedy.ended':
      return { ...incident, remedies: remediesAfter(incident.remedies, event, at, by) };
    case 'message.kept':
      return { ...incident, kept: [...incident.kept, keptKey(event)] };
    case 'escalation.reached':
      return { ...incident, escalated: [...incident.escalated, event.escalation] };
    case 'incident.closed':
    case 'detail.stated':
    case 'task.taken':
    case 'task.done':
    case 'task.waived':
    case 'earlier-gaps.counted':
    case 'assessment.confirmed':
    case 'post-mortem.scheduled':
    case 'hhs.decided':
    case 'hhs.notified':
    case 'notice.received':
      return { ...incident, followUp: followUpAfter(incident.followUp, event, at, actorName(by)) };
    case 'note.added':
    case 'escalation.requested':
    case 'command.denied':
    case 'evidence.signed':
      return incident;
    case 'outbox.queued':
    case 'outbox.delivered':
    case 'outbox.failed':
    case 'outbox.abandoned':
    case 'outbox.superseded':
      return afterOutbox(incident, event, at);
    default:
      return event satisfies never;
  }
}

function opened(event: Extract<IncidentEvent, { type: 'incident.opened' }>, at: Date): Incident {
  return {
    number: event.number,
    phase: { name: 'open' },
    isDrill: event.drill ?? false,
    startedAt: event.startedAt,
    openedAt: at,
    reason: event.reason,
    alerts: [],
    records: { status: 'unknown' },
    gaps: [],
    claim: null,
    commanderOverdue: false,
    scribe: null,
    pagedLevel: 1,
    rootCause: null,
    action: null,
    etaAt: null,
    nextUpdate: null,
    updatesPaused: false,
    pausedUntil: null,
    unchangedUpdates: 0,
    running: [],
    checks: [],
    remedies: [],
    outbox: [],
    escalated: [],
    kept: [],
    followUp: NO_FOLLOW_UP,
    resolutions: 0,
    eventCount: 1,
  };
}

/** What makes a kept message the same one: an edited text is another entry. */
export function keptKey({ ts, text }: { readonly ts: string; readonly text: string }): string {
  return `${ts} ${text}`;
}
