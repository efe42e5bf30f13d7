import { MINUTE, type Milliseconds } from '#domain/base/time.ts';

/**
 * The stretches whose records are counted and compared with the same local time of the days before, and the share of those below which it is a
 * drop: a great one shows in a quarter of an hour, half of the records only in an hour, in which a quiet moment weighs little.
 */
export const COMPARED = [
  { length: 15 * MINUTE, share: 0.2 },
  { length: 60 * MINUTE, share: 0.5 },
] as const satisfies readonly { readonly length: Milliseconds; readonly share: number }[];

/** How many records a stretch had, now and before. */
export type Counts = { readonly now: number; readonly yesterday: number; readonly weekAgo: number; readonly fortnightAgo: number };

/**
 * What one round of the watch saw. All times inside `table` are of the monitored database's clock, so that no other clock can make a
 * living table look dead or a dead one alive.
 */
export type Observation = {
  /** Our own clock, when the round began. */
  readonly at: Date;
  readonly table: TableSeen | { readonly kind: 'unseen'; readonly words: string };
  /** What the application's health endpoint says of its audit log; null: nothing, or it was not asked. */
  readonly health: 'active' | 'failing' | null;
  readonly probe: ProbeSeen;
  /** How full the database's disk is; null: not asked this time, or nobody knows. */
  readonly diskPercent: number | null;
};

/** `refused`: the database itself said no to a record. `unreached`: nothing is known, the connection did not come about. */
export type ProbeSeen = { readonly kind: 'not-tried' | 'written' | 'unreached' } | { readonly kind: 'refused'; readonly words: string };

/** The table as one statement saw it. */
export type TableSeen = {
  readonly kind: 'seen';
  /** The database's clock. */
  readonly at: Date;
  /** Up to when the data goes: the same moment, or on a replica that lags, an earlier one. */
  readonly readUpTo: Date;
  /** The newest record that is not dated in the future. */
  readonly newest: Date | null;
  /** The newest record dated after the database's own clock. */
  readonly ahead: Date | null;
  /** Records dated after the last round's `countedUntil`, up to this one's. */
  readonly arrived: number;
  readonly countedUntil: Date;
  /** One for each of {@link COMPARED}; null when nothing was compared this time. */
  readonly counts: readonly Counts[] | null;
  /** Asked only in a silence: whether the same stretch was as silent in the weeks before. */
  readonly isUsualSilence: boolean;
};
