import type { Plan, RemedyName, RemedyOutcome } from '#domain/remedies/plan.ts';
import type { Actor } from './actor.ts';
import { actorName } from './actor.ts';
import type { IncidentEvent } from './event.ts';

type Who = { readonly slackId: string; readonly name: string };

/** A step that was taken, with what later steps need of it. */
export type Progress = { readonly step: string; readonly line: string; readonly at: Date; readonly data: Readonly<Record<string, string>> };

/** Where a remedy stands. */
export type RemedyStatus =
  | { readonly name: 'asked' }
  | { readonly name: 'planned'; readonly expiresAt: Date }
  | { readonly name: 'approved'; readonly by: Who; readonly at: Date }
  | { readonly name: 'ended'; readonly outcome: RemedyOutcome; readonly message: string };

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

type RemedyEvent = Extract<IncidentEvent, { type: `remedy.${string}` }>;

/** The remedies after one event more. */
export function remediesAfter(runs: readonly RemedyRun[], event: RemedyEvent, at: Date, by: Actor): readonly RemedyRun[] {
  if (event.type === 'remedy.asked') {
    const { request, remedy, argument, dryRun } = event;
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
  return runs.map((run) => (run.request === event.request ? remedyAfter(run, event, at, by) : run));
}

function remedyAfter(run: RemedyRun, event: Exclude<RemedyEvent, { type: 'remedy.asked' }>, at: Date, by: Actor): RemedyRun {
  switch (event.type) {
    case 'remedy.planned':
      return { ...run, plan: event.plan, status: { name: 'planned', expiresAt: event.expiresAt } };
    case 'remedy.confirmed':
      return { ...run, confirmedBy: whoIs(by) };
    case 'remedy.approved':
      return { ...run, approvedBy: whoIs(by), status: { name: 'approved', by: whoIs(by), at } };
    case 'remedy.progressed':
      return { ...run, progress: [...run.progress, { step: event.step, line: event.line, at, data: event.data }] };
    case 'remedy.stopped':
      return { ...run, stoppedBy: actorName(by) };
    case 'remedy.ended':
      return { ...run, status: { name: 'ended', outcome: event.outcome, message: event.message } };
    default:
      return event satisfies never;
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
