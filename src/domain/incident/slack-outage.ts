import { contactOf, type Policy } from '#domain/base/policy.ts';
import { MINUTE, plus } from '#domain/base/time.ts';
import { destinationOf, type OutboxMessage } from '#domain/incident/outbox/message.ts';
import { noteOnAlerts, queueMessage } from '#domain/incident/outbox/queue.ts';
import type { CommandRows } from './concern.ts';
import type { IncidentEvent } from './event.ts';
import { type Incident, outboxMessage, rootMessage } from './state.ts';
import type { Timer, TimerOf } from './timer-command.ts';

/** Slack takes nothing: people are reached by other ways, once an outage. */
export type SlackOutageCommand = TimerOf<'slack-late'>;

export const slackOutageCommands: CommandRows<SlackOutageCommand> = {
  'slack-late': {
    permission: 'nobody',
    decide: (incident, command, { now, policy }) => ({ events: slackLate(incident, command, now, policy) }),
  },
};

/** Without a root message for so long, people are told by other ways. */
const ROOT_LATE_AFTER = 2 * MINUTE;
/** An update that can't be posted for so long is another sign of the same. Shorter than the usual interval, after which the next one replaces it. */
const UPDATE_LATE_AFTER = 3 * MINUTE;

/** Returns when people are to be told by other ways, while the initial post or an update waits for Slack. */
export function slackOutageTimers(incident: Incident): readonly Timer[] {
  if (incident.phase.name !== 'open' || isOutageTold(incident)) return [];
  return incident.outbox.flatMap((outgoing): readonly Timer[] => {
    const { key, payload, dueAt } = outgoing;
    if (!isHeldUp(incident, outgoing)) return [];
    if (payload.kind === 'initial-post') return [{ command: { kind: 'slack-late', key }, dueAt: plus(dueAt, ROOT_LATE_AFTER) }];
    return payload.kind === 'update' ? [{ command: { kind: 'slack-late', key }, dueAt: plus(dueAt, UPDATE_LATE_AFTER) }] : [];
  });
}

/** A message that Slack has refused or not taken; one that merely waits its turn is none. */
function isHeldUp(incident: Incident, { status }: OutboxMessage): boolean {
  return status.name === 'due' && (status.lastFailure !== null || rootMessage(incident) === null);
}

/**
 * The initial post, or an update, could not be made in time: Slack is away. Those whom the first escalation names are written to with
 * the runbook's steps to do by hand, and PagerDuty gets a note. Once an outage.
 */
export function slackLate(incident: Incident, { key }: TimerOf<'slack-late'>, now: Date, policy: Policy): readonly IncidentEvent[] {
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
