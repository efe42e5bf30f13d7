import { randomUUID } from 'node:crypto';
import type { ObjectStorage } from './object-storage.ts';
import { parseLines } from './record.ts';
import type { Chunk } from './spool.ts';

/** Records in object storage: one object for each batch, named so that they are listed in the order in which they came. */
export type ObjectStorageSpool = {
  /** Counts what is there. Throws when the storage does not answer; what is there is found later then, with the oldest. */
  readonly discover: () => Promise<void>;
  readonly append: (lines: readonly string[], now: Date) => Promise<void>;
  readonly oldest: () => Promise<Chunk | null>;
  /** How many records wait there, as far as this process knows. */
  readonly count: () => number;
};

/** The batches this process knows of, by key; one that is still being put is not stored yet. */
type Batches = Map<string, { readonly count: number; readonly isStored: boolean }>;

const TIMEOUT_MILLISECONDS = 10_000;

/** Returns the spool; `discover` finds what other processes have left. */
export function openObjectStorageSpool(storage: ObjectStorage): ObjectStorageSpool {
  const batches: Batches = new Map();
  let sequence = 0;
  return {
    discover: async () => {
      await list(storage, batches);
    },
    append: (lines, now) => {
      sequence += 1;
      return put(storage, batches, `${now.toISOString()}-${String(sequence).padStart(6, '0')}-${randomUUID()}.ndjson`, lines);
    },
    oldest: () => oldest(storage, batches),
    count: () => [...batches.values()].reduce((sum, { count }) => sum + count, 0),
  };
}

async function list(storage: ObjectStorage, batches: Batches): Promise<readonly string[]> {
  const keys = await withTimeout(storage.list());
  for (const key of keys) if (!batches.has(key)) batches.set(key, { count: 1, isStored: true });
  return keys;
}

async function put(storage: ObjectStorage, batches: Batches, key: string, lines: readonly string[]): Promise<void> {
  // Counted before it is stored: whatever comes meanwhile must not overtake it.
  batches.set(key, { count: lines.length, isStored: false });
  try {
    await withTimeout(storage.put(key, lines.join('')));
    batches.set(key, { count: lines.length, isStored: true });
  } catch (error) {
    batches.delete(key);
    throw error;
  }
}

async function oldest(storage: ObjectStorage, batches: Batches): Promise<Chunk | null> {
  const keys = await list(storage, batches);
  dropRemoved(batches, keys);
  const [key] = keys;
  if (key === undefined) return null;
  const remove = async () => {
    await withTimeout(storage.remove(key));
    batches.delete(key);
  };
  return { ...parseLines(await withTimeout(storage.get(key))), remove };
}

/** A batch that was stored and is no longer listed has been replayed by another process. */
function dropRemoved(batches: Batches, keys: readonly string[]): void {
  for (const [key, { isStored }] of batches) if (isStored && !keys.includes(key)) batches.delete(key);
}

async function withTimeout<Result>(work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const error = new ObjectStorageTimeout(`object storage did not answer within ${TIMEOUT_MILLISECONDS} ms`);
    timer = setTimeout(() => reject(error), TIMEOUT_MILLISECONDS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

class ObjectStorageTimeout extends Error {
  override readonly name = 'ObjectStorageTimeout';
}
