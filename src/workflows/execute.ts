import type { Actor, Person } from '#domain/incident/actor.ts';
import type { OpeningCommand } from '#domain/incident/alerts.ts';
import type { Command } from '#domain/incident/command.ts';
import type { Refusal } from '#domain/incident/concern.ts';
import { decide } from '#domain/incident/decide.ts';
import { effects } from '#domain/incident/effects.ts';
import type { RecordedEvent } from '#domain/incident/event.ts';
import { evolve } from '#domain/incident/evolve.ts';
import type { Identity } from '#domain/incident/permission.ts';
import type { Incident } from '#domain/incident/state.ts';
import type { Queryable } from '#store/database.ts';
import { appendEvents, incidentOfAlert, lockIncident, lockOpening, nextIncidentNumber, openIncidentOfKind } from '#store/event-store.ts';
import { type LoadedIncident, loadIncident } from './aggregate-cache.ts';
import type { AppContext } from './context.ts';
import { toNewJob } from './jobs.ts';

/** What executing a command came to: the incident as it is now, whether anything new became known, and a refusal if there was one. */
export type Outcome = { readonly incident: Incident | null; readonly isNews: boolean; readonly refused: Refusal | null };

/** What executing a command needs of the context. */
export type ExecuteContext = Pick<AppContext, 'database' | 'jobs' | 'policy' | 'now' | 'remembered'>;

/** A person who asks, with what is known of them. */
export type Requester = { readonly person: Person; readonly identity: Identity };

/**
 * The one door through which an incident changes: load, decide, append, enqueue, all in one transaction. Before the commit nothing
 * has happened, after it nothing can be lost. With `client` it is part of the caller's transaction.
 */
export async function execute(
  context: ExecuteContext,
  number: number,
  command: Command,
  by: Actor | Requester,
  client?: Queryable,
): Promise<Outcome> {
  const work = async (within: Queryable): Promise<Outcome> => {
    await lockIncident(within, number);
    return apply(context, within, number, command, by);
  };
  return client ? work(client) : context.database.transaction(work);
}

/**
 * An alert or a person's declaration: goes to the incident it belongs to, the open one, or opens the next. One at a time, so that
 * two alerts at once open one incident.
 */
export async function openOrJoin(
  context: ExecuteContext,
  makeCommand: (number: number) => OpeningCommand,
  by: Actor | Requester,
  client?: Queryable,
): Promise<Outcome> {
  const work = async (within: Queryable): Promise<Outcome> => {
    await lockOpening(within);
    const next = await nextIncidentNumber(within);
    const command = makeCommand(next);
    const known = command.kind === 'alert-fired' ? await incidentOfAlert(within, command.alert.id) : null;
    const isDrill = command.kind === 'declare' && command.isDrill;
    const number = known ?? (await openIncidentOfKind(within, isDrill)) ?? next;
    await lockIncident(within, number);
    return apply(context, within, number, command, by);
  };
  return client ? work(client) : context.database.transaction(work);
}

async function apply(
  context: ExecuteContext,
  client: Queryable,
  number: number,
  command: Command,
  asks: Actor | Requester,
): Promise<Outcome> {
  const { events, incident: before } = await loadIncident(context.remembered.incidents, client, number);
  const now = context.now();
  const { by, identity } = 'person' in asks ? { by: asks.person, identity: asks.identity } : { by: asks, identity: null };
  const decision = decide(before, command, { by, identity, now, policy: context.policy });
  const recorded = decision.events.map<RecordedEvent>((event, index) => ({ sequence: events.length + index + 1, at: now, by, event }));
  const after = recorded.reduce(evolve, before);
  if (after !== null && recorded.length > 0) {
    await appendEvents(client, after, recorded);
    for (const job of effects(before, after, recorded, context.policy)) await context.jobs.enqueue(client, toNewJob(job), now);
  }
  return { incident: after, isNews: recorded.length > 0, refused: decision.refused ?? null };
}

/** The incident as it is now; null when there is none of this number. */
export async function load(context: Pick<AppContext, 'database' | 'remembered'>, number: number): Promise<LoadedIncident> {
  return loadIncident(context.remembered.incidents, context.database, number);
}
