import type { DeliveryFailure, OutboxMessage, Payload } from './call.ts';
import type { AlertEvent, IncidentEvent } from './event.ts';
import type { Incident, TrackedAlert } from './state.ts';

type OutboxEvent = Extract<IncidentEvent, { type: `outbox.${string}` }>;

/** The incident after a call was asked for, or came to an outcome. */
export function afterOutbox(incident: Incident, event: OutboxEvent, at: Date): Incident {
  if (event.type === 'outbox.queued') {
    const { key, payload, dueAt } = event;
    const outgoing: OutboxMessage = { key, payload, dueAt, status: { name: 'due', attempts: 0, notBefore: dueAt, lastFailure: null } };
    const unchangedUpdates = incident.unchangedUpdates + (payload.kind === 'update' ? 1 : 0);
    return { ...incident, outbox: [...incident.outbox, outgoing], unchangedUpdates };
  }
  const outbox = incident.outbox.map((outgoing) =>
    outgoing.key === event.key ? { ...outgoing, status: statusAfter(outgoing, event, at) } : outgoing,
  );
  const payload = incident.outbox.find((outgoing) => outgoing.key === event.key)?.payload;
  return event.type === 'outbox.delivered' && payload ? afterDelivery({ ...incident, outbox }, payload) : { ...incident, outbox };
}

/** What PagerDuty confirmed to us is true before its own webhook says so. */
function afterDelivery(incident: Incident, payload: Payload): Incident {
  const withEvent = (alertId: string, event: AlertEvent): Incident => ({
    ...incident,
    alerts: incident.alerts.map((alert) => (alert.id === alertId ? changed(alert, event) : alert)),
  });
  if (payload.kind === 'page-next-level') {
    // Paging a level makes PagerDuty's incident triggered again.
    return { ...withEvent(payload.alertId, 'unacknowledged'), pagedLevel: Math.max(payload.level, incident.pagedLevel) };
  }
  if (payload.kind === 'acknowledge' || payload.kind === 'acknowledge-as') return withEvent(payload.alertId, 'acknowledged');
  return payload.kind === 'resolve-alert' ? withEvent(payload.alertId, 'resolved') : incident;
}

function statusAfter(outgoing: OutboxMessage, event: Exclude<OutboxEvent, { type: 'outbox.queued' }>, at: Date): OutboxMessage['status'] {
  switch (event.type) {
    case 'outbox.delivered':
      return {
        name: 'succeeded',
        at,
        answer: event.answer,
        lastFailure: outgoing.status.name === 'due' ? outgoing.status.lastFailure : null,
      };
    case 'outbox.failed':
      return { name: 'due', attempts: event.attempt, notBefore: event.retryAt, lastFailure: failure(outgoing, event, at) };
    case 'outbox.abandoned':
      return { name: 'abandoned', at, failure: failure(outgoing, event, at) };
    case 'outbox.superseded':
      return { name: 'superseded', at, because: event.because };
    default:
      return event satisfies never;
  }
}

function failure(
  outgoing: OutboxMessage,
  event: Extract<OutboxEvent, { type: 'outbox.failed' | 'outbox.abandoned' }>,
  at: Date,
): DeliveryFailure {
  const earlier = outgoing.status.name === 'due' ? outgoing.status.lastFailure : null;
  return { outcome: event.outcome, detail: event.detail, firstAt: earlier?.firstAt ?? at };
}

/** An alert after an event in PagerDuty. */
export function changed(alert: TrackedAlert, event: AlertEvent): TrackedAlert {
  switch (event) {
    case 'acknowledged':
      return { ...alert, status: 'acknowledged' };
    case 'resolved':
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
