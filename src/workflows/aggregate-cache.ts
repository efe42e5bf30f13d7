import type { RecordedEvent } from '#domain/incident/event.ts';
import { evolve } from '#domain/incident/evolve.ts';
import type { Incident } from '#domain/incident/state.ts';
import type { Queryable } from '#store/database.ts';
import { loadLinksFrom } from '#store/event-store.ts';
import { unlink } from '#store/hash-chain.ts';

/** The record of an incident, and what follows from it. */
export type LoadedIncident = { readonly events: readonly RecordedEvent[]; readonly incident: Incident | null };

type Cached = LoadedIncident & { readonly sequence: number; readonly hash: string };

/** Incidents by number, the one used longest ago first. */
export type AggregateCache = Map<number, Cached>;

/** The most incidents that are remembered; the one unused longest is forgotten first. */
const MOST = 20;
const NOTHING: Cached = { events: [], incident: null, sequence: 0, hash: '' };

/** Returns a cache that knows nothing yet. */
export function emptyAggregateCache(): AggregateCache {
  return new Map();
}

/**
 * Returns the events of an incident and its state. Events never change, so those read before are remembered and only new ones are read:
 * what an alert costs does not grow with the incident. The last one known is read again with them: if its hash is another one (it belonged
 * to a transaction that was rolled back), everything is read from the beginning.
 */
export async function loadIncident(cache: AggregateCache, client: Queryable, number: number): Promise<LoadedIncident> {
  const cached = cache.get(number) ?? NOTHING;
  const [first, ...links] = await loadLinksFrom(client, number, Math.max(1, cached.sequence));
  const isKnown = cached.sequence > 0 && first?.hash === cached.hash;
  if (!isKnown && cached.sequence > 0) {
    cache.delete(number);
    return loadIncident(cache, client, number);
  }
  if (first === undefined) return NOTHING;
  const fresh = isKnown ? links : [first, ...links];
  const added = fresh.map(({ body }) => unlink(body));
  const events = added.length === 0 ? cached.events : [...cached.events, ...added];
  const incident = added.reduce(evolve, cached.incident);
  const last = fresh.at(-1) ?? first;
  cache.delete(number);
  cache.set(number, { events, incident, sequence: last.sequence, hash: last.hash });
  for (const oldest of [...cache.keys()].slice(0, Math.max(0, cache.size - MOST))) cache.delete(oldest);
  return { events, incident };
}
