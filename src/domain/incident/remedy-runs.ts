import type { Plan, RemedyName, RemedyOutcome } from '#domain/remedies/plan.ts';
import type { Actor } from './actor.ts';
import { actorName } from './actor.ts';
import type { Fact } from './event.ts';

type Who = { readonly slackId: string; readonly name: string };

/** A step that was taken, with what later steps need of it. */
export type Progress = { readonly step: string; readonly line: string; readonly at: Date; readonly data: Readonly<Record<string, string>> };

/** Where a remedy stands. */
export type RemedyStatus =
  | { readonly name: 'asked' }
  | { readonly name: 'planned'; readonly expiresAt: Date }
  | { readonly name: 'approved'; readonly by: Who; readonly at: Date }
  | { readonly name: 'ended'; readonly outcome: RemedyOutcome; readonly says: string };

/** A remedy that somebody asked for: its plan once there is one, who approved it, and what it did. */
export type RemedyRun = {
  readonly request: string;
  readonly remedy: RemedyName;
  readonly argument: string;
  readonly isDryRun: boolean;
  readonly askedBy: Who;
  readonly plan: Plan | null;
  readonly status: RemedyStatus;
  /** The first of two people, where two must approve. */
  readonly confirmedBy: Who | null;
  /** Kept after the end too. */
  readonly approvedBy: Who | null;
  readonly progress: readonly Progress[];
  readonly stoppedBy: string | null;
};

type RemedyFact = Extract<Fact, { type: `remedy.${string}` }>;

/** The remedies after one fact more. */
export function remediesAfter(runs: readonly RemedyRun[], fact: RemedyFact, at: Date, by: Actor): readonly RemedyRun[] {
  if (fact.type === 'remedy.asked') {
    const { request, remedy, argument, dryRun } = fact;
    const asked = {
      request,
      remedy,
      argument,
      isDryRun: dryRun,
      askedBy: whoIs(by),
      plan: null,
      confirmedBy: null,
      approvedBy: null,
      stoppedBy: null,
      progress: [],
    };
    return [...runs, { ...asked, status: { name: 'asked' } }];
  }
  return runs.map((run) => (run.request === fact.request ? remedyAfter(run, fact, at, by) : run));
}

function remedyAfter(run: RemedyRun, fact: Exclude<RemedyFact, { type: 'remedy.asked' }>, at: Date, by: Actor): RemedyRun {
  switch (fact.type) {
    case 'remedy.planned':
      return { ...run, plan: fact.plan, status: { name: 'planned', expiresAt: fact.expiresAt } };
    case 'remedy.confirmed':
      return { ...run, confirmedBy: whoIs(by) };
    case 'remedy.approved':
      return { ...run, approvedBy: whoIs(by), status: { name: 'approved', by: whoIs(by), at } };
    case 'remedy.progressed':
      return { ...run, progress: [...run.progress, { step: fact.step, line: fact.line, at, data: fact.data }] };
    case 'remedy.stopped':
      return { ...run, stoppedBy: actorName(by) };
    case 'remedy.ended':
      return { ...run, status: { name: 'ended', outcome: fact.outcome, says: fact.says } };
    default:
      return fact satisfies never;
  }
}

function whoIs(by: Actor): Who {
  return by.kind === 'person' ? { slackId: by.slackId, name: by.name } : { slackId: '', name: actorName(by) };
}

/** The remedy that is asked for, planned or at work; only one is at a time. */
export function remedyAtWork(runs: readonly RemedyRun[]): RemedyRun | undefined {
  return runs.find(({ status }) => status.name !== 'ended');
}

/** The remedy that was asked for under this name. */
export function remedyOf(runs: readonly RemedyRun[], request: string): RemedyRun | undefined {
  return runs.find((run) => run.request === request);
}

/** A step of a remedy, once it was taken. */
export function stepOf({ progress }: RemedyRun, step: string): Progress | undefined {
  return progress.find((each) => each.step === step);
}
