import { type Incident, rootMessage } from '#domain/incident/state.ts';
import { type Destination, destinationOf, type OutboxMessage, urgencyOf } from './message.ts';

/**
 * The call that a destination should make next, or null when nothing is ready. Slack's order is the order of importance: nothing comes
 * before the root message, then what is due longest; in a backlog what the whole channel must know. An update that the next one will say anyway waits to be merged into it.
 */
export function nextMessage(incident: Incident, destination: Destination, now: Date): OutboxMessage | null {
  const ready = incident.outbox.filter((outgoing) => destinationOf(outgoing.payload) === destination && isReady(outgoing, now));
  if (destination !== 'slack') return ready[0] ?? null;
  if (rootMessage(incident) !== null) return mostImportant(ready.filter((outgoing) => !isOvertaken(incident, outgoing, now)));
  return ready.find(({ payload }) => payload.kind === 'initial-post') ?? null;
}

/** So many messages waiting are a backlog: Slack takes about one a second. */
const BACKLOG = 8;

/** The oldest, or in a backlog the oldest of the most important: what everybody must know goes before what is good to know. */
function mostImportant(ready: readonly OutboxMessage[]): OutboxMessage | null {
  const [first = null] = ready;
  if (ready.length < BACKLOG) return first;
  const best = Math.min(...ready.map(({ payload }) => urgencyOf(payload)));
  return ready.find(({ payload }) => urgencyOf(payload) === best) ?? first;
}

function isReady({ status }: OutboxMessage, now: Date): boolean {
  return status.name === 'due' && status.notBefore.getTime() <= now.getTime();
}

function isOvertaken(incident: Incident, { payload }: OutboxMessage, now: Date): boolean {
  const next = incident.nextUpdate;
  return payload.kind === 'update' && next !== null && next.dueAt.getTime() <= now.getTime() && !incident.updatesPaused;
}
