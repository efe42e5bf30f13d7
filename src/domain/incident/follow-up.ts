import type { Assessment, Detail, IncidentEvent } from './event.ts';

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
  readonly earlierGaps: { readonly count: number | null; readonly text: string } | null;
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

type FollowUpEvent = Extract<
  IncidentEvent,
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

/** The paperwork after one event more. */
export function followUpAfter(before: FollowUp, event: FollowUpEvent, at: Date, by: string): FollowUp {
  switch (event.type) {
    case 'incident.closed':
      return { ...before, closed: { by, at } };
    case 'detail.stated':
      return { ...before, details: { ...before.details, [event.detail]: event.text } };
    case 'task.taken':
      return marked(before, event.task, { owner: event.name });
    case 'task.done':
      return marked(before, event.task, { done: { by, at }, waived: null });
    case 'task.waived':
      return marked(before, event.task, { waived: { by, at, because: event.because } });
    case 'earlier-gaps.counted':
      return { ...before, earlierGaps: { count: event.count, text: event.text } };
    case 'assessment.confirmed':
      return { ...before, assessment: { ...event.assessment, by, at } };
    case 'post-mortem.scheduled':
      return { ...before, postMortemAt: event.for };
    case 'hhs.decided':
      return { ...before, hhs: { required: event.required, because: event.because, by, at, notified: null } };
    case 'hhs.notified':
      return { ...before, hhs: before.hhs && { ...before.hhs, notified: { by, at } } };
    case 'notice.received':
      return { ...before, received: { ...before.received, [event.key]: at } };
    default:
      return event satisfies never;
  }
}

function marked(before: FollowUp, task: string, mark: Partial<TaskMark>): FollowUp {
  return { ...before, tasks: { ...before.tasks, [task]: { ...(before.tasks[task] ?? UNMARKED), ...mark } } };
}
