import type { Incident } from '#domain/incident/state.ts';
import type { KnownTable } from '#domain/watch/observe.ts';
import type { SlackUser } from '#services/slack/people.ts';
import { type AggregateCache, emptyAggregateCache } from './aggregate-cache.ts';

/** An answer that is kept for a while: when it was asked for, and the answer itself. */
export type Kept<Value> = { readonly at: number; readonly answer: Promise<Value> };

/**
 * What one process remembers between its jobs: made once at the start, gone with the process. Nothing here must last; whatever is
 * lost is read, asked or shown once more.
 */
export type Remembered = {
  /** Incidents as they were last read from the store. */
  readonly incidents: AggregateCache;
  /** The open incidents as last seen: all that is known of them while the store is away. */
  readonly openIncidents: Map<number, Incident>;
  /** What each message that shows the present last showed, by its Slack timestamp. */
  readonly shownMessages: Map<string, string>;
  /** Until when Slack asked to be left alone. */
  readonly slackRest: { until: Date | null };
  /** When each job was last given up, in milliseconds since 1970. */
  readonly deadJobs: Map<string, readonly number[]>;
  /** When PagerDuty was last asked whether it delivers webhooks to us, in milliseconds since 1970. */
  readonly subscription: { checkedAt: number };
  /** How many polls in a row could not read an open alert, by its ID. */
  readonly unreadAlerts: Map<string, number>;
  /** The audit table as the watch last found it in the catalogue. */
  readonly watchedTable: { known: KnownTable };
  /** The incident of a Slack thread, by channel and timestamp. */
  readonly threads: Map<string, number>;
  /** What is wrong with this process itself, in words; null while it is well. */
  readonly ownHealth: { wrong: string | null };
  readonly users: Map<string, Kept<SlackUser>>;
  /** What the incident channel is called now; null before Slack said it. */
  readonly channel: { name: string | null };
  /** Names of channels and user groups, by their kind and ID. */
  readonly names: Map<string, Kept<string>>;
  /** The members of the channel and of user groups. */
  readonly members: Map<string, Kept<ReadonlySet<string>>>;
};

/** Returns the memory of a process that has just begun. */
export function nothingRemembered(): Remembered {
  return {
    incidents: emptyAggregateCache(),
    openIncidents: new Map(),
    shownMessages: new Map(),
    slackRest: { until: null },
    deadJobs: new Map(),
    unreadAlerts: new Map(),
    subscription: { checkedAt: 0 },
    watchedTable: { known: { table: null, lastKnown: null } },
    threads: new Map(),
    ownHealth: { wrong: null },
    users: new Map(),
    channel: { name: null },
    names: new Map(),
    members: new Map(),
  };
}
