import type { Policy } from '#domain/base/policy.ts';
import { between, formatUtc } from '#domain/base/time.ts';
import type { Actor, Person } from './actor.ts';
import type { EventOf, EventType, IncidentEvent } from './event.ts';
import type { Identity, Permission } from './permission.ts';
import { type Incident, incidentName } from './state.ts';

/** What a command is decided against: who asks, what is known of that person, when, and the team's policy. */
export type DecisionContext = { readonly by: Actor; readonly identity: Identity | null; readonly now: Date; readonly policy: Policy };

/**
 * What follows from a command: events to keep, and for a person's command that can't be done, why not. A refusal may come with
 * events: what was seen while finding out is kept too.
 */
export type Decision = { readonly events: readonly IncidentEvent[]; readonly refused?: Refusal };

/** An expected "no", in a sentence for the person who asked, with what to do about it. */
export type Refusal = { readonly reason: RefusalReason; readonly message: string };

export type RefusalReason =
  | 'no-open-incident'
  | 'already-open'
  | 'already-claimed'
  | 'already-resolved'
  | 'not-resolvable-yet'
  | 'impossible-time'
  | 'contradicted'
  | 'already-so'
  | 'unknown-task'
  | 'unknown-notice'
  | 'tasks-open'
  | 'drill'
  | 'another-remedy'
  | 'same-person'
  | 'expired'
  | 'not-permitted';

/** A command's row: what a person needs to give it (Gapwatch itself may give any), and what follows from it. */
export type CommandRow<Command> = {
  readonly permission: Permission;
  readonly decide: (incident: Incident, command: Command, context: DecisionContext) => Decision;
};

/** The rows of a concern's commands. */
export type CommandRows<Command extends { readonly kind: string }> = {
  readonly [Kind in Command['kind']]: CommandRow<Extract<Command, { readonly kind: Kind }>>;
};

/** How a concern's events change what is true. */
export type Evolutions<Type extends EventType> = {
  readonly [Each in Type]: (incident: Incident, event: EventOf<Each>, became: Became) => Incident;
};

/** When an event became known, and who made it known. */
export type Became = { readonly at: Date; readonly by: Actor };

/** What a concern's events read like on the timeline. */
export type TimelineTexts<Type extends EventType> = { readonly [Each in Type]: (event: EventOf<Each>, at: Date) => string };

/** A "no" without new events. */
export function refuse(reason: RefusalReason, message: string): Decision {
  return { events: [], refused: { reason, message } };
}

/** The refusal for what only an open incident takes; null while it is open. */
export function refuseUnlessOpen(incident: Incident): Decision | null {
  if (incident.phase.name === 'open') return null;
  const name = incidentName(incident.number);
  return refuse('already-resolved', `${name} was resolved at ${formatUtc(incident.phase.at)} by ${incident.phase.by}.`);
}

/** The refusal for a time that is not ahead, with what to give instead; null for one that is. */
export function refuseUnlessAhead(at: Date, now: Date, instead: string): Decision | null {
  return between(now, at) > 0 ? null : refuse('impossible-time', `${formatUtc(at)} has already passed. ${instead}`);
}

/** Returns the person who gave a command that only people give. Throws a TypeError for anybody else: that is a wiring mistake. */
export function personOf({ by }: Pick<DecisionContext, 'by'>): Person {
  if (by.kind !== 'person') throw new TypeError(`only a person can do this, not ${by.kind}`);
  return by;
}
