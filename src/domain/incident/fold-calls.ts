import type { Call, CallFailure, Deed } from './call.ts';
import type { AlertEvent, Fact } from './event.ts';
import type { Incident, TrackedAlert } from './state.ts';

type CallFact = Extract<Fact, { type: `call.${string}` }>;

/** The incident after a call was asked for, or came to an outcome. */
export function afterCall(incident: Incident, fact: CallFact, at: Date): Incident {
  if (fact.type === 'call.requested') {
    const { key, deed, dueAt } = fact;
    const call: Call = { key, deed, dueAt, status: { name: 'due', attempts: 0, notBefore: dueAt, lastFailure: null } };
    const unchangedUpdates = incident.unchangedUpdates + (deed.kind === 'update' ? 1 : 0);
    return { ...incident, calls: [...incident.calls, call], unchangedUpdates };
  }
  const calls = incident.calls.map((call) => (call.key === fact.key ? { ...call, status: statusAfter(call, fact, at) } : call));
  const deed = incident.calls.find((call) => call.key === fact.key)?.deed;
  return fact.type === 'call.succeeded' && deed ? afterDeed({ ...incident, calls }, deed) : { ...incident, calls };
}

/** What PagerDuty confirmed to us is true before its own webhook says so. */
function afterDeed(incident: Incident, deed: Deed): Incident {
  const withEvent = (alertId: string, event: AlertEvent): Incident => ({
    ...incident,
    alerts: incident.alerts.map((alert) => (alert.id === alertId ? changed(alert, event) : alert)),
  });
  if (deed.kind === 'page-next-level') {
    // Paging a level makes PagerDuty's incident triggered again.
    return { ...withEvent(deed.alertId, 'unacknowledged'), pagedLevel: Math.max(deed.level, incident.pagedLevel) };
  }
  if (deed.kind === 'acknowledge' || deed.kind === 'acknowledge-as') return withEvent(deed.alertId, 'acknowledged');
  return deed.kind === 'resolve-alert' ? withEvent(deed.alertId, 'resolved') : incident;
}

function statusAfter(call: Call, fact: Exclude<CallFact, { type: 'call.requested' }>, at: Date): Call['status'] {
  switch (fact.type) {
    case 'call.succeeded':
      return { name: 'succeeded', at, answer: fact.answer, lastFailure: call.status.name === 'due' ? call.status.lastFailure : null };
    case 'call.failed':
      return { name: 'due', attempts: fact.attempt, notBefore: fact.retryAt, lastFailure: failure(call, fact, at) };
    case 'call.abandoned':
      return { name: 'abandoned', at, failure: failure(call, fact, at) };
    case 'call.superseded':
      return { name: 'superseded', at, because: fact.because };
    default:
      return fact satisfies never;
  }
}

function failure(call: Call, fact: Extract<CallFact, { type: 'call.failed' | 'call.abandoned' }>, at: Date): CallFailure {
  const earlier = call.status.name === 'due' ? call.status.lastFailure : null;
  return { outcome: fact.outcome, detail: fact.detail, firstAt: earlier?.firstAt ?? at };
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
