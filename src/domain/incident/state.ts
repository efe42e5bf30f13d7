import type { Verdict } from '#domain/checks/verdict.ts';
import type { Gap } from '#domain/gap/gap.ts';
import type { OutboxMessage } from '#domain/incident/outbox/message.ts';
import type { RemedyName } from '#domain/remedies/index.ts';
import type { Plan, RemedyOutcome } from '#domain/remedies/plan.ts';
import type { Alert, Assessment, Detail, IncidentEvent } from './event.ts';

export type AlertStatus = 'triggered' | 'acknowledged' | 'resolved';

export type TrackedAlert = Alert & { readonly status: AlertStatus };

/** What is known about the audit table right now. */
export type Records =
  | { readonly status: 'unknown' }
  | { readonly status: 'silent'; readonly lastRecordAt: Date | null }
  | { readonly status: 'written'; readonly lastRecordAt: Date; readonly perMinute: number; readonly since: Date }
  | { readonly status: 'unseen'; readonly failure: string; readonly since: Date };

export type Phase =
  | { readonly name: 'open' }
  | {
      readonly name: 'resolved';
      readonly at: Date;
      readonly by: string;
      readonly anywayBecause: string | null;
      readonly unmet: readonly string[];
    };
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
export type Who = { readonly slackId: string; readonly name: string };

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
  readonly askedAt: Date;
  readonly plan: Plan | null;
  readonly status: RemedyStatus;
  /** The first of two people, where two must approve. */
  readonly confirmedBy: Who | null;
  /** Kept after the end too. */
  readonly approvedBy: Who | null;
  readonly progress: readonly Progress[];
  readonly stoppedBy: string | null;
};
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

/** What is true about an incident now: a fold over its events, and nothing that the events don't say. */
export type Incident = {
  readonly number: number;
  readonly phase: Phase;
  readonly isDrill: boolean;
  readonly startedAt: Date;
  readonly openedAt: Date;
  readonly reason: string;
  readonly alerts: readonly TrackedAlert[];
  readonly records: Records;
  readonly gaps: readonly Gap[];
  /** Gaps that were ever recorded, dismissed ones too: a number is never given twice. */
  readonly gapCount: number;
  /** Who leads the response: pressed "I'm on it", or was handed the incident. */
  readonly commander: { readonly slackId: string; readonly name: string; readonly at: Date } | null;
  readonly commanderOverdue: boolean;
  /** Who keeps the timeline and the updates. */
  readonly scribe: { readonly slackId: string; readonly name: string } | null;
  readonly pagedLevel: number;
  readonly rootCause: string | null;
  readonly action: string | null;
  readonly etaAt: Date | null;
  readonly nextUpdate: { readonly number: number; readonly dueAt: Date } | null;
  readonly updatesPaused: boolean;
  readonly pausedUntil: Date | null;
  /** Updates since a person last stated an action or an ETA. */
  readonly unchangedUpdates: number;
  readonly running: readonly RunningCheck[];
  readonly checks: readonly AnsweredCheck[];
  readonly remedies: readonly RemedyRun[];
  readonly outbox: readonly OutboxMessage[];
  /** Root messages that are gone from Slack, by their timestamps. */
  readonly lostRoots: readonly string[];
  /** Escalations of the policy that were reached. */
  readonly escalated: readonly string[];
  /** Slack messages on the timeline, by timestamp and text, so that a redelivered event adds nothing. */
  readonly kept: readonly string[];
  readonly followUp: FollowUp;
  readonly resolutions: number;
  readonly eventCount: number;
};

const NO_FOLLOW_UP: FollowUp = {
  details: {},
  tasks: {},
  earlierGaps: null,
  assessment: null,
  postMortemAt: null,
  hhs: null,
  received: {},
  closed: null,
};

/** Returns the state after the event that opens an incident. */
export function openedIncident(event: Extract<IncidentEvent, { type: 'incident.opened' }>, at: Date): Incident {
  return {
    number: event.number,
    phase: { name: 'open' },
    isDrill: event.drill ?? false,
    startedAt: event.startedAt,
    openedAt: at,
    reason: event.reason,
    alerts: [],
    records: { status: 'unknown' },
    gaps: [],
    gapCount: 0,
    commander: null,
    commanderOverdue: false,
    scribe: null,
    pagedLevel: 1,
    rootCause: null,
    action: null,
    etaAt: null,
    nextUpdate: null,
    updatesPaused: false,
    pausedUntil: null,
    unchangedUpdates: 0,
    running: [],
    checks: [],
    remedies: [],
    outbox: [],
    lostRoots: [],
    escalated: [],
    kept: [],
    followUp: NO_FOLLOW_UP,
    resolutions: 0,
    eventCount: 1,
  };
}

/** Returns the incident with something new in its paperwork. */
export function withFollowUp(incident: Incident, change: Partial<FollowUp>): Incident {
  return { ...incident, followUp: { ...incident.followUp, ...change } };
}

/** `INC-1`, the name people use. */
export function incidentName(number: number): string {
  return `INC-${number}`;
}

/** The call with this key, if it was ever requested. */
export function outboxMessage(incident: Incident, key: string): OutboxMessage | undefined {
  return incident.outbox.find((outgoing) => outgoing.key === key);
}

/** A root message in Slack: under it stands everything that is said about its incident. */
export type RootMessage = { readonly channel: string; readonly ts: string; readonly permalink: string; readonly at: Date };

/** The root message in Slack, once it was posted and as long as it is there. */
export function rootMessage(incident: Incident): RootMessage | null {
  return rootMessages(incident).findLast(({ ts }) => !incident.lostRoots.includes(ts)) ?? null;
}

/** Every root message that was ever posted: the present one is the last, after one that was deleted. */
export function rootMessages({ outbox }: Incident): readonly RootMessage[] {
  return outbox.flatMap(({ payload, status }) => {
    if (payload.kind !== 'initial-post' || status.name !== 'succeeded') return [];
    const { channel, ts, permalink } = status.answer;
    return channel === undefined || ts === undefined ? [] : [{ channel, ts, permalink: permalink ?? '', at: status.at }];
  });
}
