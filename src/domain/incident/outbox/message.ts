import { z } from 'zod';
import { roleName } from '#domain/base/policy.ts';

/** Where outbox messages go; each destination has jobs of its own, so one that hangs holds up only itself. */
export const DESTINATIONS = ['slack', 'pagerduty', 'mail', 'reports'] as const;
export type Destination = (typeof DESTINATIONS)[number];

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

/** Short messages under the incident's root message, each with a template of its name under `templates/slack/thread`. */
export const ANNOUNCEMENTS = [
  'acknowledged',
  'already-acknowledged',
  'alert-joined',
  'alert-already-resolved',
  'alert-event',
  'alert-merged',
  'alert-unknown',
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
  'gap-dismissed',
  'gap-remeasured',
  'gap-opened',
  'handed-over',
  'hhs-decided',
  'hhs-deadline',
  'hhs-notified',
  'notice-received',
  'notice-refused',
  'notice-unclear',
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

/** What an outbox message does to the outside world: the fields of each kind. Its row in {@link MESSAGES} says the rest. */
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
  z.object({ kind: z.literal('by-hand-notice'), role: z.string(), because: z.string().optional() }),
  z.object({ kind: z.literal('gap-report') }),
  z.object({ kind: z.literal('post-mortem') }),
]);

export type Payload = z.infer<typeof payloadSchema>;

/** What a service answered to a message that went well; only what later calls and readers need. */
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

/** How a delivery failed: refused (asking again is useless unless something changes), unavailable, or unclear (it may have happened). */
export const failureOutcomeSchema = z.enum(['refused', 'unavailable', 'unclear']);
export type FailureOutcome = z.infer<typeof failureOutcomeSchema>;

/** Where a message stands. One that is `due` waits or is being tried; the others are over. */
export type OutboxStatus =
  | {
      readonly name: 'due';
      readonly attempts: number;
      readonly notBefore: Date;
      readonly lastFailure: DeliveryFailure | null;
      /** How many attempts may have been done: none unless it is said. */
      readonly unclear?: number;
    }
  | { readonly name: 'succeeded'; readonly at: Date; readonly answer: Answer; readonly lastFailure: DeliveryFailure | null }
  | { readonly name: 'abandoned'; readonly at: Date; readonly failure: DeliveryFailure }
  | { readonly name: 'superseded'; readonly at: Date; readonly because: string };

export type DeliveryFailure = { readonly outcome: FailureOutcome; readonly detail: string; readonly firstAt: Date };

/** One step outward: a Slack message, a PagerDuty request, a mail, a report. `key` names it for ever, also at the service. */
export type OutboxMessage = { readonly key: string; readonly payload: Payload; readonly dueAt: Date; readonly status: OutboxStatus };

export type PayloadKind = Payload['kind'];
export type PayloadMap = { readonly [Kind in PayloadKind]: Extract<Payload, { kind: Kind }> };

/** How soon a message must go out in a backlog: what the whole channel must know, what somebody asked for, all else. */
export type Urgency = 0 | 1 | 2;

/** Where a Slack message stands: in the channel, in the thread, in both, or as the policy or the message itself says. */
export type Placement = 'channel' | 'thread' | 'broadcast' | 'as-updates' | 'as-message';

/** A kind of outbox message: where it goes, what it is called in "could not …", how urgent it is, and where Slack shows it. */
type Row<Kind extends PayloadKind> = {
  readonly destination: Destination;
  readonly label: (payload: PayloadMap[Kind]) => string;
  readonly urgency: Urgency;
  readonly placement: Placement | null;
};

const slack = (placement: Placement, urgency: Urgency) => ({ destination: 'slack', placement, urgency }) as const;
const PAGERDUTY = { destination: 'pagerduty', placement: null, urgency: 2 } as const;
const MAIL = { destination: 'mail', placement: null, urgency: 2 } as const;
const REPORTS = { destination: 'reports', placement: null, urgency: 2 } as const;

/** Every kind of outbox message. A new one is a schema above, a row here, its rendering in workflows/deliver, and its template. */
export const MESSAGES: { readonly [Kind in PayloadKind]: Row<Kind> } = {
  'initial-post': { ...slack('channel', 2), label: () => 'post the initial message' },
  update: { ...slack('as-updates', 0), label: ({ number }) => `post update ${number}` },
  'resolution-post': { ...slack('broadcast', 0), label: () => 'post the resolution' },
  announcement: { ...slack('as-message', 2), label: ({ name }) => `post the message "${name}"` },
  'check-answer': { ...slack('broadcast', 1), label: ({ check }) => `post the answer of ${check}` },
  'check-conclusion': { ...slack('thread', 1), label: ({ check }) => `bring the message of ${check} up to date` },
  'remedy-message': { ...slack('broadcast', 2), label: () => 'post the remedy' },
  'remedy-conclusion': { ...slack('thread', 2), label: () => 'bring the message of the remedy up to date' },
  'share-chart': { ...slack('thread', 2), label: ({ check }) => `share the chart of ${check}` },
  'share-report': { ...slack('thread', 2), label: () => 'share the gap report' },
  acknowledge: { ...PAGERDUTY, label: () => 'acknowledge the PagerDuty alert' },
  'acknowledge-as': { ...PAGERDUTY, label: ({ name }) => `acknowledge the PagerDuty alert as ${name}` },
  note: { ...PAGERDUTY, label: () => 'add a note in PagerDuty' },
  'page-next-level': { ...PAGERDUTY, label: ({ level }) => `page escalation level ${level}` },
  'resolve-alert': { ...PAGERDUTY, label: () => 'resolve the PagerDuty alert' },
  'opening-notice': { ...MAIL, label: () => 'send the opening notice to the Privacy Officer' },
  'final-notice': { ...MAIL, label: () => 'send the final notice to the Privacy Officer' },
  'correction-notice': { ...MAIL, label: () => 'send a correction to the Privacy Officer' },
  'escalation-notice': { ...MAIL, label: ({ role }) => `send the escalation to the ${roleName(role)}` },
  'hhs-notice': { ...MAIL, label: () => 'remind the Privacy Officer of the HHS deadline' },
  'by-hand-notice': { ...MAIL, label: ({ role }) => `send the steps to do by hand to the ${roleName(role)}` },
  'gap-report': { ...REPORTS, label: () => 'write the gap report' },
  'post-mortem': { ...REPORTS, label: () => 'write the post-mortem document' },
};

/** Returns where a message goes. */
export function destinationOf({ kind }: Payload): Destination {
  return MESSAGES[kind].destination;
}

/** Returns what a message does, in words that complete "could not …". */
export function labelOf(payload: Payload): string {
  return labelOfKind(payload.kind, payload);
}

function labelOfKind<Kind extends PayloadKind>(kind: Kind, payload: PayloadMap[Kind]): string {
  return MESSAGES[kind].label(payload);
}

/** Returns how soon a message must go out; what is said to the whole channel is most urgent. */
export function urgencyOf(payload: Payload): Urgency {
  return payload.kind === 'announcement' && payload.broadcast ? 0 : MESSAGES[payload.kind].urgency;
}
