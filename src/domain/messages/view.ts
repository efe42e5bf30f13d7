import type { Policy } from '#domain/base/policy.ts';
import { between, formatDuration, formatUtc, MINUTE, type Milliseconds } from '#domain/base/time.ts';
import { durationClass, type Gap, gapLength, knownByWords, ongoingGap, unaccountedLength } from '#domain/gap/gap.ts';
import { hhsDeadline } from '#domain/incident/hhs.ts';
import type { OutboxMessage } from '#domain/incident/outbox/message.ts';
import { LATE_AFTER } from '#domain/incident/outbox/retry.ts';
import { type HhsDecision, type Incident, incidentName, outboxMessage, rootMessage } from '#domain/incident/state.ts';

const NOT_YET_KNOWN = 'not yet known';

/** One gap as readers are told it. `end` is a moment or the word "ongoing"; `class` is runbook §16's. */
export type GapView = {
  readonly id: number;
  readonly start: Date;
  readonly startKnownBy: string;
  readonly end: Date | 'ongoing';
  readonly endKnownBy: string;
  readonly duration: string;
  /** What the table still lacks of it; the whole duration unless records were brought in later. */
  readonly unaccounted: string;
  /** One sentence about records that arrived later; empty while none has. */
  readonly remeasured: string;
  readonly class: string;
};

/** The assessment of runbook §16 as readers are told it. */
export type AssessmentView = {
  readonly durationImpact: string;
  readonly access: string;
  readonly accessImpact: string;
  readonly controls: string;
  readonly earlierGaps: string;
  readonly summary: string;
  readonly by: string;
  readonly at: Date | string;
  readonly confirmed: boolean;
};

/** What a template may say about an incident. Every field is filled: what nobody knows yet says so in words. */
export type IncidentView = {
  readonly name: string;
  readonly reason: string;
  readonly isDrill: boolean;
  readonly startedAt: Date;
  readonly elapsedMinutes: number;
  readonly duration: string;
  readonly pastTarget: string;
  readonly status: string;
  readonly progress: string;
  readonly records: string;
  readonly lastRecordAt: Date | string;
  readonly gapStart: Date | string;
  readonly gapStartKnownBy: string;
  readonly gapEnd: Date | string;
  readonly gapDuration: string;
  readonly gaps: readonly GapView[];
  readonly action: string;
  readonly eta: Date | string;
  readonly etaExpired: boolean;
  readonly rootCause: string;
  readonly claimedBy: string;
  readonly claimedBySlackId: string;
  readonly scribe: string;
  readonly nextUpdate: Date | string;
  readonly updatesEvery: string;
  readonly complianceImpact: string;
  readonly compensatingControls: readonly string[];
  readonly documentation: string;
  readonly documentationUrl: string;
  readonly postMortem: Date | string;
  readonly resolution: string;
  readonly prevention: string;
  readonly closed: string;
  readonly hhs: string;
  readonly assessment: AssessmentView;
  readonly resolvedAt: Date | string;
  readonly resolvedBy: string;
  readonly anywayBecause: string;
  readonly unmet: readonly string[];
  readonly alerts: readonly {
    readonly id: string;
    readonly title: string;
    readonly url: string;
    readonly service: string;
    readonly status: string;
  }[];
  readonly slackUrl: string;
  readonly late: string;
};

/** The incident as readers are told it at `now`. Pure; no template computes anything. */
export function incidentView(incident: Incident, now: Date, policy: Policy): IncidentView {
  const resolved = incident.phase.name === 'resolved' ? incident.phase : null;
  const until = resolved?.at ?? now;
  const elapsed = Math.max(0, between(incident.startedAt, until));
  return {
    name: incidentName(incident.number),
    reason: incident.reason,
    isDrill: incident.isDrill,
    startedAt: incident.startedAt,
    elapsedMinutes: Math.floor(elapsed / MINUTE),
    duration: formatDuration(elapsed),
    pastTarget: elapsed > policy.target ? formatDuration(policy.target) : '',
    status: resolved ? 'Resolved' : incident.rootCause ? 'Root cause identified' : 'Investigating',
    progress: progressOf(incident),
    rootCause: incident.rootCause ?? NOT_YET_KNOWN,
    action: incident.action ?? remedyUnderWay(incident) ?? NOT_YET_KNOWN,
    eta: incident.etaAt ?? NOT_YET_KNOWN,
    etaExpired: incident.etaAt !== null && incident.etaAt.getTime() <= now.getTime(),
    claimedBy: incident.commander?.name ?? 'nobody yet',
    claimedBySlackId: incident.commander?.slackId ?? '',
    scribe: incident.scribe?.name ?? 'nobody yet',
    nextUpdate: nextUpdateWords(incident),
    updatesEvery: formatDuration(policy.updates.every),
    compensatingControls: controlsOf(incident, policy),
    postMortem: incident.followUp.postMortemAt ?? 'not yet scheduled',
    resolvedAt: resolved?.at ?? 'not resolved',
    resolvedBy: resolved?.by ?? 'nobody yet',
    resolution: incident.followUp.details.resolution ?? incident.action ?? 'not recorded',
    prevention: incident.followUp.details.prevention ?? 'not yet recorded',
    ...paperwork(incident, until, policy),
    anywayBecause: resolved?.anywayBecause ?? '',
    unmet: resolved?.unmet ?? [],
    alerts: incident.alerts,
    slackUrl: rootMessage(incident)?.permalink ?? '',
    late: '',
    ...recordsView(incident),
    ...gapsView(incident, until, policy),
    ...documentation(incident),
  };
}

/** Lateness is explained by what is on record alone. */
const CAUSE_NOT_KNOWN = 'cause not known';

/** Returns what is told when a message goes out, or went out, later than it was due: how late and why; nothing when it is on time. */
export function latenessOf({ dueAt, status }: Pick<OutboxMessage, 'dueAt' | 'status'>, now: Date): string {
  const late = between(dueAt, status.name === 'succeeded' ? status.at : now);
  if (late <= LATE_AFTER) return '';
  const why = 'lastFailure' in status ? status.lastFailure?.detail : undefined;
  return `${formatDuration(late)} late: ${why ?? CAUSE_NOT_KNOWN}`;
}

/** What the latest update says first: records that are back are the news, whatever is known of the cause. */
function progressOf({ rootCause, records, gaps }: Incident): string {
  const cause = rootCause ? 'Root cause identified' : 'Still investigating';
  const isBack = records.status === 'written' && gaps.length > 0 && ongoingGap(gaps) === undefined;
  return isBack ? `Audit records are being written again; to verify and resolve. ${cause}` : cause;
}

/** A remedy that people approved is an action, whether or not somebody says so. */
function remedyUnderWay({ remedies }: Incident): string | null {
  const run = remedies.findLast(({ approvedBy, status }) => approvedBy !== null && status.name !== 'ended');
  return run === undefined
    ? null
    : `${`/remedy ${run.remedy} ${run.argument}`.trim()} is under way, approved by ${run.approvedBy?.name ?? 'nobody'}`;
}

function nextUpdateWords(incident: Incident): Date | string {
  if (incident.phase.name === 'resolved') return 'none: the incident is resolved';
  if (incident.updatesPaused) return incident.pausedUntil ? `paused until ${formatUtc(incident.pausedUntil)}` : 'paused';
  return incident.nextUpdate?.dueAt ?? 'when the initial post is out';
}

function recordsView(incident: Incident): { readonly records: string; readonly lastRecordAt: Date | string } {
  const { records } = incident;
  switch (records.status) {
    case 'written':
      return { records: 'being written', lastRecordAt: records.lastRecordAt };
    case 'silent':
      return { records: 'not being written', lastRecordAt: records.lastRecordAt ?? 'never' };
    case 'unseen':
      return { records: `can't be seen: ${records.failure}`, lastRecordAt: NOT_YET_KNOWN };
    case 'unknown':
      return { records: NOT_YET_KNOWN, lastRecordAt: NOT_YET_KNOWN };
    default:
      return records satisfies never;
  }
}

type GapFields = Pick<IncidentView, 'gapStart' | 'gapStartKnownBy' | 'gapEnd' | 'gapDuration' | 'gaps' | 'complianceImpact'>;

function gapsView(incident: Incident, until: Date, policy: Policy): GapFields {
  const gaps = incident.gaps.map((gap) => gapView(gap, until));
  const current = ongoingGap(incident.gaps) ?? incident.gaps.at(-1);
  if (current === undefined) {
    const none = incident.records.status === 'written' ? 'no gap seen so far' : NOT_YET_KNOWN;
    return {
      gapStart: none,
      gapStartKnownBy: '',
      gapEnd: none,
      gapDuration: none,
      gaps,
      complianceImpact: impactWords(incident, until, policy),
    };
  }
  const view = gapView(current, until);
  return {
    gapStart: view.start,
    gapStartKnownBy: view.startKnownBy,
    gapEnd: view.end,
    gapDuration: view.duration,
    gaps,
    complianceImpact: impactWords(incident, until, policy),
  };
}

/** One gap for readers; an ongoing one is measured to `until`. */
export function gapView(gap: Gap, until: Date): GapView {
  const length = gapLength(gap, until);
  const unaccounted = unaccountedLength(gap, until);
  return {
    id: gap.id,
    start: gap.start.at,
    startKnownBy: knownByWords(gap.start.knownBy),
    end: gap.end === 'ongoing' ? 'ongoing' : gap.end.at,
    endKnownBy: gap.end === 'ongoing' ? '' : knownByWords(gap.end.knownBy),
    duration: formatDuration(length),
    unaccounted: formatDuration(unaccounted),
    remeasured: remeasuredText(gap, length, unaccounted),
    class: durationClass(unaccounted),
  };
}

function remeasuredText({ remeasured }: Gap, length: Milliseconds, unaccounted: Milliseconds): string {
  if (remeasured === null) return '';
  const records = `${remeasured.records} record${remeasured.records === 1 ? '' : 's'}`;
  return `${formatDuration(length)} when it happened; ${formatDuration(unaccounted)} unaccounted for after ${records} dated inside it arrived, measured ${formatUtc(remeasured.at)}`;
}

function impactWords(incident: Incident, until: Date, policy: Policy): string {
  const stated = incident.followUp.details.impact;
  const computed = computedImpact(incident, until, policy);
  return stated === undefined ? computed : `${stated} (${computed})`;
}

function computedImpact(incident: Incident, until: Date, policy: Policy): string {
  if (incident.gaps.length === 0) return 'no gap was seen; the Privacy Officer assesses';
  const total: Milliseconds = incident.gaps.reduce((sum, gap) => sum + unaccountedLength(gap, until), 0);
  const controls =
    controlsOf(incident, policy).length > 0 ? 'compensating controls are listed in the report' : 'no compensating controls are recorded';
  return `${durationClass(total)} by gap duration (${formatDuration(total)} unaccounted for); ${controls}; not yet confirmed: the Privacy Officer assesses`;
}

/** Other logging that the policy lists, and what people stated. */
export function controlsOf({ followUp }: Incident, policy: Policy): readonly string[] {
  const stated = followUp.details.controls;
  return stated === undefined ? policy.compensatingControls : [...policy.compensatingControls, stated];
}

function paperwork(incident: Incident, until: Date, policy: Policy): Pick<IncidentView, 'closed' | 'hhs' | 'assessment'> {
  const { followUp, openedAt } = incident;
  const { closed, hhs, assessment } = followUp;
  return {
    closed: closed ? `${formatUtc(closed.at)} by ${closed.by}` : 'not closed',
    hhs: hhsWords(hhs, openedAt),
    assessment: assessment
      ? { ...assessment, at: assessment.at, confirmed: true }
      : { ...computedAssessment(incident, until, policy), at: NOT_YET_KNOWN, by: 'nobody yet', confirmed: false },
  };
}

/** The four factors of runbook §16 as far as they can be computed; a person has confirmed none of them. */
export function computedAssessment(incident: Incident, until: Date, policy: Policy) {
  const total = incident.gaps.reduce((sum, gap) => sum + unaccountedLength(gap, until), 0);
  const controls = controlsOf(incident, policy);
  return {
    durationImpact: incident.gaps.length === 0 ? 'no gap seen' : durationClass(total),
    access:
      incident.checks.findLast(({ check }) => check === 'reconstruct')?.verdict.evidence ?? 'not estimated: /audit reconstruct was not run',
    accessImpact: 'Unknown',
    controls: controls.length === 0 ? 'none listed' : controls.join('; '),
    earlierGaps: incident.followUp.earlierGaps?.text ?? 'not counted yet',
    summary: 'not yet assessed',
  };
}

function hhsWords(hhs: HhsDecision | null, openedAt: Date): string {
  if (hhs === null) return 'not decided yet: the Privacy Officer decides';
  const decided = `${hhs.required ? 'required' : 'not required'}, says ${hhs.by} at ${formatUtc(hhs.at)}, because ${hhs.because}`;
  if (!hhs.required) return decided;
  const deadline = formatUtc(hhsDeadline({ openedAt }));
  return hhs.notified
    ? `${decided}; notified, says ${hhs.notified.by} at ${formatUtc(hhs.notified.at)}`
    : `${decided}; to be done by ${deadline} (60 days from discovery)`;
}

function documentation(incident: Incident): { readonly documentation: string; readonly documentationUrl: string } {
  const report = outboxMessage(incident, `reports/resolution-report/${incident.resolutions}`);
  if (report?.status.name !== 'succeeded') {
    return { documentation: report?.status.name === 'abandoned' ? 'could not be written' : 'being written', documentationUrl: '' };
  }
  const shared = outboxMessage(incident, `slack/share/${report.key}`);
  const url = shared?.status.name === 'succeeded' ? (shared.status.answer.permalink ?? '') : '';
  return { documentation: report.status.answer.file ?? '', documentationUrl: url };
}
