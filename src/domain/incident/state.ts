import type { Gap } from '#domain/gap/gap.ts';
import { actorName } from './actor.ts';
import type { Call, CallFailure, Deed } from './call.ts';
import { type AnsweredCheck, checksAfter, type RunningCheck } from './check-runs.ts';
import type { Alert, AlertEvent, Fact, Recorded } from './facts.ts';

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

/** What is true about an incident now: a fold over its facts, and nothing that the facts don't say. */
export type Incident = {
  readonly number: number;
  readonly phase: Phase;
  readonly startedAt: Date;
  readonly openedAt: Date;
  readonly reason: string;
  readonly alerts: readonly TrackedAlert[];
  readonly records: Records;
  readonly gaps: readonly Gap[];
  readonly claim: { readonly slackId: string; readonly name: string; readonly at: Date } | null;
  readonly claimOverdue: boolean;
  readonly pagedLevel: number;
  readonly rootCause: string | null;
  readonly action: string | null;
  readonly etaAt: Date | null;
  readonly nextUpdate: { readonly number: number; readonly dueAt: Date } | null;
  readonly updatesPaused: boolean;
  readonly running: readonly RunningCheck[];
  readonly checks: readonly AnsweredCheck[];
  readonly calls: readonly Call[];
  readonly resolutions: number;
  readonly factCount: number;
};

/** The state after all of `facts`, or null when there are none. */
export function stateOf(facts: readonly Recorded[]): Incident | null {
  return facts.reduce<Incident | null>(evolve, null);
}

/** `INC-1`, the name people use. */
export function incidentName(number: number): string {
  return `INC-${number}`;
}

/** The call with this key, if it was ever requested. */
export function callNamed(incident: Incident, key: string): Call | undefined {
  return incident.calls.find((call) => call.key === key);
}

/** The root message in Slack, once it was posted. */
export function rootMessage(
  incident: Incident,
): { readonly channel: string; readonly ts: string; readonly permalink: string; readonly at: Date } | null {
  const status = callNamed(incident, 'slack/initial-post')?.status;
  if (status?.name !== 'succeeded') return null;
  const { channel, ts, permalink } = status.answer;
  return channel === undefined || ts === undefined ? null : { channel, ts, permalink: permalink ?? '', at: status.at };
}

/** One fact further. Throws on a first fact that opens nothing: such a list was never written by Gapwatch. */
export function evolve(before: Incident | null, { fact, at, by }: Recorded): Incident {
  if (before === null) {
    if (fact.type !== 'incident.opened') throw new TypeError(`an incident begins with incident.opened, not ${fact.type}`);
    return opened(fact, at);
  }
  const incident = { ...before, factCount: before.factCount + 1 };
  switch (fact.type) {
    case 'incident.opened':
      return incident;
    case 'incident.reopened':
      return { ...incident, phase: { name: 'open' } };
    case 'incident.resolved': {
      const { anywayBecause, unmet, rootCause } = fact;
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
      return { ...incident, alerts: [...incident.alerts, { ...fact.alert, status: 'triggered' }] };
    case 'alert.changed':
      return { ...incident, alerts: incident.alerts.map((alert) => (alert.id === fact.alertId ? changed(alert, fact.event) : alert)) };
    case 'records.silent':
      return { ...incident, records: { status: 'silent', lastRecordAt: fact.lastRecordAt } };
    case 'records.written':
      return { ...incident, records: { status: 'written', lastRecordAt: fact.lastRecordAt, perMinute: fact.perMinute, since: at } };
    case 'records.unseen':
      return { ...incident, records: { status: 'unseen', failure: fact.failure, since: at } };
    case 'gap.opened':
    case 'gap.ended':
    case 'gap.corrected':
      return { ...incident, gaps: gapsAfter(incident.gaps, fact) };
    case 'claim.made':
      return { ...incident, claim: { slackId: fact.slackId, name: fact.name, at } };
    case 'claim.overdue':
      return { ...incident, claimOverdue: true };
    case 'cause.stated':
      return { ...incident, rootCause: fact.text };
    case 'action.stated':
      return { ...incident, action: fact.text };
    case 'eta.stated':
      return { ...incident, etaAt: fact.etaAt };
    case 'update.scheduled':
      return { ...incident, nextUpdate: { number: fact.number, dueAt: fact.dueAt } };
    case 'updates.paused':
      return { ...incident, updatesPaused: true };
    case 'updates.continued':
      return { ...incident, updatesPaused: false };
    case 'check.requested':
    case 'check.progressed':
    case 'check.stopped':
    case 'check.answered':
    case 'check.refreshed':
      return { ...incident, ...checksAfter(incident, fact, at, actorName(by)) };
    case 'note.added':
    case 'escalation.requested':
      return incident;
    case 'call.requested':
    case 'call.succeeded':
    case 'call.failed':
    case 'call.abandoned':
    case 'call.superseded':
      return afterCall(incident, fact, at);
    default:
      return fact satisfies never;
  }
}

function opened(fact: Extract<Fact, { type: 'incident.opened' }>, at: Date): Incident {
  return {
    number: fact.number,
    phase: { name: 'open' },
    startedAt: fact.startedAt,
    openedAt: at,
    reason: fact.reason,
    alerts: [],
    records: { status: 'unknown' },
    gaps: [],
    claim: null,
    claimOverdue: false,
    pagedLevel: 1,
    rootCause: null,
    action: null,
    etaAt: null,
    nextUpdate: null,
    updatesPaused: false,
    running: [],
    checks: [],
    calls: [],
    resolutions: 0,
    factCount: 1,
  };
}

function changed(alert: TrackedAlert, event: AlertEvent): TrackedAlert {
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

type GapFact = Extract<Fact, { type: 'gap.opened' | 'gap.ended' | 'gap.corrected' }>;

function gapsAfter(gaps: readonly Gap[], fact: GapFact): readonly Gap[] {
  if (fact.type === 'gap.opened') {
    return [...gaps, { id: fact.gap, start: { at: fact.startAt, knownBy: fact.knownBy }, end: 'ongoing' }];
  }
  return gaps.map((gap) => {
    if (gap.id !== fact.gap) return gap;
    if (fact.type === 'gap.ended') return { ...gap, end: { at: fact.endAt, knownBy: fact.knownBy } };
    return { ...gap, [fact.edge]: { at: fact.at, knownBy: fact.knownBy } };
  });
}

type CallFact = Extract<Fact, { type: `call.${string}` }>;

function afterCall(incident: Incident, fact: CallFact, at: Date): Incident {
  if (fact.type === 'call.requested') {
    const { key, deed, dueAt } = fact;
    const call: Call = { key, deed, dueAt, status: { name: 'due', attempts: 0, notBefore: dueAt, lastFailure: null } };
    return { ...incident, calls: [...incident.calls, call] };
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
