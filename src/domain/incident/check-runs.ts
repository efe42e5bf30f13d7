import type { Verdict } from '#domain/checks/verdict.ts';
import type { Fact } from './event.ts';

/** A check that was asked for and has not answered yet, with what it has told so far. */
export type RunningCheck = {
  readonly check: string;
  readonly request: string;
  readonly askedBy: string;
  readonly lines: readonly string[];
  readonly stoppedBy: string | null;
};

/** A check's answer; one with `liveUntil` is being kept current until then. */
export type AnsweredCheck = {
  readonly check: string;
  readonly request: string;
  readonly verdict: Verdict;
  readonly at: Date;
  readonly liveUntil: Date | null;
  readonly stoppedBy: string | null;
};

export type CheckRuns = { readonly running: readonly RunningCheck[]; readonly checks: readonly AnsweredCheck[] };

type CheckFact = Extract<Fact, { type: `check.${string}` }>;

/** Runs and answers of checks after one fact more. */
export function checksAfter({ running, checks }: CheckRuns, fact: CheckFact, at: Date, by: string): CheckRuns {
  const { check, request } = fact;
  const isMeant = (each: { readonly request: string }) => each.request === request;
  switch (fact.type) {
    case 'check.requested':
      return { checks, running: [...running, { check, request, askedBy: by, lines: [], stoppedBy: null }] };
    case 'check.progressed':
      return { checks, running: running.map((each) => (isMeant(each) ? { ...each, lines: [...each.lines, fact.line] } : each)) };
    case 'check.stopped': {
      const stop = <Each extends { readonly request: string }>(each: Each) => (isMeant(each) ? { ...each, stoppedBy: by } : each);
      return { running: running.map(stop), checks: checks.map(stop) };
    }
    case 'check.answered': {
      const answered = { check, request, verdict: fact.verdict, at, liveUntil: fact.liveUntil ?? null, stoppedBy: null };
      return { running: running.filter((each) => !isMeant(each)), checks: [...checks, answered] };
    }
    case 'check.refreshed': {
      const { verdict } = fact;
      return { running, checks: checks.map((each) => (isMeant(each) ? { ...each, verdict, at, liveUntil: null } : each)) };
    }
    default:
      return fact satisfies never;
  }
}
