import { createReadStream } from 'node:fs';
import { appendFile, type FileHandle, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { lockFolder } from './lock.ts';
import { type AuditRecord, recordOf } from './record.ts';
import { openTurns } from './turns.ts';

/** Records on the local disk, in the order in which they came. */
export type Spool = {
  /** Keeps the lines, flushed to the disk, before it answers. Throws when the disk or the limit does not take them. */
  readonly append: (lines: readonly string[]) => Promise<void>;
  /** The oldest records, at most one file of them; null when there is none. Until they are forgotten it answers the same ones. */
  readonly oldest: () => Promise<Chunk | null>;
  /** How many records wait, those among them that are being kept right now. */
  readonly count: () => number;
  readonly bytes: () => number;
  /** Keeps a record aside that the database refuses, or a line that can't be read. */
  readonly setAside: (name: 'refused' | 'damaged', line: string) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Some of the oldest records, and the lines among them that can't be read. */
export type Chunk = { readonly records: readonly AuditRecord[]; readonly damaged: readonly string[]; readonly forget: () => Promise<void> };

const FILE_BYTES = 1024 * 1024;

type File = { readonly path: string; records: number; bytes: number };

/**
 * Opens the spool in a folder of its own: files of lines, only ever appended to, each removed when all of its records are in the database. What an
 * earlier process has left is found and comes first. At most `maximumBytes` on disk, one file in memory.
 */
export async function openSpool(folder: string, maximumBytes: number): Promise<Spool> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const unlock = await lockFolder(folder);
  const files = await filesIn(folder);
  let next = files.length === 0 ? 1 : numberOf(files.at(-1)?.path ?? '') + 1;
  let current: { readonly file: File; readonly handle: FileHandle } | null = null;
  let coming = 0;
  const inTurn = openTurns();
  const bytes = () => files.reduce((sum, file) => sum + file.bytes, 0);
  const rotate = async () => {
    const closing = current;
    current = null;
    await closing?.handle.close();
  };
  const begin = async () => {
    const file: File = { path: join(folder, `${String(next).padStart(10, '0')}.ndjson`), records: 0, bytes: 0 };
    next += 1;
    const handle = await open(file.path, 'ax', 0o600);
    await flushFolder(folder);
    files.push(file);
    return { file, handle };
  };
  const append = async (lines: readonly string[]) => {
    const text = Buffer.from(lines.join(''));
    if (bytes() + text.length > maximumBytes) throw new Error(`the spool has reached its limit of ${maximumBytes} bytes`);
    current ??= await begin();
    const { file, handle } = current;
    try {
      await handle.appendFile(text);
      await handle.datasync();
    } catch (error) {
      // Half a line may stand there now: nothing may follow it in this file.
      await handle.truncate(file.bytes).catch(() => undefined);
      await rotate();
      throw error;
    }
    file.records += lines.length;
    file.bytes += text.length;
    if (file.bytes >= FILE_BYTES) await rotate();
  };
  const oldest = async (): Promise<Chunk | null> => {
    const [file] = files;
    if (!file) return null;
    if (current?.file === file) await rotate();
    const { records, bad } = read(await readFile(file.path, 'utf8'));
    const forget = async () => {
      await rm(file.path, { force: true });
      files.splice(files.indexOf(file), 1);
    };
    return { records, damaged: bad, forget };
  };
  return {
    append: async (lines) => {
      coming += lines.length;
      try {
        await inTurn(() => append(lines));
      } finally {
        coming -= lines.length;
      }
    },
    oldest: () => inTurn(oldest),
    count: () => coming + files.reduce((sum, file) => sum + file.records, 0),
    bytes,
    setAside: (name, line) => inTurn(() => appendFile(join(folder, `${name}.ndjson`), line, { mode: 0o600, flush: true })),
    close: async () => {
      await inTurn(rotate);
      await unlock();
    },
  };
}

function read(text: string): { readonly records: readonly AuditRecord[]; readonly bad: readonly string[] } {
  const records: AuditRecord[] = [];
  const bad: string[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const record = recordOf(line);
    if (record) records.push(record);
    else bad.push(line);
  }
  return { records, bad };
}

/** The files of an earlier process, oldest first, with how many lines each has. */
async function filesIn(folder: string): Promise<File[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{10}\.ndjson$/.test(name)).sort();
  const files: File[] = [];
  for (const name of names) {
    const path = join(folder, name);
    files.push({ path, records: await countLines(path), bytes: (await stat(path)).size });
  }
  return files;
}

async function countLines(path: string): Promise<number> {
  let count = 0;
  for await (const line of createInterface({ input: createReadStream(path) })) if (line !== '') count += 1;
  return count;
}

function numberOf(path: string): number {
  return Number(/(\d{10})\.ndjson$/.exec(path)?.[1] ?? 0);
}

/** A new file's name is only safe when its folder is flushed too. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
