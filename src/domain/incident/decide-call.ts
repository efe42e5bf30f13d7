import { GIVE_UP_AFTER, type Policy, roleName } from '#domain/base/policy.ts';
import { between, MINUTE, plus } from '#domain/base/time.ts';
import { type Announcement, destinationOf, type OutboxMessage } from './call.ts';
import type { Command } from './command.ts';
import type { IncidentEvent } from './event.ts';
import { announce, announceOnce, noteOnAlerts, queueMessage } from './requests.ts';
import { retryDelay } from './retry.ts';
import { type Incident, outboxMessage } from './state.ts';
import { nextUpdate } from './update-schedule.ts';

/** A call went well: its outcome is kept, and what follows from it is asked for. A second report of the same success is no news. */
export function outboxDelivered(
  incident: Incident,
  { key, answer }: Extract<Command, { kind: 'outbox-delivered' }>,
  now: Date,
  policy: Policy,
): readonly IncidentEvent[] {
  const outgoing = outboxMessage(incident, key);
  if (outgoing?.status.name !== 'due') return [];
  const succeeded: IncidentEvent = { type: 'outbox.delivered', key, attempt: outgoing.status.attempts + 1, dueAt: outgoing.dueAt, answer };
  return [succeeded, ...afterSuccess(incident, outgoing, answer, now, policy)];
}

type Answer = Extract<Command, { kind: 'outbox-delivered' }>['answer'];

function afterSuccess(
  incident: Incident,
  { key, payload }: OutboxMessage,
  answer: Answer,
  now: Date,
  policy: Policy,
): readonly IncidentEvent[] {
  switch (payload.kind) {
    case 'initial-post': {
      const link = answer.permalink ?? 'in Slack';
      const note = `is open. Follow it here: ${link}`;
      const isOpen = incident.phase.name === 'open' && incident.nextUpdate === null;
      return [...(isOpen ? [nextUpdate(incident, postedAt(answer, now), policy)] : []), ...noteOnAlerts(incident, now, note)];
    }
    case 'acknowledge': {
      if (answer.already === 'resolved') return [];
      if (answer.already === 'acknowledged')
        return [announce(incident, now, 'already-acknowledged', { agent: answer.acknowledgedBy ?? 'somebody' })];
      // Said once an incident: a hundred alerts of one failure are acknowledged without a hundred messages.
      return wasTold(incident, 'acknowledged') ? [] : [announce(incident, now, 'acknowledged')];
    }
    case 'acknowledge-as': {
      const isFirst = policy.acknowledge === 'on-claim' && answer.already === undefined && !wasTold(incident, 'acknowledged');
      const told = isFirst ? [announce(incident, now, 'acknowledged')] : [];
      const text = `has a responder: ${payload.name} is on it.`;
      return [
        ...told,
        queueMessage(`note/${payload.alertId}/${incident.eventCount}`, { kind: 'note', alertId: payload.alertId, text }, now),
      ];
    }
    case 'page-next-level':
      return announceOnce(incident, now, 'escalated', String(payload.level), { level: String(payload.level) }, { broadcast: true });
    case 'opening-notice':
    case 'final-notice':
    case 'correction-notice':
    case 'escalation-notice':
    case 'hhs-notice':
    case 'by-hand-notice': {
      const roles = answer.refusedRoles ?? [];
      return roles.length === 0 ? [] : [announce(incident, now, 'notice-refused', { roles: roles.join(', ') }, { broadcast: true })];
    }
    case 'gap-report':
      return reportWritten(incident, key, answer.file ?? '', now);
    case 'post-mortem':
      return [queueMessage(`share/${key}`, { kind: 'share-report', file: answer.file ?? '' }, now)];
    case 'update':
    case 'resolution-post':
    case 'announcement':
    case 'check-answer':
    case 'check-conclusion':
    case 'remedy-message':
    case 'remedy-conclusion':
    case 'share-chart':
    case 'share-report':
    case 'note':
    case 'resolve-alert':
      return [];
    default:
      return payload satisfies never;
  }
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

function onceFor(
  incident: Incident,
  destination: string,
  key: string,
  payload: OutboxMessage['payload'],
  now: Date,
): readonly IncidentEvent[] {
  return outboxMessage(incident, `${destination}/${key}`) === undefined ? [queueMessage(key, payload, now)] : [];
}

/** A call failed: it is tried again later, or given up after its time, and people hear what they should know. */
export function outboxFailed(
  incident: Incident,
  command: Extract<Command, { kind: 'outbox-failed' }>,
  now: Date,
): readonly IncidentEvent[] {
  const { key, outcome, detail } = command;
  const outgoing = outboxMessage(incident, key);
  if (outgoing?.status.name !== 'due') return [];
  const attempt = outgoing.status.attempts + 1;
  const destination = destinationOf(outgoing.payload);
  const retryAt = plus(now, Math.max(retryDelay(key, attempt), command.retryAfterMilliseconds ?? 0));
  if (between(outgoing.dueAt, retryAt) > GIVE_UP_AFTER[destination]) {
    const abandoned: IncidentEvent = { type: 'outbox.abandoned', key, attempt, outcome, detail };
    // An announcement that could not be posted asks for no other, or each would be followed by the next for ever.
    const told = outgoing.payload.kind === 'announcement' ? [] : [tellTrouble(incident, outgoing, detail, 'given up', now)];
    return [abandoned, ...afterFailure(incident, outgoing, attempt, now), ...told];
  }
  const failed: IncidentEvent = { type: 'outbox.failed', key, attempt, outcome, detail, retryAt };
  const isNews = attempt === 3 && (destination === 'pagerduty' || destination === 'reports');
  const told = isNews ? [tellTrouble(incident, outgoing, detail, 'failing', now)] : [];
  return [failed, ...afterFailure(incident, outgoing, attempt, now), ...told];
}

/** The resolution must not wait for its report: after one failed attempt the post goes, after three the final notice too. */
function afterFailure(incident: Incident, { key, payload }: OutboxMessage, attempt: number, now: Date): readonly IncidentEvent[] {
  if (payload.kind !== 'gap-report' || !isResolutionReport(key)) return [];
  return [...resolutionPost(incident, now), ...(attempt >= 3 ? finalNotice(incident, now) : [])];
}

function tellTrouble(incident: Incident, outgoing: OutboxMessage, detail: string, state: 'failing' | 'given up', now: Date): IncidentEvent {
  return announce(
    incident,
    now,
    'call-abandoned',
    { what: payloadLabel(outgoing.payload), state, detail },
    { broadcast: state === 'given up' },
  );
}

/** What a message is, in words that complete "could not …". */
export function payloadLabel(payload: OutboxMessage['payload']): string {
  switch (payload.kind) {
    case 'initial-post':
      return 'post the initial message';
    case 'update':
      return `post update ${payload.number}`;
    case 'resolution-post':
      return 'post the resolution';
    case 'announcement':
      return `post the message "${payload.name}"`;
    case 'check-answer':
      return `post the answer of ${payload.check}`;
    case 'check-conclusion':
      return `bring the message of ${payload.check} up to date`;
    case 'remedy-message':
      return 'post the remedy';
    case 'remedy-conclusion':
      return 'bring the message of the remedy up to date';
    case 'share-chart':
      return `share the chart of ${payload.check}`;
    case 'share-report':
      return 'share the gap report';
    case 'acknowledge':
      return 'acknowledge the PagerDuty alert';
    case 'acknowledge-as':
      return `acknowledge the PagerDuty alert as ${payload.name}`;
    case 'note':
      return 'add a note in PagerDuty';
    case 'page-next-level':
      return `page escalation level ${payload.level}`;
    case 'resolve-alert':
      return 'resolve the PagerDuty alert';
    case 'opening-notice':
      return 'send the opening notice to the Privacy Officer';
    case 'final-notice':
      return 'send the final notice to the Privacy Officer';
    case 'correction-notice':
      return 'send a correction to the Privacy Officer';
    case 'escalation-notice':
      return `send the escalation to the ${roleName(payload.role)}`;
    case 'hhs-notice':
      return 'remind the Privacy Officer of the HHS deadline';
    case 'by-hand-notice':
      return `send the steps to do by hand to the ${roleName(payload.role)}`;
    case 'gap-report':
      return 'write the gap report';
    case 'post-mortem':
      return 'write the post-mortem document';
    default:
      return payload satisfies never;
  }
}

/** A call counts as late when it goes out this long after it was due: not merely queued, so the reader is told why. */
export const LATE_AFTER = MINUTE;
