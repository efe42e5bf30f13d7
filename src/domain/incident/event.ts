import { z } from 'zod';
import { verdictSchema } from '#domain/checks/verdict.ts';
import { knownBySchema } from '#domain/gap/gap.ts';
import { answerSchema, failureOutcomeSchema, payloadSchema } from '#domain/incident/outbox/message.ts';
import { remedyNameSchema } from '#domain/remedies/index.ts';
import { planSchema, remedyOutcomeSchema } from '#domain/remedies/plan.ts';
import { actorSchema } from './actor.ts';

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

/** A PagerDuty incident as Gapwatch keeps it: an alert. Titles are foreign text, bounded at the border. */
export const alertSchema = z.object({
  id: z.string(),
  title: z.string(),
  service: z.string(),
  url: z.string(),
  createdAt: instant,
});
export type Alert = z.infer<typeof alertSchema>;

/** What PagerDuty tells of an alert after it fired. */
export const alertEventSchema = z.enum([
  'acknowledged',
  'unacknowledged',
  'reassigned',
  'escalated',
  'delegated',
  'annotated',
  'priority_updated',
  'reopened',
  'resolved',
  /** PagerDuty does not know it any more: it was deleted, or is not ours to see. */
  'unknown',
  'other',
]);
export type AlertEvent = z.infer<typeof alertEventSchema>;

/** What a person can state about an incident besides cause, action and ETA. */
export const detailSchema = z.enum(['resolution', 'prevention', 'controls', 'impact']);
export type Detail = z.infer<typeof detailSchema>;

export const impactSchema = z.enum(['Low', 'Medium', 'High', 'Unknown']);

/** The four factors of runbook §16, as a person confirmed them. */
export const assessmentSchema = z.object({
  durationImpact: impactSchema,
  access: z.string(),
  accessImpact: impactSchema,
  controls: z.string(),
  earlierGaps: z.string(),
  summary: z.string(),
});
export type Assessment = z.infer<typeof assessmentSchema>;

/**
 * Everything that can become known about an incident, in the order it became known. The list of these is the incident: state,
 * messages and the report are derived from it, and nothing is ever changed or removed.
 */
export const incidentEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('incident.opened'),
    number: z.number().int(),
    startedAt: instant,
    reason: z.string(),
    /** An exercise: everything is marked, and nothing leaves for PagerDuty or by mail. */
    drill: z.boolean().optional(),
  }),
  z.object({ type: z.literal('incident.reopened'), because: z.string() }),
  z.object({
    type: z.literal('incident.resolved'),
    rootCause: z.string().nullable(),
    anywayBecause: z.string().nullable(),
    unmet: z.array(z.string()),
  }),
  z.object({ type: z.literal('incident.closed') }),

  z.object({
    type: z.literal('alert.fired'),
    alert: alertSchema,
    seenBy: z.enum(['webhook', 'poll']),
    /** An alert of this incident that a person merged into this one. */
    mergedFrom: z.string().optional(),
  }),
  z.object({
    type: z.literal('alert.changed'),
    alertId: z.string(),
    event: alertEventSchema,
    agent: z.string().nullable(),
    detail: z.string(),
    occurredAt: instant,
    seenBy: z.enum(['webhook', 'poll']),
    /** Resolved because a person merged it into this one. */
    mergedInto: z.string().optional(),
  }),

  z.object({ type: z.literal('records.silent'), lastRecordAt: instant.nullable() }),
  z.object({ type: z.literal('records.written'), lastRecordAt: instant, perMinute: z.number().int() }),
  z.object({ type: z.literal('records.unseen'), failure: z.string() }),

  z.object({
    type: z.literal('gap.opened'),
    gap: z.number().int(),
    startAt: instant,
    knownBy: knownBySchema,
    because: z.string().nullable(),
  }),
  z.object({
    type: z.literal('gap.ended'),
    gap: z.number().int(),
    endAt: instant,
    knownBy: knownBySchema,
    because: z.string().nullable(),
  }),
  z.object({
    type: z.literal('gap.corrected'),
    gap: z.number().int(),
    edge: z.enum(['start', 'end']),
    at: instant,
    knownBy: knownBySchema,
    formerly: instant.nullable(),
    because: z.string().nullable(),
  }),

  /** The table shows no silence where an estimate had put a gap. */
  z.object({ type: z.literal('gap.dismissed'), gap: z.number().int() }),
  /** Records dated inside a recorded gap have arrived since: what the table still lacks, and how many came. */
  z.object({
    type: z.literal('gap.remeasured'),
    gap: z.number().int(),
    remaining: z.array(z.object({ start: instant, end: z.union([instant, z.literal('ongoing')]) })),
    records: z.number().int(),
  }),

  z.object({ type: z.literal('commander.named'), slackId: z.string(), name: z.string() }),
  z.object({ type: z.literal('commander.overdue') }),
  z.object({ type: z.literal('scribe.named'), slackId: z.string(), name: z.string() }),

  z.object({ type: z.literal('cause.stated'), text: z.string() }),
  z.object({ type: z.literal('action.stated'), text: z.string() }),
  z.object({ type: z.literal('eta.stated'), etaAt: instant }),
  z.object({ type: z.literal('note.added'), text: z.string() }),
  z.object({ type: z.literal('detail.stated'), detail: detailSchema, text: z.string() }),
  /** A message of the thread, or one that somebody pinned, kept without identities. `ts` names it in Slack. */
  z.object({
    type: z.literal('message.kept'),
    ts: z.string(),
    author: z.string(),
    text: z.string(),
    /** A kept message was corrected, or is gone from Slack; what it said before stays on the record. */
    change: z.enum(['edited', 'deleted']).optional(),
  }),

  z.object({ type: z.literal('update.scheduled'), number: z.number().int(), dueAt: instant }),
  z.object({ type: z.literal('updates.paused'), until: instant.optional() }),
  z.object({ type: z.literal('updates.continued') }),

  z.object({ type: z.literal('check.requested'), check: z.string(), argument: z.string(), request: z.string() }),
  z.object({ type: z.literal('check.progressed'), check: z.string(), request: z.string(), line: z.string() }),
  z.object({ type: z.literal('check.stopped'), check: z.string(), request: z.string() }),
  z.object({
    type: z.literal('check.answered'),
    check: z.string(),
    request: z.string(),
    verdict: verdictSchema,
    /** Until when the answer is kept current; absent for one that is not. */
    liveUntil: instant.optional(),
  }),
  z.object({ type: z.literal('check.refreshed'), check: z.string(), request: z.string(), verdict: verdictSchema }),

  z.object({ type: z.literal('escalation.requested'), reason: z.string() }),
  z.object({
    type: z.literal('escalation.reached'),
    /** Names the policy's entry: what it counts, and after how many milliseconds. */
    escalation: z.string(),
    why: z.string(),
    notify: z.array(z.string()),
    unreachable: z.array(z.string()),
    say: z.string(),
  }),

  z.object({ type: z.literal('task.taken'), task: z.string(), slackId: z.string(), name: z.string() }),
  z.object({ type: z.literal('task.done'), task: z.string() }),
  z.object({ type: z.literal('task.waived'), task: z.string(), because: z.string() }),

  z.object({ type: z.literal('earlier-gaps.counted'), count: z.number().int().nullable(), text: z.string() }),
  z.object({ type: z.literal('assessment.confirmed'), assessment: assessmentSchema }),
  z.object({ type: z.literal('post-mortem.scheduled'), for: instant }),
  z.object({ type: z.literal('hhs.decided'), required: z.boolean(), because: z.string() }),
  z.object({ type: z.literal('hhs.notified') }),
  z.object({ type: z.literal('notice.received'), key: z.string() }),
  z.object({ type: z.literal('evidence.signed'), statement: z.string(), signature: z.string(), publicKey: z.string() }),
  z.object({ type: z.literal('command.denied'), what: z.string(), why: z.string() }),

  z.object({ type: z.literal('remedy.asked'), remedy: remedyNameSchema, argument: z.string(), request: z.string(), dryRun: z.boolean() }),
  z.object({ type: z.literal('remedy.planned'), request: z.string(), plan: planSchema, expiresAt: instant }),
  z.object({ type: z.literal('remedy.confirmed'), request: z.string() }),
  z.object({ type: z.literal('remedy.approved'), request: z.string() }),
  z.object({
    type: z.literal('remedy.progressed'),
    request: z.string(),
    step: z.string(),
    line: z.string(),
    /** What later steps need of this one, a deployment's id for instance. */
    data: z.record(z.string(), z.string()),
  }),
  z.object({ type: z.literal('remedy.stopped'), request: z.string() }),
  z.object({ type: z.literal('remedy.ended'), request: z.string(), outcome: remedyOutcomeSchema, message: z.string() }),

  /** The root message is gone from Slack: deleted, or its channel is. */
  z.object({ type: z.literal('root.lost'), ts: z.string(), because: z.string() }),

  z.object({ type: z.literal('outbox.queued'), key: z.string(), payload: payloadSchema, dueAt: instant }),
  z.object({
    type: z.literal('outbox.delivered'),
    key: z.string(),
    attempt: z.number().int(),
    dueAt: instant,
    answer: answerSchema,
  }),
  z.object({
    type: z.literal('outbox.failed'),
    key: z.string(),
    attempt: z.number().int(),
    outcome: failureOutcomeSchema,
    detail: z.string(),
    retryAt: instant,
  }),
  z.object({
    type: z.literal('outbox.abandoned'),
    key: z.string(),
    attempt: z.number().int(),
    outcome: failureOutcomeSchema,
    detail: z.string(),
  }),
  z.object({ type: z.literal('outbox.superseded'), key: z.string(), because: z.string() }),
]);

export type IncidentEvent = z.infer<typeof incidentEventSchema>;

/** An event as recorded: its place in the incident, when it became known, and who made it known. */
export const recordedEventSchema = z.object({
  sequence: z.number().int().positive(),
  at: instant,
  by: actorSchema,
  event: incidentEventSchema,
});
export type RecordedEvent = z.infer<typeof recordedEventSchema>;

export type EventType = IncidentEvent['type'];
export type EventOf<Type extends EventType> = { readonly [Each in EventType]: Extract<IncidentEvent, { type: Each }> }[Type];
