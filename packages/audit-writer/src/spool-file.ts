import { createReadStream } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A file of the spool. Its number is its place in the order; `records` and `bytes` grow as lines are appended. */
export type SpoolFile = { readonly path: string; readonly number: number; records: number; bytes: number };

/** A file that is being appended to. */
export type OpenSpoolFile = { readonly file: SpoolFile; readonly handle: FileHandle };

/** Returns a new, empty file whose name survives a crash. Throws when a file of this number exists. */
export async function createSpoolFile(folder: string, number: number): Promise<OpenSpoolFile> {
  const path = join(folder, `${String(number).padStart(10, '0')}.ndjson`);
  const handle = await open(path, 'ax', 0o600);
  await flushFolder(folder);
  return { file: { path, number, records: 0, bytes: 0 }, handle };
}

/** Returns the files of an earlier process, oldest first, with how many lines each has. */
export async function findSpoolFiles(folder: string): Promise<SpoolFile[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{10}\.ndjson$/.test(name)).sort();
  const files: SpoolFile[] = [];
  for (const name of names) {
    const path = join(folder, name);
    files.push({ path, number: Number.parseInt(name, 10), records: await countLines(path), bytes: (await stat(path)).size });
  }
  return files;
}

async function countLines(path: string): Promise<number> {
  let count = 0;
  for await (const line of createInterface({ input: createReadStream(path) })) if (line !== '') count += 1;
  return count;
}

/** A new file's name is only safe once its folder is flushed too. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
