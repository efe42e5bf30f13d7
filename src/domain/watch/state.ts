import { z } from 'zod';
import { ALARM_NAMES } from './alarm.ts';

const instant = z.iso.datetime().transform((text) => new Date(text));

const alarmSchema = z.object({
  /** Since when what it says has held without a break. */
  since: instant,
  raisedAt: instant.nullable(),
  /** When it was last to be told: at the raising, when it held again after a pause, and every hour. */
  toldAt: instant.nullable(),
  /** Since when it has not held any more; null while it holds. */
  clearSince: instant.nullable(),
  words: z.string(),
});

/** What the watch must remember from one round to the next, also across restarts and replicas. Kept as JSON in the store. */
export const watchStateSchema = z.object({
  /** The database and table that it is about. */
  target: z.string(),
  /** The first round and the last, by our own clock. */
  startedAt: instant,
  roundAt: instant,
  /** The last round that saw the table, by the database's clock. */
  lookedAt: instant.nullable(),
  arrival: z.object({ recordAt: instant, at: instant }).nullable(),
  /** The end of the last silence beyond the tolerance: figures that reach back before it are no figures of a working table. */
  silenceEndedAt: instant.nullable(),
  failingSince: instant.nullable(),
  /** The last write that was tried; `tableAt` is the database's clock then, where that was seen. */
  probe: z
    .object({ at: instant, tableAt: instant.nullable(), outcome: z.enum(['written', 'unreached', 'refused']), words: z.string() })
    .nullable(),
  disk: z.object({ at: instant, percent: z.number().nullable() }).nullable(),
  skewMilliseconds: z.number().nullable(),
  countedUntil: instant.nullable(),
  comparedAt: instant.nullable(),
  /** Counters for Prometheus; they only grow. */
  records: z.number(),
  errors: z.number(),
  alarms: z.partialRecord(z.enum(ALARM_NAMES), alarmSchema),
});

export type WatchState = Readonly<z.infer<typeof watchStateSchema>>;
export type AlarmState = Readonly<z.infer<typeof alarmSchema>>;

/** The memory of a watch that has never looked. */
export function initialWatchState(target: string, now: Date): WatchState {
  return {
    target,
    startedAt: now,
    roundAt: now,
    lookedAt: null,
    arrival: null,
    silenceEndedAt: null,
    failingSince: null,
    probe: null,
    disk: null,
    skewMilliseconds: null,
    countedUntil: null,
    comparedAt: null,
    records: 0,
    errors: 0,
    alarms: {},
  };
}
