import type { RecordedEvent } from '#domain/incident/event.ts';
import { evolve, type Incident } from '#domain/incident/state.ts';
import type { Database, Queryable } from '#store/database.ts';
import { loadLinksFrom } from '#store/event-store.ts';
import { unlink } from '#store/hash-chain.ts';

/** The record of an incident, and what follows from it. */
export type Known = { readonly events: readonly RecordedEvent[]; readonly incident: Incident | null };

type Remembered = {
  readonly events: RecordedEvent[];
  readonly incident: Incident | null;
  readonly sequence: number;
  readonly hash: string;
};

/** The most incidents that are remembered; the one unused longest is forgotten first. */
const MOST = 20;
const memories = new WeakMap<Database, Map<number, Remembered>>();

/**
 * The events of an incident and its state. Events never change, so those read before are remembered and only new ones are read: what
 * an alert costs does not grow with the incident. The last one known is read again with them: if its hash is another one (it belonged to
 * a transaction that was rolled back), everything is read anew.
 */
export async function recall(database: Database, client: Queryable, number: number): Promise<Known> {
  const memory = memories.get(database) ?? new Map<number, Remembered>();
  memories.set(database, memory);
  const known = memory.get(number) ?? NOTHING;
  const [first, ...links] = await loadLinksFrom(client, number, Math.max(1, known.sequence));
  if (first === undefined) {
    memory.delete(number);
    return known.sequence === 0 ? { events: [], incident: null } : recall(database, client, number);
  }
  const isKnown = known.sequence > 0 && first.hash === known.hash;
  const fresh = isKnown ? links : [first, ...links];
  if (!isKnown && known.sequence > 0) {
    memory.delete(number);
    return recall(database, client, number);
  }
  const added = fresh.map(({ body }) => unlink(body));
  const events = added.length === 0 ? known.events : [...known.events, ...added];
  const incident = added.reduce(evolve, known.incident);
  const last = fresh.at(-1) ?? first;
  memory.delete(number);
  memory.set(number, { events, incident, sequence: last.sequence, hash: last.hash });
  for (const oldest of [...memory.keys()].slice(0, Math.max(0, memory.size - MOST))) memory.delete(oldest);
  return { events, incident };
}

const NOTHING: Remembered = { events: [], incident: null, sequence: 0, hash: '' };
