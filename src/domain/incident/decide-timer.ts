import { contactOf, type Policy, roleName } from '#domain/base/policy.ts';
import { between, formatDuration, formatUtc, plus } from '#domain/base/time.ts';
import { destinationOf } from './call.ts';
import type { Command } from './command.ts';
import { LATE_AFTER } from './decide-call.ts';
import { continueUpdates, pageNextLevel } from './decide-person.ts';
import type { IncidentEvent } from './event.ts';
import { announce, announceOnce, noteOnAlerts, queueMessage } from './requests.ts';
import { type Incident, outboxMessage, rootMessage } from './state.ts';
import { dueTimes } from './update-schedule.ts';

/**
 * The next regular update is due. What earlier updates failed to say is merged into this one, which names the missed times and
 * why: after an outage the channel gets one late update, never a burst.
 */
export function updateDue(incident: Incident, number: number, now: Date, policy: Policy): readonly IncidentEvent[] {
  const next = incident.nextUpdate;
  if (incident.phase.name !== 'open' || incident.updatesPaused || next === null || next.number !== number) return [];
  if (between(now, next.dueAt) > 0) return [];
  const times = dueTimes(next.dueAt, now, policy);
  const dueAt = times.at(-1) ?? next.dueAt;
  const slept = times.slice(0, -1);
  const merged = mergeUndelivered(incident, number);
  const missed = [...merged.missed, ...slept].slice(-1_000);
  const isLate = slept.length > 0 || between(dueAt, now) > LATE_AFTER;
  const whyMissed = merged.why ?? (isLate ? 'Gapwatch was not running or could not reach its own store' : null);
  return [
    ...merged.superseded,
    queueMessage(`update/${number}`, { kind: 'update', number, missed, whyMissed }, dueAt),
    { type: 'update.scheduled', number: number + 1, dueAt: plus(dueAt, policy.updates.every) },
  ];
}

type Merged = { readonly superseded: readonly IncidentEvent[]; readonly missed: readonly Date[]; readonly why: string | null };

function mergeUndelivered(incident: Incident, byNumber: number): Merged {
  const undelivered = incident.outbox.filter(({ payload, status }) => payload.kind === 'update' && status.name === 'due');
  const superseded = undelivered.map<IncidentEvent>(({ key }) => ({
    type: 'outbox.superseded',
    key,
    because: `not delivered in time; update ${byNumber} says it too`,
  }));
  const missed = undelivered.flatMap(({ payload, dueAt }) => (payload.kind === 'update' ? [...payload.missed, dueAt] : []));
  const lastFailure = undelivered
    .map(({ status }) => (status.name === 'due' ? status.lastFailure : null))
    .find((failure) => failure !== null);
  const why = undelivered.length === 0 ? null : (lastFailure?.detail ?? 'Gapwatch was not running');
  return { superseded, missed, why };
}

/** The dead-man's switch of runbook step 1: nobody has said "I'm on it", so the next level is paged and the channel hears it. */
export function claimDue(incident: Incident, now: Date, policy: Policy): readonly IncidentEvent[] {
  if (incident.phase.name !== 'open' || incident.claim !== null || incident.commanderOverdue) return [];
  if (between(incident.openedAt, now) < policy.claimWithin) return [];
  const pages = pageNextLevel(incident, now);
  const details = { after: formatDuration(policy.claimWithin), pages: pages.length > 0 ? String(incident.pagedLevel + 1) : '' };
  return [{ type: 'commander.overdue' }, ...pages, announce(incident, now, 'claim-overdue', details, { broadcast: true })];
}

/** A notice that has not gone out by now is reported in the channel, once, by the role it was meant for. */
export function noticeLate(incident: Incident, key: string, now: Date): readonly IncidentEvent[] {
  const outgoing = outboxMessage(incident, key);
  if (outgoing?.status.name !== 'due') return [];
  const why = outgoing.status.lastFailure?.detail ?? 'no attempt has come to an end';
  const role = 'role' in outgoing.payload ? roleName(outgoing.payload.role) : 'Privacy Officer';
  return [announce(incident, now, 'notice-undelivered', { role, why, dueAt: formatUtc(outgoing.dueAt) }, { broadcast: true })];
}

/** So many updates in a row with the same action and ETA ask for news. */
const UNCHANGED = 2;

/** A minute before an update that would say the same a third time, whoever is on it is asked for news. */
export function nudgeDue(incident: Incident, { update }: Extract<Command, { kind: 'nudge-due' }>, now: Date): readonly IncidentEvent[] {
  const { claim, nextUpdate, unchangedUpdates, updatesPaused, phase } = incident;
  const isMeant = phase.name === 'open' && !updatesPaused && nextUpdate?.number === update;
  if (!isMeant || claim === null || unchangedUpdates < UNCHANGED) return [];
  return announceOnce(incident, now, 'nudge', String(update), { slackId: claim.slackId, count: String(unchangedUpdates) });
}

/** A pause has come to its end; one that was ended or prolonged meanwhile has another. */
export function pauseOver(
  incident: Incident,
  { until }: Extract<Command, { kind: 'pause-over' }>,
  now: Date,
  policy: Policy,
): readonly IncidentEvent[] {
  if (!incident.updatesPaused || incident.pausedUntil?.getTime() !== until.getTime()) return [];
  return continueUpdates(incident, now, policy).events;
}

/**
 * The initial post, or an update, could not be made in time: Slack is away. Those whom the first escalation names are written to with
 * the runbook's steps to do by hand, and PagerDuty gets a note. Once an outage.
 */
export function slackLate(
  incident: Incident,
  { key }: Extract<Command, { kind: 'slack-late' }>,
  now: Date,
  policy: Policy,
): readonly IncidentEvent[] {
  const outgoing = outboxMessage(incident, key);
  const isLate = outgoing?.status.name === 'due' && (outgoing.status.lastFailure !== null || rootMessage(incident) === null);
  if (incident.phase.name !== 'open' || !isLate || isOutageTold(incident)) return [];
  const mails = rolesByHand(policy).map((role) =>
    queueMessage(`by-hand/${role}/${incident.eventCount}`, { kind: 'by-hand-notice', role }, now),
  );
  const note = 'cannot reach Slack, so the channel hears nothing from it. Run the audit log runbook by hand and tell the team by phone.';
  return [...mails, ...noteOnAlerts(incident, now, note)];
}

/** Since Slack last took something, people were told already. */
function isOutageTold({ outbox }: Incident): boolean {
  const times = outbox.map(({ payload, status }) =>
    destinationOf(payload) === 'slack' && status.name === 'succeeded' ? status.at.getTime() : 0,
  );
  const lastTaken = Math.max(0, ...times);
  return outbox.some(({ payload, dueAt }) => payload.kind === 'by-hand-notice' && dueAt.getTime() >= lastTaken);
}

/** Who is written to when the channel can't be: those of the first escalation who have an address, else the Privacy Officer. */
export function rolesByHand(policy: Policy): readonly string[] {
  const roles = policy.escalations.find(({ when }) => when === 'incident')?.notify ?? [];
  const reachable = roles.filter((role) => contactOf(policy, role).email !== undefined);
  return reachable.length > 0 ? reachable : ['privacy-officer'];
}
