import { between, formatDuration, formatUtc } from '#domain/base/time.ts';
import { knownByWords } from '#domain/gap/gap.ts';
import { actorName } from './actor.ts';
import { DESTINATIONS, destinationOf, type OutboxMessage } from './call.ts';
import { payloadLabel } from './decide-call.ts';
import type { IncidentEvent, RecordedEvent } from './event.ts';

/** One line of the timeline, for people. */
export type TimelineLine = { readonly sequence: number; readonly at: Date; readonly who: string; readonly text: string };

/**
 * The events as lines, in order. For every call it says when it was due, when it went out, and what the service answered; a request
 * whose outcome follows, and the schedule of updates, need no line of their own.
 */
export function timeline(events: readonly RecordedEvent[]): readonly TimelineLine[] {
  const payloads = new Map(events.flatMap(({ event }) => (event.type === 'outbox.queued' ? [[event.key, event.payload] as const] : [])));
  const answered = new Set(events.flatMap(({ event }) => (event.type !== 'outbox.queued' && 'key' in event ? [event.key] : [])));
  return events
    .filter(({ event }) => event.type !== 'update.scheduled' && !(event.type === 'outbox.queued' && answered.has(event.key)))
    .map(({ sequence, at, by, event }) => ({ sequence, at, who: actorName(by), text: lineOf(event, at, payloads) }));
}

/** What people stated as actions, and what Gapwatch did that a compliance reader counts as one. */
export function actionsTaken(events: readonly RecordedEvent[]): readonly { readonly at: Date; readonly text: string }[] {
  return events.flatMap(({ at, by, event }) => {
    if (event.type === 'action.stated') return [{ at, text: `${event.text} (${actorName(by)})` }];
    if (event.type === 'commander.named') return [{ at, text: `${event.name} took the incident` }];
    if (event.type === 'incident.resolved') return [{ at, text: `Resolved by ${actorName(by)}` }];
    return [];
  });
}

function lineOf(event: IncidentEvent, at: Date, payloads: ReadonlyMap<string, OutboxMessage['payload']>): string {
  switch (event.type) {
    case 'incident.opened':
      return `Incident opened: ${event.reason} (began ${formatUtc(event.startedAt)})`;
    case 'incident.reopened':
      return `Incident reopened: ${event.because}`;
    case 'incident.resolved': {
      const anyway = event.anywayBecause === null ? '' : `, although: ${event.unmet.join(' ')} Reason given: ${event.anywayBecause}`;
      return `Incident resolved. Root cause: ${event.rootCause ?? 'as stated before, or not yet known'}${anyway}`;
    }
    case 'alert.fired':
      return `Alert ${event.alert.id} fired at ${formatUtc(event.alert.createdAt)}: ${event.alert.title} (${event.alert.service}; seen by ${event.seenBy})`;
    case 'alert.changed': {
      const agent = event.agent ? ` by ${event.agent}` : '';
      const detail = event.detail === '' ? '' : `: ${event.detail}`;
      return `Alert ${event.alertId} ${event.event.replace('_', ' ')}${agent} at ${formatUtc(event.occurredAt)}${detail} (seen by ${event.seenBy})`;
    }
    case 'records.silent':
      return event.lastRecordAt
        ? `Audit table silent; last record ${formatUtc(event.lastRecordAt)}`
        : 'Audit table silent; it holds no record';
    case 'records.written':
      return `Audit records are being written; last record ${formatUtc(event.lastRecordAt)}, ${event.perMinute} in the last minute`;
    case 'records.unseen':
      return `Audit table can't be seen: ${event.failure}`;
    case 'gap.opened':
      return `Gap ${event.gap} starts ${formatUtc(event.startAt)}, known by ${knownByWords(event.knownBy)}${because(event.because)}`;
    case 'gap.ended':
      return `Gap ${event.gap} ends ${formatUtc(event.endAt)}, known by ${knownByWords(event.knownBy)}${because(event.because)}`;
    case 'gap.corrected': {
      const formerly = event.formerly ? formatUtc(event.formerly) : 'not known';
      return `Gap ${event.gap} ${event.edge} corrected from ${formerly} to ${formatUtc(event.at)}, known by ${knownByWords(event.knownBy)}${because(event.because)}`;
    }
    case 'commander.named':
      return `${event.name} is on it`;
    case 'commander.overdue':
      return 'Nobody claimed the incident in time';
    case 'cause.stated':
      return `Root cause: ${event.text}`;
    case 'action.stated':
      return `Action: ${event.text}`;
    case 'eta.stated':
      return `ETA: ${formatUtc(event.etaAt)}`;
    case 'note.added':
      return `Note: ${event.text}`;
    case 'update.scheduled':
      return `Update ${event.number} is due ${formatUtc(event.dueAt)}`;
    case 'incident.closed':
      return 'Incident closed';
    case 'scribe.named':
      return `${event.name} writes`;
    case 'detail.stated':
      return `${DETAIL_WORDS[event.detail]}: ${event.text}`;
    case 'message.kept':
      return `${event.author} in Slack: ${event.text}`;
    case 'escalation.reached': {
      const unreachable = event.unreachable.length === 0 ? '' : `; no address is known for ${event.unreachable.join(', ')}`;
      return `Escalation: ${event.why}; told: ${event.notify.join(', ') || 'nobody'}${unreachable}; ${event.say}`;
    }
    case 'task.taken':
      return `Task taken: ${event.task}`;
    case 'task.done':
      return `Task done: ${event.task}`;
    case 'task.waived':
      return `Task waived: ${event.task}, because ${event.because}`;
    case 'earlier-gaps.counted':
      return `Earlier gaps in the audit table: ${event.text}`;
    case 'assessment.confirmed':
      return `Compliance impact assessed: ${event.assessment.summary}`;
    case 'post-mortem.scheduled':
      return `Post-mortem scheduled for ${formatUtc(event.for)}`;
    case 'hhs.decided':
      return `HHS notification ${event.required ? 'is' : 'is not'} required, because ${event.because}`;
    case 'hhs.notified':
      return 'HHS was notified';
    case 'notice.received':
      return `Receipt acknowledged: ${event.key}`;
    case 'evidence.signed':
      return `Record signed: ${event.statement}`;
    case 'command.denied':
      return `Denied: ${event.what}. ${event.why}`;
    case 'updates.paused':
      return event.until ? `Updates paused until ${formatUtc(event.until)}` : 'Updates paused';
    case 'updates.continued':
      return 'Updates continued';
    case 'check.requested':
      return `Check ${`${event.check} ${event.argument}`.trim()} requested`;
    case 'check.progressed':
      return `Check ${event.check}: ${event.line}`;
    case 'check.stopped':
      return `Check ${event.check} stopped`;
    case 'check.refreshed':
      return `Check ${event.check}, last reading: ${event.verdict.level}. ${event.verdict.evidence}`;
    case 'check.answered':
      return `Check ${event.check}: ${event.verdict.level}. ${event.verdict.evidence}`;
    case 'remedy.asked':
      return `Remedy ${`${event.remedy} ${event.argument}`.trim()} asked for${event.dryRun ? ' as a dry run' : ''}`;
    case 'remedy.planned':
      return `Remedy planned, good until ${formatUtc(event.expiresAt)}: ${event.plan.what} Rests on: ${event.plan.basis}. To go back: ${event.plan.back}`;
    case 'remedy.confirmed':
      return 'Remedy confirmed by the first of two people';
    case 'remedy.approved':
      return 'Remedy approved';
    case 'remedy.progressed':
      return `Remedy: ${event.line}`;
    case 'remedy.stopped':
      return 'Remedy stopped by hand; it ends at its next safe point';
    case 'remedy.ended':
      return `Remedy ended (${event.outcome}): ${event.message}`;
    case 'escalation.requested':
      return `Escalation requested: ${event.reason}`;
    case 'outbox.queued':
    case 'outbox.delivered':
    case 'outbox.failed':
    case 'outbox.abandoned':
    case 'outbox.superseded':
      return outboxLine(event, at, payloads.get(event.key));
    default:
      return event satisfies never;
  }
}

/** What a person's detail is called, for readers. */
export const DETAIL_WORDS = {
  resolution: 'What was done',
  prevention: 'Prevention',
  controls: 'Compensating controls',
  impact: 'Compliance impact',
} as const;

function outboxLine(
  event: Extract<IncidentEvent, { type: `outbox.${string}` }>,
  at: Date,
  payload: OutboxMessage['payload'] | undefined,
): string {
  const what = payload
    ? `${destinationOf(payload)}: ${payloadLabel(payload)}`
    : (DESTINATIONS.find((destination) => event.key.startsWith(destination)) ?? event.key);
  switch (event.type) {
    case 'outbox.queued':
      return `Under way (${what}): due ${formatUtc(event.dueAt)}`;
    case 'outbox.delivered':
      return `Done (${what}): ${event.answer.message}; due ${formatUtc(event.dueAt)}, done ${formatDuration(between(event.dueAt, at))} later, attempt ${event.attempt}`;
    case 'outbox.failed':
      return `Failed (${what}), attempt ${event.attempt}, ${event.outcome}: ${event.detail}; next attempt ${formatUtc(event.retryAt)}`;
    case 'outbox.abandoned':
      return `Given up (${what}), attempt ${event.attempt}, ${event.outcome}: ${event.detail}`;
    case 'outbox.superseded':
      return `Not needed any more (${what}): ${event.because}`;
    default:
      return event satisfies never;
  }
}

function because(reason: string | null): string {
  return reason === null ? '' : `, because ${reason}`;
}
