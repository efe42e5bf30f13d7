import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WriteCounts } from './figures.ts';
import type { ResolvedOptions } from './options.ts';
import type { PreparedRecord } from './record.ts';
import { openSerialQueue } from './serial-queue.ts';

/** Keeps what can't go into the database in files of its own, for people to look at. */
export type SetAside = {
  /** Keeps a record that the database refuses in `refused.ndjson`. */
  readonly refused: (refused: PreparedRecord, error: unknown) => Promise<void>;
  /** Keeps lines of a spool that can't be read in `damaged.ndjson`. */
  readonly damaged: (lines: readonly string[]) => Promise<void>;
};

type Parts = Pick<ResolvedOptions, 'folder' | 'onEvent'> & { readonly counts: WriteCounts };

/** Returns the files in this folder; each line is flushed to the disk before the call returns. */
export function openSetAside({ folder, onEvent, counts }: Parts): SetAside {
  const inOrder = openSerialQueue();
  const append = (name: string, text: string) => inOrder(() => appendFile(join(folder, name), text, { mode: 0o600, flush: true }));
  return {
    refused: async ({ record, line }, error) => {
      counts.refused += 1;
      await append('refused.ndjson', line);
      onEvent({ kind: 'refused', id: record.id, error });
    },
    damaged: async (lines) => {
      if (lines.length === 0) return;
      await append('damaged.ndjson', lines.map((line) => `${line}\n`).join(''));
      onEvent({ kind: 'damaged', lines: lines.length });
    },
  };
}
