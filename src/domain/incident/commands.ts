import type { Look } from '#domain/gap/look.ts';
import type { Answer, FailureOutcome } from './call.ts';
import type { Alert, AlertEvent, Fact, Verdict } from './facts.ts';

/** A change that PagerDuty told of, by webhook or found by the poll. */
export type AlertChange = {
  readonly alertId: string;
  readonly event: AlertEvent;
  readonly agent: string | null;
  readonly detail: string;
  readonly occurredAt: Date;
  readonly seenBy: 'webhook' | 'poll';
};

/** Everything that can be asked of an incident. Who asks is the actor beside it. */
export type Command =
  | { readonly kind: 'alert-fired'; readonly number: number; readonly alert: Alert; readonly seenBy: 'webhook' | 'poll' }
  | { readonly kind: 'declare'; readonly number: number; readonly reason: string }
  | { readonly kind: 'alert-changed'; readonly change: AlertChange }
  | { readonly kind: 'looked'; readonly look: Look }
  | { readonly kind: 'claim' }
  | { readonly kind: 'claim-due' }
  | { readonly kind: 'update-due'; readonly number: number }
  | { readonly kind: 'notice-late'; readonly key: string }
  | { readonly kind: 'post-update' }
  | { readonly kind: 'state-cause'; readonly text: string }
  | { readonly kind: 'state-action'; readonly text: string }
  | { readonly kind: 'state-eta'; readonly etaAt: Date }
  | { readonly kind: 'add-note'; readonly text: string }
  | { readonly kind: 'move-gap'; readonly edge: 'start' | 'end'; readonly at: Date; readonly because: string | null }
  | { readonly kind: 'pause-updates' }
  | { readonly kind: 'continue-updates' }
  | { readonly kind: 'escalate' }
  | { readonly kind: 'resolve'; readonly rootCause: string | null; readonly anywayBecause: string | null; readonly look: Look }
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
  | { readonly kind: 'call-succeeded'; readonly key: string; readonly answer: Answer }
  | {
      readonly kind: 'call-failed';
      readonly key: string;
      readonly outcome: FailureOutcome;
      readonly detail: string;
      readonly retryAfterMilliseconds: number | null;
    };

/**
 * What follows from a command: facts to keep, and for a person's command that can't be done, why not. A refusal may come with
 * facts: what was seen while finding out is kept too.
 */
export type Decision = { readonly facts: readonly Fact[]; readonly refused?: Refusal };

/** An expected "no", in a sentence for the person who asked, with what to do about it. */
export type Refusal = { readonly reason: RefusalReason; readonly says: string };

export type RefusalReason =
  | 'no-open-incident'
  | 'already-open'
  | 'already-claimed'
  | 'already-resolved'
  | 'not-resolvable-yet'
  | 'impossible-time'
  | 'already-so';
