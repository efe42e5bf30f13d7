import type { Verdict } from '#domain/checks/verdict.ts';
import type { IncidentEvent } from './event.ts';

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

type CheckEvent = Extract<IncidentEvent, { type: `check.${string}` }>;

/** Runs and answers of checks after one event more. */
export function checksAfter({ running, checks }: CheckRuns, event: CheckEvent, at: Date, by: string): CheckRuns {
  const { check, request } = event;
  const isMeant = (each: { readonly request: string }) => each.request === request;
  switch (event.type) {
    case 'check.requested':
      return { checks, running: [...running, { check, request, askedBy: by, lines: [], stoppedBy: null }] };
    case 'check.progressed':
      return { checks, running: running.map((each) => (isMeant(each) ? { ...each, lines: [...each.lines, event.line] } : each)) };
    case 'check.stopped': {
      const stop = <Each extends { readonly request: string }>(each: Each) => (isMeant(each) ? { ...each, stoppedBy: by } : each);
      return { running: running.map(stop), checks: checks.map(stop) };
    }
    case 'check.answered': {
      const answered = { check, request, verdict: event.verdict, at, liveUntil: event.liveUntil ?? null, stoppedBy: null };
      return { running: running.filter((each) => !isMeant(each)), checks: [...checks, answered] };
    }
    case 'check.refreshed': {
      const { verdict } = event;
      return { running, checks: checks.map((each) => (isMeant(each) ? { ...each, verdict, at, liveUntil: null } : each)) };
    }
    default:
      return event satisfies never;
  }
}
