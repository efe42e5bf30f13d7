import { neverConnected, ServiceFailure } from './failure.ts';

/** A change that a service was ordered to make: its id there, and where people can see it. */
export type Placed = { readonly id: string; readonly url: string };

/** How far the service is with it, in words. */
export type Followed = { readonly state: 'at-work' | 'succeeded' | 'failed'; readonly text: string };

/** Changes that a service carries out by itself, in its own time. An order is placed once; after an unclear answer it is looked for. */
export type Orders = {
  /** The newest one there is, to tell later which are newer. */
  readonly newest: () => Promise<string>;
  /** Places the order. Null when the service took it without saying as what. */
  readonly place: (target: string) => Promise<Placed | null>;
  /** The oldest one that is newer than `known`. */
  readonly newSince: (known: string) => Promise<Placed | null>;
  readonly follow: (id: string) => Promise<Followed>;
};

/** An order without an answer may have been taken: unless no connection came about, or the service said no, it is unclear. */
export async function placing<Answer>(order: Promise<Answer>): Promise<Answer> {
  try {
    return await order;
  } catch (error) {
    if (!(error instanceof ServiceFailure) || error.outcome !== 'unavailable' || neverConnected(error)) throw error;
    throw new ServiceFailure(error.service, 'unclear', error.message, { cause: error });
  }
}
