import type { Actor } from '#domain/incident/actor.ts';
import type { Command, Refusal } from '#domain/incident/command.ts';
import { decide } from '#domain/incident/decide.ts';
import { effects } from '#domain/incident/effects.ts';
import type { RecordedEvent } from '#domain/incident/event.ts';
import { evolve, type Incident } from '#domain/incident/state.ts';
import type { Queryable } from '#store/database.ts';
import { appendEvents, incidentOfAlert, lockIncident, lockOpening, nextIncidentNumber, openIncidentOfKind } from '#store/event-store.ts';
import { type Known, recall } from './aggregate-cache.ts';
import type { AppContext } from './context.ts';
import { toNewJob } from './jobs.ts';

/** What handling a command came to: the incident as it is now, whether anything new became known, and a refusal if there was one. */
export type Outcome = { readonly incident: Incident | null; readonly isNews: boolean; readonly refused: Refusal | null };

/** What handling needs of the context. */
export type ExecuteContext = Pick<AppContext, 'database' | 'jobs' | 'policy' | 'now'>;

/**
 * The one door through which an incident changes: load, decide, append, enqueue, all in one transaction. Before the commit nothing
 * has happened, after it nothing can be lost. With `client` it is part of the caller's transaction.
 */
export async function execute(context: ExecuteContext, number: number, command: Command, by: Actor, client?: Queryable): Promise<Outcome> {
  const work = async (within: Queryable): Promise<Outcome> => {
    await lockIncident(within, number);
    return apply(context, within, number, command, by);
  };
  return client ? work(client) : context.database.transaction(work);
}

type OpeningCommand = Extract<Command, { kind: 'alert-fired' | 'declare' }>;

/**
 * An alert or a person's declaration: goes to the incident it belongs to, the open one, or opens the next. One at a time, so that
 * two alerts at once open one incident.
 */
export async function openOrJoin(
  context: ExecuteContext,
  makeCommand: (number: number) => OpeningCommand,
  by: Actor,
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

async function apply(context: ExecuteContext, client: Queryable, number: number, command: Command, by: Actor): Promise<Outcome> {
  const { events, incident: before } = await recall(context.database, client, number);
  const now = context.now();
  const decision = decide(before, command, { by, now, policy: context.policy });
  const recorded = decision.events.map<RecordedEvent>((event, index) => ({ sequence: events.length + index + 1, at: now, by, event }));
  const after = recorded.reduce(evolve, before);
  if (after !== null && recorded.length > 0) {
    await appendEvents(client, after, recorded);
    for (const job of effects(after, recorded, context.policy)) await context.jobs.enqueue(client, toNewJob(job), now);
  }
  return { incident: after, isNews: recorded.length > 0, refused: decision.refused ?? null };
}

/** The incident as it is now; null when there is none of this number. */
export async function load(context: Pick<AppContext, 'database'>, number: number): Promise<Known> {
  return recall(context.database, context.database, number);
}
