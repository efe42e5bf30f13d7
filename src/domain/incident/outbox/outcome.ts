import type { Policy } from '#domain/base/policy.ts';
import { between, formatUtc, plus } from '#domain/base/time.ts';
import { withAlertEvent } from '#domain/incident/alerts.ts';
import type { CommandRows, Evolutions } from '#domain/incident/concern.ts';
import type { IncidentEvent } from '#domain/incident/event.ts';
import { noticeRole } from '#domain/incident/notices.ts';
import { type Incident, outboxMessage } from '#domain/incident/state.ts';
import { nextUpdate } from '#domain/incident/update-schedule.ts';
import {
  type Announcement,
  type Answer,
  destinationOf,
  type FailureOutcome,
  labelOf,
  type OutboxMessage,
  type OutboxStatus,
  type Payload,
  type PayloadKind,
  type PayloadMap,
} from './message.ts';
import { announce, announceOnce, noteOnAlerts, queueMessage } from './queue.ts';
import { DELIVERY, MAIL_COPIES_APART, retryDelay } from './retry.ts';

/** What came of a message: kept, and what follows from it. */
export type OutboxCommand =
  | { readonly kind: 'outbox-delivered'; readonly key: string; readonly answer: Answer }
  | {
      readonly kind: 'outbox-failed';
      readonly key: string;
      readonly outcome: FailureOutcome;
      readonly detail: string;
      readonly retryAfterMilliseconds: number | null;
    };

type Of<Kind extends OutboxCommand['kind']> = Extract<OutboxCommand, { kind: Kind }>;

export const outboxCommands: CommandRows<OutboxCommand> = {
  'outbox-delivered': {
    permission: 'nobody',
    decide: (incident, command, { now, policy }) => ({ events: outboxDelivered(incident, command, now, policy) }),
  },
  'outbox-failed': { permission: 'nobody', decide: (incident, command, { now }) => ({ events: outboxFailed(incident, command, now) }) },
};

type OutboxEvent = 'outbox.queued' | 'outbox.delivered' | 'outbox.failed' | 'outbox.abandoned' | 'outbox.superseded';

export const outboxEvolutions: Evolutions<OutboxEvent> = {
  'outbox.queued': (incident, { key, payload, dueAt }) => ({
    ...incident,
    outbox: [...incident.outbox, { key, payload, dueAt, status: { name: 'due', attempts: 0, notBefore: dueAt, lastFailure: null } }],
    unchangedUpdates: incident.unchangedUpdates + (payload.kind === 'update' ? 1 : 0),
  }),
  'outbox.delivered': (incident, { key, answer }, { at }) => {
    const lastFailure = dueStatus(incident, key)?.lastFailure ?? null;
    return afterDelivery(withStatus(incident, key, { name: 'succeeded', at, answer, lastFailure }), key, answer.already === 'resolved');
  },
  'outbox.failed': (incident, { key, attempt, retryAt, outcome, detail }, { at }) =>
    withStatus(incident, key, {
      name: 'due',
      attempts: attempt,
      notBefore: retryAt,
      lastFailure: { outcome, detail, firstAt: dueStatus(incident, key)?.lastFailure?.firstAt ?? at },
      unclear: (dueStatus(incident, key)?.unclear ?? 0) + (outcome === 'unclear' ? 1 : 0),
    }),
  'outbox.abandoned': (incident, { key, outcome, detail }, { at }) =>
    withStatus(incident, key, {
      name: 'abandoned',
      at,
      failure: { outcome, detail, firstAt: dueStatus(incident, key)?.lastFailure?.firstAt ?? at },
    }),
  'outbox.superseded': (incident, { key, because }, { at }) => withStatus(incident, key, { name: 'superseded', at, because }),
};

function withStatus(incident: Incident, key: string, status: OutboxStatus): Incident {
  return { ...incident, outbox: incident.outbox.map((outgoing) => (outgoing.key === key ? { ...outgoing, status } : outgoing)) };
}

function dueStatus(incident: Incident, key: string): Extract<OutboxStatus, { name: 'due' }> | null {
  const status = outboxMessage(incident, key)?.status;
  return status?.name === 'due' ? status : null;
}

/** What PagerDuty confirmed to us is true before its own webhook says so. */
function afterDelivery(incident: Incident, key: string, isResolved: boolean): Incident {
  const payload = outboxMessage(incident, key)?.payload;
  switch (payload?.kind) {
    case 'page-next-level':
      // Paging a level makes PagerDuty's incident triggered again.
      return { ...withAlertEvent(incident, payload.alertId, 'unacknowledged'), pagedLevel: Math.max(payload.level, incident.pagedLevel) };
    case 'acknowledge':
    case 'acknowledge-as':
      return withAlertEvent(incident, payload.alertId, isResolved ? 'resolved' : 'acknowledged');
    case 'resolve-alert':
      return withAlertEvent(incident, payload.alertId, 'resolved');
    default:
      return incident;
  }
}

/** A message went out: its outcome is kept, and what follows from it is asked for. A second report of the same success is no news. */
export function outboxDelivered(
  incident: Incident,
  { key, answer }: Of<'outbox-delivered'>,
  now: Date,
  policy: Policy,
): readonly IncidentEvent[] {
  const outgoing = outboxMessage(incident, key);
  if (outgoing?.status.name !== 'due') return [];
  const succeeded: IncidentEvent = { type: 'outbox.delivered', key, attempt: outgoing.status.attempts + 1, dueAt: outgoing.dueAt, answer };
  return [succeeded, ...afterKind(outgoing.payload.kind, incident, key, outgoing.payload, answer, { now, policy })];
}

/** What follows from a delivery, by kind; of the other kinds nothing does. */
const AFTER: { readonly [Kind in PayloadKind]?: After<Kind> } = {
  'initial-post': (incident, _outgoing, answer, { now, policy }) => {
    const link = answer.permalink ?? 'in Slack';
    const isOpen = incident.phase.name === 'open' && incident.nextUpdate === null;
    const note = noteOnAlerts(incident, now, `is open. Follow it here: ${link}`);
    return [...(isOpen ? [nextUpdate(incident, postedAt(answer, now), policy)] : []), ...note];
  },
  acknowledge: (incident, { payload }, answer, { now }) => {
    if (answer.already === 'resolved')
      return announceOnce(incident, now, 'alert-already-resolved', payload.alertId, {}, { broadcast: true });
    if (answer.already === 'acknowledged')
      return [announce(incident, now, 'already-acknowledged', { agent: answer.acknowledgedBy ?? 'somebody' })];
    // Said once an incident: a hundred alerts of one failure are acknowledged without a hundred messages.
    return wasTold(incident, 'acknowledged') ? [] : [announce(incident, now, 'acknowledged')];
  },
  'acknowledge-as': (incident, { payload }, answer, { now, policy }) => {
    const isFirst = policy.acknowledge === 'on-claim' && answer.already === undefined && !wasTold(incident, 'acknowledged');
    const told = isFirst ? [announce(incident, now, 'acknowledged')] : [];
    const text = `has a responder: ${payload.name} is on it.`;
    const note = { kind: 'note' as const, alertId: payload.alertId, text };
    return [...told, queueMessage(`note/${payload.alertId}/${incident.eventCount}`, note, now)];
  },
  'page-next-level': (incident, { payload: { level } }, _answer, { now }) =>
    announceOnce(incident, now, 'escalated', String(level), { level: String(level) }, { broadcast: true }),
  'opening-notice': tellRefused,
  'final-notice': tellRefused,
  'correction-notice': tellRefused,
  'escalation-notice': tellRefused,
  'hhs-notice': tellRefused,
  'by-hand-notice': tellRefused,
  'gap-report': (incident, { key }, answer, { now }) => reportWritten(incident, key, answer.file ?? '', now),
  'post-mortem': (_incident, { key }, answer, { now }) => [
    queueMessage(`share/${key}`, { kind: 'share-report', file: answer.file ?? '' }, now),
  ],
};

type When = { readonly now: Date; readonly policy: Policy };
type After<Kind extends PayloadKind> = (
  incident: Incident,
  outgoing: { readonly key: string; readonly payload: PayloadMap[Kind] },
  answer: Answer,
  when: When,
) => readonly IncidentEvent[];

function afterKind<Kind extends PayloadKind>(
  kind: Kind,
  incident: Incident,
  key: string,
  payload: PayloadMap[Kind],
  answer: Answer,
  when: When,
): readonly IncidentEvent[] {
  return AFTER[kind]?.(incident, { key, payload }, answer, when) ?? [];
}

function tellRefused(incident: Incident, _outgoing: unknown, { refusedRoles = [] }: Answer, { now }: When): readonly IncidentEvent[] {
  const roles = refusedRoles.join(', ');
  return roles === '' ? [] : [announce(incident, now, 'notice-refused', { roles }, { broadcast: true })];
}

function wasTold(incident: Incident, name: Announcement): boolean {
  return incident.outbox.some(({ payload }) => payload.kind === 'announcement' && payload.name === name);
}

/** When Slack posted a message, which for one that was found later is long before `now`. */
function postedAt({ ts }: Answer, now: Date): Date {
  const stamp = new Date(Number(ts) * 1_000);
  return ts === undefined || Number.isNaN(stamp.getTime()) || stamp > now ? now : stamp;
}

/** The report goes into the thread; the one written at resolution also lets the resolution post and the final notice go. */
function reportWritten(incident: Incident, key: string, file: string, now: Date): readonly IncidentEvent[] {
  const share = queueMessage(`share/${key}`, { kind: 'share-report', file }, now);
  return [share, ...(isResolutionReport(key) ? [...resolutionPost(incident, now), ...finalNotice(incident, now)] : [])];
}

function isResolutionReport(key: string): boolean {
  return key.startsWith('reports/resolution-report/');
}

function resolutionPost(incident: Incident, now: Date): readonly IncidentEvent[] {
  return onceFor(incident, 'slack', `resolution/${incident.resolutions}`, { kind: 'resolution-post' }, now);
}

function finalNotice(incident: Incident, now: Date): readonly IncidentEvent[] {
  return onceFor(incident, 'mail', `final-notice/${incident.resolutions}`, { kind: 'final-notice' }, now);
}

function onceFor(incident: Incident, destination: string, key: string, payload: Payload, now: Date): readonly IncidentEvent[] {
  return outboxMessage(incident, `${destination}/${key}`) === undefined ? [queueMessage(key, payload, now)] : [];
}

/** A call failed: it is tried again later, or given up after its time, and people hear what they should know. */
export function outboxFailed(incident: Incident, command: Of<'outbox-failed'>, now: Date): readonly IncidentEvent[] {
  const { key, outcome, detail } = command;
  const outgoing = outboxMessage(incident, key);
  if (outgoing?.status.name !== 'due') return [];
  const attempt = outgoing.status.attempts + 1;
  const destination = destinationOf(outgoing.payload);
  const mayHaveGone = (outgoing.status.unclear ?? 0) + (outcome === 'unclear' ? 1 : 0);
  const pause = destination === 'mail' && outcome === 'unclear' ? (MAIL_COPIES_APART[mayHaveGone - 1] ?? null) : retryDelay(key, attempt);
  const retryAt = plus(now, Math.max(pause ?? 0, command.retryAfterMilliseconds ?? 0));
  if (pause === null) {
    const abandoned: IncidentEvent = { type: 'outbox.abandoned', key, attempt, outcome, detail };
    return [abandoned, ...withoutReport(incident, outgoing, 'given up', now), tellMayHaveGone(incident, outgoing, detail, now)];
  }
  // What Gapwatch did not try while it was down is no reason to try less.
  const triedSince = outgoing.status.lastFailure?.firstAt ?? now;
  if (between(triedSince, retryAt) > DELIVERY[destination].giveUpAfter && !isNeeded(incident, outgoing)) {
    const abandoned: IncidentEvent = { type: 'outbox.abandoned', key, attempt, outcome, detail };
    // An announcement that could not be posted asks for no other, or each would be followed by the next for ever.
    const told = outgoing.payload.kind === 'announcement' ? [] : [tellTrouble(incident, outgoing, detail, 'given up', now)];
    return [abandoned, ...withoutReport(incident, outgoing, 'given up', now), ...told];
  }
  const failed: IncidentEvent = { type: 'outbox.failed', key, attempt, outcome, detail, retryAt };
  const isNews = attempt === DELIVERY[destination].toldAtAttempt || (attempt === 1 && outcome === 'refused' && isFile(outgoing.payload));
  const told = isNews ? [tellTrouble(incident, outgoing, detail, 'failing', now)] : [];
  return [failed, ...withoutReport(incident, outgoing, attempt, now), ...told];
}

/** Without its root message an open incident is seen by nobody: that one is tried for as long as it is open. */
function isNeeded({ phase }: Incident, { payload }: OutboxMessage): boolean {
  return payload.kind === 'initial-post' && phase.name === 'open';
}

/** A file that Slack refuses keeps nobody from hearing of it in words. */
function isFile({ kind }: Payload): boolean {
  return kind === 'share-report' || kind === 'share-chart';
}

/**
 * The resolution must not wait for its report: after one failed attempt the post goes, after three, or when the report is given up,
 * the final notice too.
 */
function withoutReport(
  incident: Incident,
  { key, payload }: OutboxMessage,
  failed: number | 'given up',
  now: Date,
): readonly IncidentEvent[] {
  if (payload.kind !== 'gap-report' || !isResolutionReport(key)) return [];
  const isLong = failed === 'given up' || failed >= 3;
  return [...resolutionPost(incident, now), ...(isLong ? finalNotice(incident, now) : [])];
}

/** A mail that was taken without an answer three times: a fourth copy would tell nobody more. */
function tellMayHaveGone(incident: Incident, { payload, dueAt }: OutboxMessage, why: string, now: Date): IncidentEvent {
  const details = { role: noticeRole(payload), why, dueAt: formatUtc(dueAt), state: 'given up' };
  return announce(incident, now, 'notice-unclear', details, { broadcast: true });
}

function tellTrouble(incident: Incident, outgoing: OutboxMessage, detail: string, state: 'failing' | 'given up', now: Date): IncidentEvent {
  return announce(incident, now, 'call-abandoned', { what: labelOf(outgoing.payload), state, detail }, { broadcast: state === 'given up' });
}
