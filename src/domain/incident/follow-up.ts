import type { Assessment, Detail, Fact } from './event.ts';

/** A mark that a person left on a task. */
export type TaskMark = {
  readonly owner: string | null;
  readonly done: { readonly by: string; readonly at: Date } | null;
  readonly waived: { readonly by: string; readonly at: Date; readonly because: string } | null;
};

/** What people decided about notifying HHS. The clock of 60 days runs from the incident's discovery (45 CFR 164.404, 164.408). */
export type HhsDecision = {
  readonly required: boolean;
  readonly because: string;
  readonly by: string;
  readonly at: Date;
  readonly notified: { readonly by: string; readonly at: Date } | null;
};

/** What is known about the paperwork: tasks, assessment, post-mortem, HHS, receipts. */
export type FollowUp = {
  readonly details: Readonly<Partial<Record<Detail, string>>>;
  readonly tasks: Readonly<Record<string, TaskMark>>;
  readonly earlierGaps: { readonly count: number | null; readonly words: string } | null;
  readonly assessment: (Assessment & { readonly by: string; readonly at: Date }) | null;
  readonly postMortemAt: Date | null;
  readonly hhs: HhsDecision | null;
  /** Notices whose receipt was acknowledged: the call's key, and when. */
  readonly received: Readonly<Record<string, Date>>;
  readonly closed: { readonly by: string; readonly at: Date } | null;
};

export const NO_FOLLOW_UP: FollowUp = {
  details: {},
  tasks: {},
  earlierGaps: null,
  assessment: null,
  postMortemAt: null,
  hhs: null,
  received: {},
  closed: null,
};

const UNMARKED: TaskMark = { owner: null, done: null, waived: null };

type FollowUpFact = Extract<
  Fact,
  {
    type:
      | 'incident.closed'
      | 'detail.stated'
      | `task.${string}`
      | 'earlier-gaps.counted'
      | 'assessment.confirmed'
      | 'post-mortem.scheduled'
      | `hhs.${string}`
      | 'notice.received';
  }
>;

/** The paperwork after one fact more. */
export function followUpAfter(before: FollowUp, fact: FollowUpFact, at: Date, by: string): FollowUp {
  switch (fact.type) {
    case 'incident.closed':
      return { ...before, closed: { by, at } };
    case 'detail.stated':
      return { ...before, details: { ...before.details, [fact.detail]: fact.text } };
    case 'task.taken':
      return marked(before, fact.task, { owner: fact.name });
    case 'task.done':
      return marked(before, fact.task, { done: { by, at }, waived: null });
    case 'task.waived':
      return marked(before, fact.task, { waived: { by, at, because: fact.because } });
    case 'earlier-gaps.counted':
      return { ...before, earlierGaps: { count: fact.count, words: fact.words } };
    case 'assessment.confirmed':
      return { ...before, assessment: { ...fact.assessment, by, at } };
    case 'post-mortem.scheduled':
      return { ...before, postMortemAt: fact.for };
    case 'hhs.decided':
      return { ...before, hhs: { required: fact.required, because: fact.because, by, at, notified: null } };
    case 'hhs.notified':
      return { ...before, hhs: before.hhs && { ...before.hhs, notified: { by, at } } };
    case 'notice.received':
      return { ...before, received: { ...before.received, [fact.key]: at } };
    default:
      return fact satisfies never;
  }
}

function marked(before: FollowUp, task: string, mark: Partial<TaskMark>): FollowUp {
  return { ...before, tasks: { ...before.tasks, [task]: { ...(before.tasks[task] ?? UNMARKED), ...mark } } };
}
