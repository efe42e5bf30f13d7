import { mkdir, readFile, rm } from 'node:fs/promises';
import { AuditSpoolFull } from './errors.ts';
import { lockFolder } from './folder-lock.ts';
import { type AuditRecord, parseLines } from './record.ts';
import { openSerialQueue } from './serial-queue.ts';
import { createSpoolFile, findSpoolFiles, type OpenSpoolFile, type SpoolFile } from './spool-file.ts';

/** Records on the local disk, in the order in which they came. */
export type Spool = {
  /** Returns once the lines are flushed to the disk. Throws when the disk or the limit does not take them. */
  readonly append: (lines: readonly string[]) => Promise<void>;
  /** Returns the oldest records, at most one file of them; null when there is none. Returns the same ones until they are removed. */
  readonly oldest: () => Promise<Chunk | null>;
  /** How many records wait, including those that are being appended right now. */
  readonly count: () => number;
  readonly bytes: () => number;
  readonly close: () => Promise<void>;
};

/** Some of the oldest records, and the lines among them that can't be read. */
export type Chunk = {
  readonly records: readonly AuditRecord[];
  readonly damaged: readonly string[];
  readonly remove: () => Promise<void>;
};

/** The files on disk, oldest first, and the one that is being appended to. */
type State = {
  readonly folder: string;
  readonly maximumBytes: number;
  readonly files: SpoolFile[];
  nextNumber: number;
  current: OpenSpoolFile | null;
};

const FILE_BYTES = 1024 * 1024;

/**
 * Opens the spool in a folder of its own: files of lines, only ever appended to, each removed when all of its records are in the database. What an
 * earlier process has left is found and comes first. At most `maximumBytes` on disk, one file in memory. Throws {@link AuditSpoolInUse} when another
 * writer uses the folder.
 */
export async function openSpool(folder: string, maximumBytes: number): Promise<Spool> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const unlock = await lockFolder(folder);
  const files = await findSpoolFiles(folder);
  const state: State = { folder, maximumBytes, files, nextNumber: (files.at(-1)?.number ?? 0) + 1, current: null };
  const inOrder = openSerialQueue();
  let appending = 0;
  return {
    append: async (lines) => {
      appending += lines.length;
      await inOrder(() => append(state, lines)).finally(() => {
        appending -= lines.length;
      });
    },
    oldest: () => inOrder(() => oldest(state)),
    count: () => appending + files.reduce((sum, { records }) => sum + records, 0),
    bytes: () => bytes(state),
    close: async () => {
      await inOrder(() => closeCurrent(state));
      await unlock();
    },
  };
}

async function append(state: State, lines: readonly string[]): Promise<void> {
  const text = Buffer.from(lines.join(''));
  if (bytes(state) + text.length > state.maximumBytes) {
    throw new AuditSpoolFull(`the spool has reached its limit of ${state.maximumBytes} bytes`);
  }
  state.current ??= await startFile(state);
  const { file, handle } = state.current;
  try {
    await handle.appendFile(text);
    await handle.datasync();
  } catch (error) {
    // Half a line may be there now: nothing may follow it in this file.
    await handle.truncate(file.bytes).catch(() => undefined);
    await closeCurrent(state);
    throw error;
  }
  file.records += lines.length;
  file.bytes += text.length;
  if (file.bytes >= FILE_BYTES) await closeCurrent(state);
}

async function oldest(state: State): Promise<Chunk | null> {
  const [file] = state.files;
  if (!file) return null;
  if (state.current?.file === file) await closeCurrent(state);
  const remove = async () => {
    await rm(file.path, { force: true });
    state.files.splice(state.files.indexOf(file), 1);
  };
  return { ...parseLines(await readFile(file.path, 'utf8')), remove };
}

async function startFile(state: State): Promise<OpenSpoolFile> {
  const number = state.nextNumber;
  state.nextNumber += 1;
  const started = await createSpoolFile(state.folder, number);
  state.files.push(started.file);
  return started;
}

async function closeCurrent(state: State): Promise<void> {
  const closing = state.current;
  state.current = null;
  await closing?.handle.close();
}

function bytes({ files }: State): number {
  return files.reduce((sum, file) => sum + file.bytes, 0);
}
