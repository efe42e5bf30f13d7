import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { link, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { pipeline as piped } from 'node:stream/promises';
import { createGunzip, createGzip, type Gzip } from 'node:zlib';
import { z } from 'zod';

/**
 * A backup is one gzipped text file: a first line that says what it is; a section for each table (a line that names it and its columns,
 * its rows as PostgreSQL's COPY writes them, one a line, and `\.`) and one for the jobs; a line that counts the rows; and the SHA-256 of
 * all lines before. Any part that is missing or changed shows before a store is touched.
 */
const headSchema = z.object({
  format: z.literal('gapwatch-backup'),
  version: z.literal(1),
  at: z.iso.datetime(),
  migrations: z.array(z.string()),
});
export type BackupHead = z.infer<typeof headSchema>;

const sectionSchema = z.object({ table: z.string(), columns: z.array(z.string()) });
/** A table by its name in the schema `gapwatch`, or `jobs` with no columns. */
export type Section = z.infer<typeof sectionSchema>;

const countsSchema = z.object({ rows: z.record(z.string(), z.number().int().nonnegative()) });
export type RowCounts = Readonly<Record<string, number>>;

/** A backup can't be made or used; the message says why. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}

const END = '\\.';
const NEWLINE = 0x0a;

/** Takes sections one after the other. */
export type BackupWriter = {
  /** Writes a section; its rows come as bytes that end with a line break. Returns how many rows there were. */
  readonly section: (section: Section, rows: AsyncIterable<Uint8Array>) => Promise<number>;
};

/**
 * Writes a new backup, readable by its owner alone. It has its name only when it is whole and on the disk: until then it ends in
 * `.part`. Returns how many rows each section holds. Throws a BackupError when the file is there already.
 */
export async function writeBackup(
  file: string,
  head: Omit<BackupHead, 'format' | 'version'>,
  work: (writer: BackupWriter) => Promise<void>,
) {
  if (existsSync(file)) throw new BackupError(`${file} is there already. A backup never takes the place of another file.`);
  const part = `${file}.${process.pid}.part`;
  const gzip = createGzip();
  const written = piped(gzip, createWriteStream(part, { flags: 'wx', mode: 0o600, flush: true }));
  // Whoever writes hears of a full disk through the stream that then refuses; it must not also end the process.
  written.catch(() => undefined);
  try {
    const put = (bytes: Uint8Array) => give(gzip, written, bytes);
    const counts = await fill(put, { format: 'gapwatch-backup', version: 1, ...head }, work);
    gzip.end();
    await written;
    // A link, unlike a renaming, never takes the place of another file.
    await link(part, file);
    return counts;
  } catch (error) {
    gzip.destroy();
    throw error;
  } finally {
    await rm(part, { force: true });
  }
}

type Put = (bytes: Uint8Array) => Promise<void>;

async function fill(give: Put, head: BackupHead, work: (writer: BackupWriter) => Promise<void>): Promise<RowCounts> {
  const hash = createHash('sha256');
  const counts: Record<string, number> = {};
  const put = async (bytes: Uint8Array) => {
    hash.update(bytes);
    await give(bytes);
  };
  const line = (text: string) => put(Buffer.from(`${text}\n`));
  await line(JSON.stringify(head));
  await work({
    section: async (section, rows) => {
      let count = 0;
      await line(JSON.stringify(section));
      for await (const bytes of rows) {
        for (const byte of bytes) if (byte === NEWLINE) count += 1;
        await put(bytes);
      }
      await line(END);
      counts[section.table] = count;
      return count;
    },
  });
  await line(JSON.stringify({ rows: counts }));
  await give(Buffer.from(`${hash.digest('hex')}\n`));
  return counts;
}

/** Waits while the disk is slow, and throws when it refuses: then nothing drains any more. */
async function give(gzip: Gzip, written: Promise<void>, bytes: Uint8Array): Promise<void> {
  if (!gzip.write(bytes)) await Promise.race([once(gzip, 'drain'), written]);
}

/** Reads a backup to its end and checks that it is whole. Returns what it holds. Throws a BackupError when it is not. */
export async function checkBackup(file: string): Promise<{ readonly head: BackupHead; readonly rows: RowCounts }> {
  const hash = createHash('sha256');
  let first: Buffer | null = null;
  let before: Buffer | null = null;
  let last: Buffer | null = null;
  for await (const line of linesOf(file)) {
    if (last !== null) add(hash, last);
    before = last;
    last = line;
    first ??= line;
  }
  const head = parse(headSchema, first);
  if (head === null) throw new BackupError(`${file} is no backup of Gapwatch, or one of another format.`);
  const counts = parse(countsSchema, before);
  if (counts === null || String(last) !== hash.digest('hex')) {
    throw new BackupError(`${file} is damaged or was cut off: its SHA-256 is not the one at its end.`);
  }
  return { head, rows: counts.rows };
}

function add(hash: Hash, line: Uint8Array): void {
  hash.update(line);
  hash.update('\n');
}

/** The sections of a backup that was checked, in order; the rows of each must be read before the next. */
export async function* sectionsOf(file: string): AsyncGenerator<{ readonly section: Section; readonly rows: AsyncIterable<Buffer> }> {
  const lines = linesOf(file);
  await lines.next();
  for (let { value } = await lines.next(); value; { value } = await lines.next()) {
    const section = parse(sectionSchema, value);
    if (section === null) return;
    yield { section, rows: rowsOf(lines) };
  }
}

async function* rowsOf(lines: AsyncGenerator<Buffer, void>): AsyncGenerator<Buffer> {
  for (let { value } = await lines.next(); value; { value } = await lines.next()) {
    if (value.toString() === END) return;
    yield value;
  }
}

/** Split by the byte alone: PostgreSQL escapes line breaks in values, and leaves every other separator as it is. */
async function* linesOf(file: string): AsyncGenerator<Buffer, void> {
  const unzipped = pipeline(createReadStream(file), createGunzip(), () => undefined);
  const pending: Buffer[] = [];
  try {
    for await (const chunk of unzipped) {
      const bytes = Buffer.from(chunk);
      let start = 0;
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
        yield Buffer.concat([...pending.splice(0), bytes.subarray(start, end)]);
        start = end + 1;
      }
      if (start < bytes.length) pending.push(bytes.subarray(start));
    }
  } catch (cause) {
    throw new BackupError(`${file} can't be read as a backup: ${cause instanceof Error ? cause.message : 'no reason given'}.`, { cause });
  }
}

function parse<Shape>(shape: z.ZodType<Shape>, line: Buffer | null): Shape | null {
  try {
    return shape.parse(JSON.parse(line?.toString() ?? ''));
  } catch {
    return null;
  }
}
