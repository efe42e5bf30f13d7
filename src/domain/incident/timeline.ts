import { between, formatDuration, formatUtc } from '#domain/base/time.ts';
import { knownByWords } from '#domain/gap/gap.ts';
import { actorName } from './actor.ts';
import { type Call, LANES, laneOf } from './call.ts';
import { deedWords } from './decide-call.ts';
import type { Fact, Recorded } from './event.ts';

/** One line of the timeline, for people. */
export type TimelineLine = { readonly sequence: number; readonly at: Date; readonly who: string; readonly text: string };

/**
 * The facts as lines, in order. For every call it says when it was due, when it went out, and what the service answered; a request
 * whose outcome follows, and the schedule of updates, need no line of their own.
 */
export function timeline(facts: readonly Recorded[]): readonly TimelineLine[] {
  const deeds = new Map(facts.flatMap(({ fact }) => (fact.type === 'call.requested' ? [[fact.key, fact.deed] as const] : [])));
  const answered = new Set(facts.flatMap(({ fact }) => (fact.type !== 'call.requested' && 'key' in fact ? [fact.key] : [])));
  return facts
    .filter(({ fact }) => fact.type !== 'update.scheduled' && !(fact.type === 'call.requested' && answered.has(fact.key)))
    .map(({ sequence, at, by, fact }) => ({ sequence, at, who: actorName(by), text: lineOf(fact, at, deeds) }));
}

/** What people stated as actions, and what Gapwatch did that a compliance reader counts as one. */
export function actionsTaken(facts: readonly Recorded[]): readonly { readonly at: Date; readonly text: string }[] {
  return facts.flatMap(({ at, by, fact }) => {
    if (fact.type === 'action.stated') return [{ at, text: `${fact.text} (${actorName(by)})` }];
    if (fact.type === 'claim.made') return [{ at, text: `${fact.name} took the incident` }];
    if (fact.type === 'incident.resolved') return [{ at, text: `Resolved by ${actorName(by)}` }];
    return [];
  });
}

function lineOf(fact: Fact, at: Date, deeds: ReadonlyMap<string, Call['deed']>): string {
  switch (fact.type) {
    case 'incident.opened':
      return `Incident opened: ${fact.reason} (began ${formatUtc(fact.startedAt)})`;
    case 'incident.reopened':
      return `Incident reopened: ${fact.because}`;
    case 'incident.resolved': {
      const anyway = fact.anywayBecause === null ? '' : `, although: ${fact.unmet.join(' ')} Reason given: ${fact.anywayBecause}`;
      return `Incident resolved. Root cause: ${fact.rootCause ?? 'as stated before, or not yet known'}${anyway}`;
    }
    case 'alert.fired':
      return `Alert ${fact.alert.id} fired at ${formatUtc(fact.alert.createdAt)}: ${fact.alert.title} (${fact.alert.service}; seen by ${fact.seenBy})`;
    case 'alert.changed': {
      const agent = fact.agent ? ` by ${fact.agent}` : '';
      const detail = fact.detail === '' ? '' : `: ${fact.detail}`;
      return `Alert ${fact.alertId} ${fact.event.replace('_', ' ')}${agent} at ${formatUtc(fact.occurredAt)}${detail} (seen by ${fact.seenBy})`;
    }
    case 'records.silent':
      return fact.lastRecordAt
        ? `Audit table silent; last record ${formatUtc(fact.lastRecordAt)}`
        : 'Audit table silent; it holds no record';
    case 'records.written':
      return `Audit records are being written; last record ${formatUtc(fact.lastRecordAt)}, ${fact.perMinute} in the last minute`;
    case 'records.unseen':
      return `Audit table can't be seen: ${fact.failure}`;
    case 'gap.opened':
      return `Gap ${fact.gap} starts ${formatUtc(fact.startAt)}, known by ${knownByWords(fact.knownBy)}${because(fact.because)}`;
    case 'gap.ended':
      return `Gap ${fact.gap} ends ${formatUtc(fact.endAt)}, known by ${knownByWords(fact.knownBy)}${because(fact.because)}`;
    case 'gap.corrected': {
      const formerly = fact.formerly ? formatUtc(fact.formerly) : 'not known';
      return `Gap ${fact.gap} ${fact.edge} corrected from ${formerly} to ${formatUtc(fact.at)}, known by ${knownByWords(fact.knownBy)}${because(fact.because)}`;
    }
    case 'claim.made':
      return `${fact.name} is on it`;
    case 'claim.overdue':
      return 'Nobody claimed the incident in time';
    case 'cause.stated':
      return `Root cause: ${fact.text}`;
    case 'action.stated':
      return `Action: ${fact.text}`;
    case 'eta.stated':
      return `ETA: ${formatUtc(fact.etaAt)}`;
    case 'note.added':
      return `Note: ${fact.text}`;
    case 'update.scheduled':
      return `Update ${fact.number} is due ${formatUtc(fact.dueAt)}`;
    case 'incident.closed':
      return 'Incident closed';
    case 'writer.named':
      return `${fact.name} writes`;
    case 'detail.stated':
      return `${DETAIL_WORDS[fact.detail]}: ${fact.text}`;
    case 'message.kept':
      return `${fact.author} in Slack: ${fact.text}`;
    case 'escalation.reached': {
      const unreachable = fact.unreachable.length === 0 ? '' : `; no address is known for ${fact.unreachable.join(', ')}`;
      return `Escalation: ${fact.why}; told: ${fact.notify.join(', ') || 'nobody'}${unreachable}; ${fact.say}`;
    }
    case 'task.taken':
      return `Task taken: ${fact.task}`;
    case 'task.done':
      return `Task done: ${fact.task}`;
    case 'task.waived':
      return `Task waived: ${fact.task}, because ${fact.because}`;
    case 'earlier-gaps.counted':
      return `Earlier gaps in the audit table: ${fact.words}`;
    case 'assessment.confirmed':
      return `Compliance impact assessed: ${fact.assessment.summary}`;
    case 'post-mortem.scheduled':
      return `Post-mortem scheduled for ${formatUtc(fact.for)}`;
    case 'hhs.decided':
      return `HHS notification ${fact.required ? 'is' : 'is not'} required, because ${fact.because}`;
    case 'hhs.notified':
      return 'HHS was notified';
    case 'notice.received':
      return `Receipt acknowledged: ${fact.key}`;
    case 'evidence.signed':
      return `Record signed: ${fact.statement}`;
    case 'command.denied':
      return `Denied: ${fact.what}. ${fact.why}`;
    case 'updates.paused':
      return fact.until ? `Updates paused until ${formatUtc(fact.until)}` : 'Updates paused';
    case 'updates.continued':
      return 'Updates continued';
    case 'check.requested':
      return `Check ${`${fact.check} ${fact.argument}`.trim()} requested`;
    case 'check.progressed':
      return `Check ${fact.check}: ${fact.line}`;
    case 'check.stopped':
      return `Check ${fact.check} stopped`;
    case 'check.refreshed':
      return `Check ${fact.check}, last reading: ${fact.verdict.level}. ${fact.verdict.evidence}`;
    case 'check.answered':
      return `Check ${fact.check}: ${fact.verdict.level}. ${fact.verdict.evidence}`;
    case 'remedy.asked':
      return `Remedy ${`${fact.remedy} ${fact.argument}`.trim()} asked for${fact.dryRun ? ' as a dry run' : ''}`;
    case 'remedy.planned':
      return `Remedy planned, good until ${formatUtc(fact.expiresAt)}: ${fact.plan.what} Rests on: ${fact.plan.basis}. To go back: ${fact.plan.back}`;
    case 'remedy.confirmed':
      return 'Remedy confirmed by the first of two people';
    case 'remedy.approved':
      return 'Remedy approved';
    case 'remedy.progressed':
      return `Remedy: ${fact.line}`;
    case 'remedy.stopped':
      return 'Remedy stopped by hand; it ends at its next safe point';
    case 'remedy.ended':
      return `Remedy ended (${fact.outcome}): ${fact.says}`;
    case 'escalation.requested':
      return `Escalation requested: ${fact.reason}`;
    case 'call.requested':
    case 'call.succeeded':
    case 'call.failed':
    case 'call.abandoned':
    case 'call.superseded':
      return callLine(fact, at, deeds.get(fact.key));
    default:
      return fact satisfies never;
  }
}

/** What a person's detail is called, for readers. */
export const DETAIL_WORDS = {
  resolution: 'What was done',
  prevention: 'Prevention',
  controls: 'Compensating controls',
  impact: 'Compliance impact',
} as const;

function callLine(fact: Extract<Fact, { type: `call.${string}` }>, at: Date, deed: Call['deed'] | undefined): string {
  const what = deed ? `${laneOf(deed)}: ${deedWords(deed)}` : (LANES.find((lane) => fact.key.startsWith(lane)) ?? fact.key);
  switch (fact.type) {
    case 'call.requested':
      return `Under way (${what}): due ${formatUtc(fact.dueAt)}`;
    case 'call.succeeded':
      return `Done (${what}): ${fact.answer.says}; due ${formatUtc(fact.dueAt)}, done ${formatDuration(between(fact.dueAt, at))} later, attempt ${fact.attempt}`;
    case 'call.failed':
      return `Failed (${what}), attempt ${fact.attempt}, ${fact.outcome}: ${fact.detail}; next attempt ${formatUtc(fact.retryAt)}`;
    case 'call.abandoned':
      return `Given up (${what}), attempt ${fact.attempt}, ${fact.outcome}: ${fact.detail}`;
    case 'call.superseded':
      return `Not needed any more (${what}): ${fact.because}`;
    default:
      return fact satisfies never;
  }
}

function because(reason: string | null): string {
  return reason === null ? '' : `, because ${reason}`;
}
