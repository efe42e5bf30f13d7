import { between, formatDuration, formatUtc } from '#domain/base/time.ts';
import { DESTINATIONS, destinationOf, labelOf, type Payload } from '#domain/incident/outbox/message.ts';
import { actorName } from './actor.ts';
import { alertTexts } from './alerts.ts';
import { checkTexts } from './check-runs.ts';
import { commanderTexts } from './commander.ts';
import type { TimelineTexts } from './concern.ts';
import { escalationTexts } from './escalations.ts';
import type { EventOf, EventType, IncidentEvent, RecordedEvent } from './event.ts';
import { followUpTexts } from './follow-up.ts';
import { gapTrackingTexts } from './gap-tracking.ts';
import { hhsTexts } from './hhs.ts';
import { noticeTexts } from './notices.ts';
import { remedyTexts } from './remedy-runs.ts';
import { resolutionTexts } from './resolution.ts';
import { slackOutageTexts } from './slack-outage.ts';
import { statementTexts } from './statements.ts';
import { taskTexts } from './tasks.ts';
import { updateTexts } from './updates.ts';

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

/** Returns what people stated as actions, the remedies that were approved and how they ended, and who took and resolved the incident. */
export function actionsTaken(events: readonly RecordedEvent[]): readonly { readonly at: Date; readonly text: string }[] {
  const approved = new Set(events.flatMap(({ event }) => (event.type === 'remedy.approved' ? [event.request] : [])));
  const plans = new Map(
    events.flatMap(({ event }) =>
      event.type === 'remedy.planned' && approved.has(event.request) ? [[event.request, event.plan.what] as const] : [],
    ),
  );
  return events.flatMap(({ at, by, event }) => {
    if (event.type === 'action.stated') return [{ at, text: `${event.text} (${actorName(by)})` }];
    if (event.type === 'commander.named') return [{ at, text: `${event.name} took the incident` }];
    if (event.type === 'remedy.approved')
      return [{ at, text: `Remedy approved by ${actorName(by)}: ${plans.get(event.request) ?? 'as planned'}` }];
    if (event.type === 'remedy.ended' && plans.has(event.request))
      return [{ at, text: `Remedy ended (${event.outcome}): ${event.message}` }];
    if (event.type === 'incident.resolved') return [{ at, text: `Resolved by ${actorName(by)}` }];
    return [];
  });
}

const TEXTS: TimelineTexts<Exclude<EventType, OutboxType>> = {
  ...alertTexts,
  ...commanderTexts,
  ...statementTexts,
  ...updateTexts,
  ...escalationTexts,
  ...gapTrackingTexts,
  ...checkTexts,
  ...remedyTexts,
  ...resolutionTexts,
  ...followUpTexts,
  ...hhsTexts,
  ...noticeTexts,
  ...taskTexts,
  ...slackOutageTexts,
};

type OutboxType = 'outbox.queued' | 'outbox.delivered' | 'outbox.failed' | 'outbox.abandoned' | 'outbox.superseded';
type TextType = keyof typeof TEXTS;

function isOutbox(event: IncidentEvent): event is EventOf<OutboxType> {
  return event.type.startsWith('outbox.');
}

function lineOf(event: IncidentEvent, at: Date, payloads: ReadonlyMap<string, Payload>): string {
  return isOutbox(event) ? outboxLine(event, at, payloads.get(event.key)) : textOf(event.type, event, at);
}

function textOf<Type extends TextType>(type: Type, event: EventOf<Type>, at: Date): string {
  return TEXTS[type](event, at);
}

function outboxLine(event: Extract<IncidentEvent, { type: `outbox.${string}` }>, at: Date, payload: Payload | undefined): string {
  const what = payload
    ? `${destinationOf(payload)}: ${labelOf(payload)}`
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
