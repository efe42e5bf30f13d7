import { GIVE_UP_AFTER, type Policy, roleName } from '#domain/base/policy.ts';
import { between, MINUTE, plus } from '#domain/base/time.ts';
import { type Announcement, type Call, laneOf } from './call.ts';
import type { Command } from './command.ts';
import type { Fact } from './event.ts';
import { announce, announceOnce, noteOnAlerts, request } from './requests.ts';
import { retryDelay } from './retry.ts';
import { callNamed, type Incident } from './state.ts';
import { nextUpdate } from './update-schedule.ts';

/** A call went well: its outcome is kept, and what follows from it is asked for. A second report of the same success is no news. */
export function callSucceeded(
  incident: Incident,
  { key, answer }: Extract<Command, { kind: 'call-succeeded' }>,
  now: Date,
  policy: Policy,
): readonly Fact[] {
  const call = callNamed(incident, key);
  if (call?.status.name !== 'due') return [];
  const succeeded: Fact = { type: 'call.succeeded', key, attempt: call.status.attempts + 1, dueAt: call.dueAt, answer };
  return [succeeded, ...afterSuccess(incident, call, answer, now, policy)];
}

type Answer = Extract<Command, { kind: 'call-succeeded' }>['answer'];

function afterSuccess(incident: Incident, { key, deed }: Call, answer: Answer, now: Date, policy: Policy): readonly Fact[] {
  switch (deed.kind) {
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
      const text = `has a responder: ${deed.name} is on it.`;
      return [...told, request(`note/${deed.alertId}/${incident.factCount}`, { kind: 'note', alertId: deed.alertId, text }, now)];
    }
    case 'page-next-level':
      return announceOnce(incident, now, 'escalated', String(deed.level), { level: String(deed.level) }, { broadcast: true });
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
      return [request(`share/${key}`, { kind: 'share-report', file: answer.file ?? '' }, now)];
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
      return deed satisfies never;
  }
}

function wasTold(incident: Incident, name: Announcement): boolean {
  return incident.calls.some(({ deed }) => deed.kind === 'announcement' && deed.name === name);
}

/** When Slack posted a message, which for one that was found later is long before `now`. */
function postedAt({ ts }: Answer, now: Date): Date {
  const stamp = new Date(Number(ts) * 1_000);
  return ts === undefined || Number.isNaN(stamp.getTime()) || stamp > now ? now : stamp;
}

/** The report goes into the thread; the one written at resolution also lets the resolution post and the final notice go. */
function reportWritten(incident: Incident, key: string, file: string, now: Date): readonly Fact[] {
  const share = request(`share/${key}`, { kind: 'share-report', file }, now);
  return [share, ...(isResolutionReport(key) ? [...resolutionPost(incident, now), ...finalNotice(incident, now)] : [])];
}

function isResolutionReport(key: string): boolean {
  return key.startsWith('reports/resolution-report/');
}

function resolutionPost(incident: Incident, now: Date): readonly Fact[] {
  return onceFor(incident, 'slack', `resolution/${incident.resolutions}`, { kind: 'resolution-post' }, now);
}

function finalNotice(incident: Incident, now: Date): readonly Fact[] {
  return onceFor(incident, 'mail', `final-notice/${incident.resolutions}`, { kind: 'final-notice' }, now);
}

function onceFor(incident: Incident, lane: string, key: string, deed: Call['deed'], now: Date): readonly Fact[] {
  return callNamed(incident, `${lane}/${key}`) === undefined ? [request(key, deed, now)] : [];
}

/** A call failed: it is tried again later, or given up after its time, and people hear what they should know. */
export function callFailed(incident: Incident, command: Extract<Command, { kind: 'call-failed' }>, now: Date): readonly Fact[] {
  const { key, outcome, detail } = command;
  const call = callNamed(incident, key);
  if (call?.status.name !== 'due') return [];
  const attempt = call.status.attempts + 1;
  const lane = laneOf(call.deed);
  const retryAt = plus(now, Math.max(retryDelay(key, attempt), command.retryAfterMilliseconds ?? 0));
  if (between(call.dueAt, retryAt) > GIVE_UP_AFTER[lane]) {
    const abandoned: Fact = { type: 'call.abandoned', key, attempt, outcome, detail };
    // An announcement that could not be posted asks for no other, or each would be followed by the next for ever.
    const told = call.deed.kind === 'announcement' ? [] : [tellTrouble(incident, call, detail, 'given up', now)];
    return [abandoned, ...afterFailure(incident, call, attempt, now), ...told];
  }
  const failed: Fact = { type: 'call.failed', key, attempt, outcome, detail, retryAt };
  const isNews = attempt === 3 && (lane === 'pagerduty' || lane === 'reports');
  const told = isNews ? [tellTrouble(incident, call, detail, 'failing', now)] : [];
  return [failed, ...afterFailure(incident, call, attempt, now), ...told];
}

/** The resolution must not wait for its report: after one failed attempt the post goes, after three the final notice too. */
function afterFailure(incident: Incident, { key, deed }: Call, attempt: number, now: Date): readonly Fact[] {
  if (deed.kind !== 'gap-report' || !isResolutionReport(key)) return [];
  return [...resolutionPost(incident, now), ...(attempt >= 3 ? finalNotice(incident, now) : [])];
}

function tellTrouble(incident: Incident, call: Call, detail: string, state: 'failing' | 'given up', now: Date): Fact {
  return announce(incident, now, 'call-abandoned', { what: deedWords(call.deed), state, detail }, { broadcast: state === 'given up' });
}

/** What a deed is, in words that complete "could not …". */
export function deedWords(deed: Call['deed']): string {
  switch (deed.kind) {
    case 'initial-post':
      return 'post the initial message';
    case 'update':
      return `post update ${deed.number}`;
    case 'resolution-post':
      return 'post the resolution';
    case 'announcement':
      return `post the message "${deed.name}"`;
    case 'check-answer':
      return `post the answer of ${deed.check}`;
    case 'check-conclusion':
      return `bring the message of ${deed.check} up to date`;
    case 'remedy-message':
      return 'post the remedy';
    case 'remedy-conclusion':
      return 'bring the message of the remedy up to date';
    case 'share-chart':
      return `share the chart of ${deed.check}`;
    case 'share-report':
      return 'share the gap report';
    case 'acknowledge':
      return 'acknowledge the PagerDuty alert';
    case 'acknowledge-as':
      return `acknowledge the PagerDuty alert as ${deed.name}`;
    case 'note':
      return 'add a note in PagerDuty';
    case 'page-next-level':
      return `page escalation level ${deed.level}`;
    case 'resolve-alert':
      return 'resolve the PagerDuty alert';
    case 'opening-notice':
      return 'send the opening notice to the Privacy Officer';
    case 'final-notice':
      return 'send the final notice to the Privacy Officer';
    case 'correction-notice':
      return 'send a correction to the Privacy Officer';
    case 'escalation-notice':
      return `send the escalation to the ${roleName(deed.role)}`;
    case 'hhs-notice':
      return 'remind the Privacy Officer of the HHS deadline';
    case 'by-hand-notice':
      return `send the steps to do by hand to the ${roleName(deed.role)}`;
    case 'gap-report':
      return 'write the gap report';
    case 'post-mortem':
      return 'write the post-mortem document';
    default:
      return deed satisfies never;
  }
}

/** A call counts as late when it goes out this long after it was due: not merely queued, so the reader is told why. */
export const LATE_AFTER = MINUTE;
