import { z } from 'zod';

/** The services that Gapwatch calls for an incident; each has a destination of its own, so one that hangs holds up only itself. */
export const DESTINATIONS = ['slack', 'pagerduty', 'mail', 'reports'] as const;
export type Destination = (typeof DESTINATIONS)[number];

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

/** Short messages under the incident's root message, each with a template of its name under `templates/slack/thread`. */
export const ANNOUNCEMENTS = [
  'acknowledged',
  'already-acknowledged',
  'alert-joined',
  'alert-event',
  'alert-unacknowledged',
  'alert-resolved-while-silent',
  'alert-resolved',
  'call-abandoned',
  'claimed',
  'assessed',
  'claim-overdue',
  'closed',
  'escalated',
  'escalation',
  'follow-up',
  'gap-corrected',
  'gap-opened',
  'handed-over',
  'hhs-decided',
  'hhs-deadline',
  'hhs-notified',
  'notice-received',
  'notice-refused',
  'notice-unconfirmed',
  'notice-undelivered',
  'nudge',
  'post-mortem-now',
  'post-mortem-scheduled',
  'records-returned',
  'records-unseen',
  'reopened',
  'stated',
  'task',
  'updates-paused',
  'updates-continued',
  'writer-named',
] as const;
export type Announcement = (typeof ANNOUNCEMENTS)[number];

const changeSchema = z.object({ what: z.string(), formerly: z.string(), now: z.string() });
export type Change = z.infer<typeof changeSchema>;

/** What a call does to the outside world. One member a message; its destination follows from it. */
export const payloadSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('initial-post') }),
  z.object({
    kind: z.literal('update'),
    number: z.number().int(),
    missed: z.array(instant),
    whyMissed: z.string().nullable(),
  }),
  z.object({ kind: z.literal('resolution-post') }),
  z.object({
    kind: z.literal('announcement'),
    name: z.enum(ANNOUNCEMENTS),
    details: z.record(z.string(), z.string()),
    broadcast: z.boolean(),
  }),
  z.object({ kind: z.literal('check-answer'), check: z.string(), request: z.string() }),
  z.object({ kind: z.literal('check-conclusion'), check: z.string(), request: z.string() }),
  z.object({ kind: z.literal('remedy-message'), request: z.string() }),
  z.object({ kind: z.literal('remedy-conclusion'), request: z.string() }),
  z.object({ kind: z.literal('share-chart'), check: z.string(), request: z.string() }),
  z.object({ kind: z.literal('share-report'), file: z.string() }),
  z.object({ kind: z.literal('acknowledge'), alertId: z.string() }),
  z.object({ kind: z.literal('acknowledge-as'), alertId: z.string(), slackId: z.string(), name: z.string() }),
  z.object({ kind: z.literal('note'), alertId: z.string(), text: z.string() }),
  z.object({ kind: z.literal('page-next-level'), alertId: z.string(), level: z.number().int() }),
  z.object({ kind: z.literal('resolve-alert'), alertId: z.string() }),
  z.object({ kind: z.literal('opening-notice') }),
  z.object({ kind: z.literal('final-notice') }),
  /** What was told to the Privacy Officer and is different now. */
  z.object({ kind: z.literal('correction-notice'), changes: z.array(changeSchema) }),
  z.object({ kind: z.literal('escalation-notice'), escalation: z.string(), role: z.string() }),
  z.object({ kind: z.literal('hhs-notice'), daysLeft: z.number().int() }),
  /** Slack can't be reached: the runbook's first steps, to be done by hand. */
  z.object({ kind: z.literal('by-hand-notice'), role: z.string() }),
  z.object({ kind: z.literal('gap-report') }),
  z.object({ kind: z.literal('post-mortem') }),
]);

export type Payload = z.infer<typeof payloadSchema>;

/** What a service answered to a call that went well; only what later calls and readers need. */
export const answerSchema = z.object({
  /** Slack: channel and timestamp of the message, and its link. */
  channel: z.string().optional(),
  ts: z.string().optional(),
  permalink: z.string().optional(),
  /** Reports: file name and SHA-256 of its bytes. */
  file: z.string().optional(),
  sha256: z.string().optional(),
  /** SHA-256 of what went out, as it is kept. */
  contentSha256: z.string().optional(),
  /** Mail: roles whose address the server refused. */
  refusedRoles: z.array(z.string()).optional(),
  /** Mail: the reader was given a link by which to acknowledge the receipt. */
  asksReceipt: z.boolean().optional(),
  /** PagerDuty: who holds the acknowledgement; and `already` when somebody had done the action before. */
  acknowledgedBy: z.string().optional(),
  already: z.enum(['acknowledged', 'resolved']).optional(),
  /** One line for the timeline, in words. */
  message: z.string(),
});

export type Answer = z.infer<typeof answerSchema>;

/** How a call failed: refused (asking again is useless unless something changes), unavailable, or unclear (it may have happened). */
export const failureOutcomeSchema = z.enum(['refused', 'unavailable', 'unclear']);
export type FailureOutcome = z.infer<typeof failureOutcomeSchema>;

/** Where a call stands. `due` calls wait or are being tried; the others are over. */
export type OutboxStatus =
  | { readonly name: 'due'; readonly attempts: number; readonly notBefore: Date; readonly lastFailure: DeliveryFailure | null }
  | { readonly name: 'succeeded'; readonly at: Date; readonly answer: Answer; readonly lastFailure: DeliveryFailure | null }
  | { readonly name: 'abandoned'; readonly at: Date; readonly failure: DeliveryFailure }
  | { readonly name: 'superseded'; readonly at: Date; readonly because: string };

export type DeliveryFailure = { readonly outcome: FailureOutcome; readonly detail: string; readonly firstAt: Date };

/** One call outward: a message, a PagerDuty request, a mail, a report. `key` names it for ever, also at the service. */
export type OutboxMessage = { readonly key: string; readonly payload: Payload; readonly dueAt: Date; readonly status: OutboxStatus };

/** The destination a message runs in. */
export function destinationOf(payload: Payload): Destination {
  switch (payload.kind) {
    case 'initial-post':
    case 'update':
    case 'resolution-post':
    case 'announcement':
    case 'check-answer':
    case 'check-conclusion':
    case 'remedy-message':
    case 'remedy-conclusion':
    case 'share-chart':
    case 'share-report':
      return 'slack';
    case 'acknowledge':
    case 'acknowledge-as':
    case 'note':
    case 'page-next-level':
    case 'resolve-alert':
      return 'pagerduty';
    case 'opening-notice':
    case 'final-notice':
    case 'correction-notice':
    case 'escalation-notice':
    case 'hhs-notice':
    case 'by-hand-notice':
      return 'mail';
    case 'gap-report':
    case 'post-mortem':
      return 'reports';
    default:
      return payload satisfies never;
  }
}
