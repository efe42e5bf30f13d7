import { randomUUID } from 'node:crypto';
import type { ObjectStore } from './object-store.ts';
import { recordOf } from './record.ts';
import type { Chunk } from './spool.ts';

/** Records in an object store: one object for each batch, named so that they are listed in the order in which they came. */
export type FarSpool = {
  /** Counts what is there. Throws when the store does not answer; it is found later then, with the oldest. */
  readonly discover: () => Promise<void>;
  readonly append: (lines: readonly string[], now: Date) => Promise<void>;
  readonly oldest: () => Promise<Chunk | null>;
  /** How many records wait there, as far as this process knows. */
  readonly count: () => number;
};

const TIMEOUT_MILLISECONDS = 10_000;

/** Opens it; `discover` finds what other processes have left. */
export function openFarSpool(store: ObjectStore): FarSpool {
  const waiting = new Map<string, { readonly count: number; readonly isThere: boolean }>();
  /** What was there and is listed no more has been brought in by somebody else. */
  const forgetGone = (keys: readonly string[]) => {
    for (const [key, { isThere }] of waiting) if (isThere && !keys.includes(key)) waiting.delete(key);
  };
  const list = async () => {
    const keys = await inTime(store.list());
    for (const key of keys) if (!waiting.has(key)) waiting.set(key, { count: 1, isThere: true });
    return keys;
  };
  let sequence = 0;
  return {
    discover: async () => {
      await list();
    },
    append: async (lines, now) => {
      sequence += 1;
      const key = `${now.toISOString()}-${String(sequence).padStart(6, '0')}-${randomUUID()}.ndjson`;
      // Counted before it is there: whatever comes meanwhile must not overtake it.
      waiting.set(key, { count: lines.length, isThere: false });
      try {
        await inTime(store.put(key, lines.join('')));
        waiting.set(key, { count: lines.length, isThere: true });
      } catch (error) {
        waiting.delete(key);
        throw error;
      }
    },
    oldest: async () => {
      const keys = await list();
      forgetGone(keys);
      const [key] = keys;
      if (key === undefined) return null;
      const lines = (await inTime(store.get(key))).split('\n').filter((line) => line !== '');
      const read = lines.map((line) => ({ line, record: recordOf(line) }));
      const forget = async () => {
        await inTime(store.remove(key));
        waiting.delete(key);
      };
      return {
        records: read.flatMap(({ record }) => (record ? [record] : [])),
        damaged: read.flatMap(({ line, record }) => (record ? [] : [line])),
        forget,
      };
    },
    count: () => [...waiting.values()].reduce((sum, { count }) => sum + count, 0),
  };
}

async function inTime<Answer>(work: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`the object store did not answer within ${TIMEOUT_MILLISECONDS} ms`)), TIMEOUT_MILLISECONDS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
