import { contactOf, type Policy } from '#domain/base/policy.ts';
import { MINUTE, type Milliseconds, plus } from '#domain/base/time.ts';
import { destinationOf, type OutboxMessage, type PayloadKind } from '#domain/incident/outbox/message.ts';
import { noteOnAlerts, queueMessage } from '#domain/incident/outbox/queue.ts';
import type { CommandRows, Evolutions, TimelineTexts } from './concern.ts';
import type { IncidentEvent } from './event.ts';
import { type Incident, rootMessage } from './state.ts';
import type { Timer, TimerOf } from './timer-command.ts';

/** Slack takes nothing, or refuses for good: people are reached by other ways, once an outage. Or the root message is gone. */
export type SlackOutageCommand =
  | TimerOf<'slack-late'>
  | { readonly kind: 'slack-closed'; readonly because: string }
  | { readonly kind: 'root-lost'; readonly ts: string; readonly because: string };

export const slackOutageCommands: CommandRows<SlackOutageCommand> = {
  'slack-late': {
    permission: 'nobody',
    decide: (incident, _command, { now, policy }) => ({ events: slackLate(incident, now, policy) }),
  },
  'slack-closed': {
    permission: 'nobody',
    decide: (incident, { because }, { now, policy }) => ({ events: slackClosed(incident, because, now, policy) }),
  },
  'root-lost': {
    permission: 'nobody',
    decide: (incident, { ts, because }, { now }) => ({ events: rootLost(incident, ts, because, now) }),
  },
};

export const slackOutageEvolutions: Evolutions<'root.lost'> = {
  'root.lost': (incident, { ts }) => ({ ...incident, lostRoots: [...incident.lostRoots, ts] }),
};

export const slackOutageTexts: TimelineTexts<'root.lost'> = {
  'root.lost': ({ because }) => `The root message is gone from Slack (${because}); a new one takes its place`,
};

/** Without a root message for so long, people are told by other ways. */
const ROOT_LATE_AFTER: Milliseconds = 2 * MINUTE;
/** Slack has taken nothing for so long, and refused or missed something meanwhile. */
const LATE_AFTER: Milliseconds = 3 * MINUTE;

/** What the channel must hear of; a report or a chart that can't be shared is no outage of Slack. */
const HEARD: ReadonlySet<PayloadKind> = new Set<PayloadKind>(['initial-post', 'update', 'announcement', 'resolution-post']);

/** Returns when people are to be told by other ways, while something waits for Slack. */
export function slackOutageTimers(incident: Incident): readonly Timer[] {
  const held = heldUp(incident);
  if (incident.phase.name !== 'open' || held === null || isOutageTold(incident)) return [];
  return [{ command: { kind: 'slack-late', key: held.key }, dueAt: held.lateAt }];
}

type HeldUp = { readonly key: string; readonly lateAt: Date };

/**
 * The message that Slack keeps the channel from hearing, and when that is too late. It counts from the first one that was not taken since Slack last
 * took something, also when a later update has replaced it: with updates every two minutes none waits for three.
 */
function heldUp(incident: Incident): HeldUp | null {
  const since = lastTaken(incident);
  const missed = incident.outbox.filter((outgoing) => HEARD.has(outgoing.payload.kind) && isMissed(incident, outgoing, since));
  const [first] = missed.toSorted((one, other) => one.dueAt.getTime() - other.dueAt.getTime());
  const waits = missed.find(({ status }) => status.name === 'due');
  if (first === undefined || waits === undefined) return null;
  const from = new Date(Math.max(first.dueAt.getTime(), since));
  return { key: waits.key, lateAt: plus(from, rootMessage(incident) === null ? ROOT_LATE_AFTER : LATE_AFTER) };
}

/** A message that Slack has refused or not taken since; one that merely waits its turn is none. */
function isMissed(incident: Incident, { status, payload, dueAt }: OutboxMessage, since: number): boolean {
  switch (status.name) {
    case 'due':
      if (status.lastFailure !== null) return status.lastFailure.firstAt.getTime() >= since;
      return payload.kind === 'initial-post' && rootMessage(incident) === null;
    case 'superseded':
      return payload.kind === 'update' && dueAt.getTime() > since;
    case 'abandoned':
    case 'succeeded':
      return false;
    default:
      return status satisfies never;
  }
}

/** When Slack last took a message, in milliseconds since 1970; 0 before the first. */
function lastTaken({ outbox }: Incident): number {
  const times = outbox.map(({ payload, status }) =>
    destinationOf(payload) === 'slack' && status.name === 'succeeded' ? status.at.getTime() : 0,
  );
  return Math.max(0, ...times);
}

/**
 * Slack is away. Those whom the first escalation names are written to with the runbook's steps to do by hand, and PagerDuty gets a note. Once an
 * outage.
 */
export function slackLate(incident: Incident, now: Date, policy: Policy): readonly IncidentEvent[] {
  const held = heldUp(incident);
  if (incident.phase.name !== 'open' || held === null || held.lateAt > now || isOutageTold(incident)) return [];
  return tellByOtherWays(incident, 'cannot reach Slack', {}, now, policy);
}

/** Slack says no for good: waiting changes nothing, so people are told by other ways at once. */
function slackClosed(incident: Incident, because: string, now: Date, policy: Policy): readonly IncidentEvent[] {
  if (incident.phase.name !== 'open' || isOutageTold(incident)) return [];
  return tellByOtherWays(incident, `can write nothing in Slack (${because})`, { because }, now, policy);
}

type Reason = { readonly because?: string };

function tellByOtherWays(incident: Incident, what: string, reason: Reason, now: Date, policy: Policy): readonly IncidentEvent[] {
  const mails = rolesByHand(policy).map((role) =>
    queueMessage(`by-hand/${role}/${incident.eventCount}`, { kind: 'by-hand-notice', role, ...reason }, now),
  );
  const note = `${what}, so the channel hears nothing from it. Run the audit log runbook by hand and tell the team by phone.`;
  return [...mails, ...noteOnAlerts(incident, now, note)];
}

/** Since Slack last took something, people were told already. */
function isOutageTold(incident: Incident): boolean {
  const since = lastTaken(incident);
  return incident.outbox.some(({ payload, dueAt }) => payload.kind === 'by-hand-notice' && dueAt.getTime() >= since);
}

/** The root message was deleted: a new one takes its place and says so, and the incident goes on there. */
function rootLost(incident: Incident, ts: string, because: string, now: Date): readonly IncidentEvent[] {
  if (rootMessage(incident)?.ts !== ts) return [];
  const lost: IncidentEvent = { type: 'root.lost', ts, because };
  return [lost, queueMessage(`initial-post/${incident.eventCount}`, { kind: 'initial-post' }, now)];
}

/** Who is written to when the channel can't be: those of the first escalation who have an address, else the Privacy Officer. */
export function rolesByHand(policy: Policy): readonly string[] {
  const roles = policy.escalations.find(({ when }) => when === 'incident')?.notify ?? [];
  const reachable = roles.filter((role) => contactOf(policy, role).email !== undefined);
  return reachable.length > 0 ? reachable : ['privacy-officer'];
}
