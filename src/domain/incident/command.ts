import { z } from 'zod';
import type { TableReading } from '#domain/audit-table/reading.ts';
import type { Verdict } from '#domain/checks/verdict.ts';
import type { Plan, RemedyName, RemedyOutcome } from '#domain/remedies/plan.ts';
import type { Answer, FailureOutcome } from './call.ts';
import type { Alert, AlertEvent, Assessment, Detail, IncidentEvent } from './event.ts';

/** A change that PagerDuty told of, by webhook or found by the poll. */
export type AlertChange = {
  readonly alertId: string;
  readonly event: AlertEvent;
  readonly agent: string | null;
  readonly detail: string;
  readonly occurredAt: Date;
  readonly seenBy: 'webhook' | 'poll';
};

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

/** What only the clock asks: a job carries one of these to the moment it is due. */
export const timerCommandSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('escalation-due') }),
  z.object({ kind: z.literal('nudge-due'), update: z.number().int() }),
  z.object({ kind: z.literal('pause-over'), until: instant }),
  z.object({ kind: z.literal('slack-late'), key: z.string() }),
  z.object({ kind: z.literal('follow-up-due'), hours: z.number(), resolution: z.number().int() }),
  z.object({ kind: z.literal('post-mortem-due'), for: instant }),
  z.object({ kind: z.literal('hhs-due'), daysLeft: z.number().int() }),
  z.object({ kind: z.literal('receipt-due'), key: z.string() }),
  z.object({ kind: z.literal('remedy-expires'), request: z.string(), what: z.enum(['planning', 'plan']) }),
]);
export type TimerCommand = z.infer<typeof timerCommandSchema>;

/** Everything that can be asked of an incident. Who asks is the actor beside it. */
export type Command =
  | { readonly kind: 'alert-fired'; readonly number: number; readonly alert: Alert; readonly seenBy: 'webhook' | 'poll' }
  | { readonly kind: 'declare'; readonly number: number; readonly reason: string; readonly isDrill: boolean }
  | { readonly kind: 'alert-changed'; readonly change: AlertChange }
  | { readonly kind: 'table-read'; readonly reading: TableReading }
  | { readonly kind: 'claim' }
  | { readonly kind: 'claim-due' }
  | { readonly kind: 'update-due'; readonly number: number }
  | { readonly kind: 'notice-late'; readonly key: string }
  | { readonly kind: 'post-update' }
  | { readonly kind: 'submit-update'; readonly cause: string; readonly action: string; readonly etaAt: Date | null }
  | { readonly kind: 'state-cause'; readonly text: string }
  | { readonly kind: 'state-action'; readonly text: string }
  | { readonly kind: 'state-eta'; readonly etaAt: Date }
  | { readonly kind: 'add-note'; readonly text: string }
  | { readonly kind: 'move-gap'; readonly edge: 'start' | 'end'; readonly at: Date; readonly because: string | null }
  | { readonly kind: 'hand-over'; readonly slackId: string; readonly name: string }
  | { readonly kind: 'name-scribe'; readonly slackId: string; readonly name: string }
  | { readonly kind: 'keep-message'; readonly ts: string; readonly author: string; readonly text: string }
  | { readonly kind: 'take-task' | 'finish-task'; readonly task: string }
  | { readonly kind: 'waive-task'; readonly task: string; readonly because: string }
  | { readonly kind: 'close' }
  | { readonly kind: 'count-earlier-gaps'; readonly count: number | null; readonly text: string }
  | { readonly kind: 'assess'; readonly assessment: Assessment }
  | { readonly kind: 'schedule-post-mortem'; readonly for: Date }
  | { readonly kind: 'decide-hhs'; readonly required: boolean; readonly because: string }
  | { readonly kind: 'hhs-notified' }
  | { readonly kind: 'notice-received'; readonly key: string }
  | { readonly kind: 'keep-signature'; readonly statement: string; readonly signature: string; readonly publicKey: string }
  | { readonly kind: 'deny'; readonly what: string; readonly why: string }
  | TimerCommand
  | { readonly kind: 'pause-updates'; readonly until: Date }
  | { readonly kind: 'continue-updates' }
  | { readonly kind: 'escalate' }
  | {
      readonly kind: 'resolve';
      readonly rootCause: string | null;
      readonly anywayBecause: string | null;
      readonly reading: TableReading;
      readonly details?: Readonly<Partial<Record<Detail, string>>>;
      readonly postMortemAt?: Date | null;
    }
  | { readonly kind: 'write-report' }
  | { readonly kind: 'request-check'; readonly check: string; readonly argument: string; readonly request: string }
  | { readonly kind: 'check-progressed'; readonly check: string; readonly request: string; readonly line: string }
  | { readonly kind: 'stop-check'; readonly request: string }
  | {
      readonly kind: 'check-answered';
      readonly check: string;
      readonly request: string;
      readonly verdict: Verdict;
      readonly liveUntil: Date | null;
    }
  | { readonly kind: 'check-refreshed'; readonly check: string; readonly request: string; readonly verdict: Verdict }
  | {
      readonly kind: 'ask-remedy';
      readonly remedy: RemedyName;
      readonly argument: string;
      readonly request: string;
      readonly dryRun: boolean;
    }
  | { readonly kind: 'remedy-planned'; readonly request: string; readonly plan: Plan }
  | { readonly kind: 'approve-remedy'; readonly request: string }
  | { readonly kind: 'decline-remedy'; readonly request: string }
  | { readonly kind: 'stop-remedy'; readonly request: string }
  | {
      readonly kind: 'remedy-progressed';
      readonly request: string;
      readonly step: string;
      readonly line: string;
      readonly data: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'remedy-ended'; readonly request: string; readonly outcome: RemedyOutcome; readonly message: string }
  | { readonly kind: 'outbox-delivered'; readonly key: string; readonly answer: Answer }
  | {
      readonly kind: 'outbox-failed';
      readonly key: string;
      readonly outcome: FailureOutcome;
      readonly detail: string;
      readonly retryAfterMilliseconds: number | null;
    };

/**
 * What follows from a command: events to keep, and for a person's command that can't be done, why not. A refusal may come with
 * events: what was seen while finding out is kept too.
 */
export type Decision = { readonly events: readonly IncidentEvent[]; readonly refused?: Refusal };

/** An expected "no", in a sentence for the person who asked, with what to do about it. */
export type Refusal = { readonly reason: RefusalReason; readonly message: string };

export type RefusalReason =
  | 'no-open-incident'
  | 'already-open'
  | 'already-claimed'
  | 'already-resolved'
  | 'not-resolvable-yet'
  | 'impossible-time'
  | 'already-so'
  | 'unknown-task'
  | 'unknown-notice'
  | 'tasks-open'
  | 'drill'
  | 'another-remedy'
  | 'same-person'
  | 'expired';
