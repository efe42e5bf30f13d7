import type { Policy } from '#domain/base/policy.ts';
import { between, formatDuration, formatUtc, plus } from '#domain/base/time.ts';
import { announce, queueMessage } from '#domain/incident/outbox/queue.ts';
import type { Person } from './actor.ts';
import {
  type CommandRows,
  type Decision,
  type DecisionContext,
  type Evolutions,
  personOf,
  refuse,
  refuseUnlessOpen,
  type TimelineTexts,
} from './concern.ts';
import { pageNextLevel } from './escalations.ts';
import type { IncidentEvent } from './event.ts';
import { type Incident, incidentName } from './state.ts';
import type { Timer, TimerOf } from './timer-command.ts';

/** Who leads the response ("I'm on it"), and who writes. The dead-man's switch of runbook step 1 waits for the first. */
export type CommanderCommand =
  | { readonly kind: 'claim' }
  | { readonly kind: 'hand-over'; readonly slackId: string; readonly name: string }
  | { readonly kind: 'name-scribe'; readonly slackId: string; readonly name: string }
  | TimerOf<'claim-due'>;

export const commanderCommands: CommandRows<CommanderCommand> = {
  claim: { permission: 'member', decide: (incident, _command, context) => claim(incident, context, personOf(context)) },
  'hand-over': { permission: 'member', decide: (incident, command, { now }) => handOver(incident, command, now) },
  'name-scribe': { permission: 'member', decide: (incident, command, { now }) => nameScribe(incident, command, now) },
  'claim-due': { permission: 'nobody', decide: (incident, _command, { now, policy }) => ({ events: claimDue(incident, now, policy) }) },
};

export const commanderEvolutions: Evolutions<'commander.named' | 'commander.overdue' | 'scribe.named'> = {
  'commander.named': (incident, { slackId, name }, { at }) => ({ ...incident, commander: { slackId, name, at } }),
  'commander.overdue': (incident) => ({ ...incident, commanderOverdue: true }),
  'scribe.named': (incident, { slackId, name }) => ({ ...incident, scribe: { slackId, name } }),
};

export const commanderTexts: TimelineTexts<'commander.named' | 'commander.overdue' | 'scribe.named'> = {
  'commander.named': ({ name }) => `${name} is on it`,
  'commander.overdue': () => 'Nobody claimed the incident in time',
  'scribe.named': ({ name }) => `${name} writes`,
};

/** Returns the dead-man's switch, while nobody has said "I'm on it". */
export function claimTimers(incident: Incident, policy: Policy): readonly Timer[] {
  if (!awaitsCommander(incident)) return [];
  return [{ command: { kind: 'claim-due' }, dueAt: plus(incident.openedAt, policy.claimWithin) }];
}

function awaitsCommander({ phase, commander, commanderOverdue }: Incident): boolean {
  return phase.name === 'open' && commander === null && !commanderOverdue;
}

/** "I'm on it": the person is named on the root message and PagerDuty is asked to show them as the responder. */
export function claim(incident: Incident, { now }: DecisionContext, person: Person): Decision {
  const closed = refuseUnlessOpen(incident);
  if (closed) return closed;
  if (incident.commander?.slackId === person.slackId) {
    return refuse('already-claimed', `You are already on ${incidentName(incident.number)}, since ${formatUtc(incident.commander.at)}.`);
  }
  const former = incident.commander?.name ?? '';
  return {
    events: [
      { type: 'commander.named', slackId: person.slackId, name: person.name },
      ...acknowledgeAs(incident, person.slackId, person.name, now),
      announce(incident, now, 'claimed', { name: person.name, slackId: person.slackId, former }),
    ],
  };
}
/** The one who is on it gives the incident to somebody else: as if that person had claimed it, and the channel hears both names. */
export function handOver(incident: Incident, { slackId, name }: Extract<CommanderCommand, { kind: 'hand-over' }>, now: Date): Decision {
  const closed = refuseUnlessOpen(incident);
  if (closed) return closed;
  if (incident.commander?.slackId === slackId) return refuse('already-claimed', `${name} is on ${incidentName(incident.number)} already.`);
  const details = { slackId, former: incident.commander?.name ?? 'nobody' };
  const told = announce(incident, now, 'handed-over', details, { broadcast: true });
  return { events: [{ type: 'commander.named', slackId, name }, ...acknowledgeAs(incident, slackId, name, now), told] };
}

/** PagerDuty is asked to show this person as the responder of every open alert. */
export function acknowledgeAs(incident: Incident, slackId: string, name: string, now: Date): readonly IncidentEvent[] {
  return incident.alerts
    .filter((alert) => alert.status !== 'resolved')
    .map((alert) =>
      queueMessage(`acknowledge-as/${alert.id}/${incident.eventCount}`, { kind: 'acknowledge-as', alertId: alert.id, slackId, name }, now),
    );
}

/** The scribe keeps the timeline and the updates while the others repair. */
export function nameScribe(incident: Incident, { slackId, name }: Extract<CommanderCommand, { kind: 'name-scribe' }>, now: Date): Decision {
  const closed = refuseUnlessOpen(incident);
  if (closed) return closed;
  if (incident.scribe?.slackId === slackId) return refuse('already-so', `${name} writes already.`);
  return { events: [{ type: 'scribe.named', slackId, name }, announce(incident, now, 'writer-named', { slackId })] };
}
/** The dead-man's switch of runbook step 1: nobody has said "I'm on it", so the next level is paged and the channel hears it. */
export function claimDue(incident: Incident, now: Date, policy: Policy): readonly IncidentEvent[] {
  if (incident.phase.name !== 'open' || incident.commander !== null || incident.commanderOverdue) return [];
  if (between(incident.openedAt, now) < policy.claimWithin) return [];
  const pages = pageNextLevel(incident, now);
  const details = { after: formatDuration(policy.claimWithin), pages: pages.length > 0 ? String(incident.pagedLevel + 1) : '' };
  return [{ type: 'commander.overdue' }, ...pages, announce(incident, now, 'claim-overdue', details, { broadcast: true })];
}
