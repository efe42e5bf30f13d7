import type { AuditWriterEvent } from './audit-writer.ts';
import type { DatabaseDoor } from './database-door.ts';
import type { FarSpool } from './far-spool.ts';
import { type AuditRecord, lineOf } from './record.ts';
import type { Chunk, Spool } from './spool.ts';

type Parts = {
  readonly spool: Spool;
  readonly far: FarSpool | null;
  readonly door: DatabaseDoor;
  readonly retryMilliseconds: number;
  readonly refuse: (refused: { readonly record: AuditRecord; readonly line: string }, error: unknown) => Promise<void>;
  readonly onEvent: (event: AuditWriterEvent) => void;
};

/** Brings what waits into the database, oldest first, as soon as that is possible. */
export type Replay = {
  readonly wake: () => void;
  /** Whether the last attempt went well, so that what waits is on its way. */
  readonly isFlowing: () => boolean;
  /** Answers when the next attempt has come to an end. */
  readonly nextAttempt: () => Promise<void>;
  readonly figures: () => { readonly replayed: number; readonly damaged: number };
  /** Ends it after what is under way. */
  readonly stop: () => Promise<void>;
};

const BATCH = 200;

/** Starts idle. An object store is looked into at the first waking, for what an earlier process has left there. */
export function openReplay({ spool, far, door, retryMilliseconds, refuse, onEvent }: Parts): Replay {
  const figures = { replayed: 0, damaged: 0 };
  let running: Promise<void> | null = null;
  let isStopped = false;
  let isFlowing = false;
  let observers: (() => void)[] = [];
  let endPause: () => void = () => undefined;

  const pause = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, retryMilliseconds);
      endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  /** All of it in its order, or it is tried again as a whole: what is there already is left alone. */
  const bringIn = async ({ records, damaged, forget }: Chunk): Promise<boolean> => {
    let brought = 0;
    for (let from = 0; from < records.length; from += BATCH) {
      const batch = records.slice(from, from + BATCH);
      const refused = await insertAll(door, batch);
      if (refused === 'away') return false;
      for (const { record, error } of refused) await refuse({ record, line: lineOf(record) }, error);
      brought += batch.length - refused.length;
    }
    for (const line of damaged) await spool.setAside('damaged', `${line}\n`);
    if (damaged.length > 0) onEvent({ kind: 'damaged', lines: damaged.length });
    await forget();
    figures.replayed += brought;
    figures.damaged += damaged.length;
    if (brought > 0) onEvent({ kind: 'replayed', records: brought });
    return true;
  };
  const attempt = async (): Promise<'more' | 'nothing' | 'failed'> => {
    try {
      const chunk = (await spool.oldest()) ?? (await far?.oldest()) ?? null;
      if (chunk === null) return 'nothing';
      return (await bringIn(chunk)) ? 'more' : 'failed';
    } catch (error) {
      // A disk or an object store that does not answer now is asked again.
      onEvent({ kind: 'unreadable', error });
      return 'failed';
    }
  };
  const run = async () => {
    while (!isStopped) {
      const outcome = await attempt();
      isFlowing = outcome !== 'failed';
      for (const observe of observers) observe();
      observers = [];
      if (outcome === 'nothing') return;
      if (outcome === 'more') continue;
      if (!isStopped) await pause();
    }
  };
  const replay: Replay = {
    wake: () => {
      running ??= run().finally(() => {
        running = null;
        // Something may have come between the last look and this moment.
        if (!isStopped && spool.count() + (far?.count() ?? 0) > 0) replay.wake();
      });
    },
    isFlowing: () => isFlowing,
    nextAttempt: () => new Promise((resolve) => observers.push(resolve)),
    figures: () => figures,
    stop: async () => {
      isStopped = true;
      endPause();
      await running;
    },
  };
  return replay;
}

type Refused = { readonly record: AuditRecord; readonly error: unknown };

/** Inserts a batch; when the database refuses it, record by record. Answers the refused ones, or that the database is away. */
async function insertAll(door: DatabaseDoor, batch: readonly AuditRecord[]): Promise<readonly Refused[] | 'away'> {
  const attempt = await door.insert(batch);
  if (attempt.kind === 'written') return [];
  if (attempt.kind === 'away') return 'away';
  const refused: Refused[] = [];
  for (const record of batch) {
    const single = await door.insert([record]);
    if (single.kind === 'away') return 'away';
    if (single.kind === 'refused') refused.push({ record, error: single.error });
  }
  return refused;
}
