import { backUp, type Progress } from '#store/backup.ts';
import { BackupError } from '#store/backup-file.ts';
import { openDatabase } from '#store/database.ts';
import { migrate } from '#store/migrate.ts';
import { restore } from '#store/restore.ts';
import { say, withStoreAddress } from './command-line.ts';
import { verifyStore } from './evidence/verify.ts';
import { readStoreSettings } from './settings.ts';

/** `backup <file>`: everything in the store into one new file. Returns the exit code. */
export async function backupCommand(file: string | undefined): Promise<number> {
  if (file === undefined) {
    say('Into which file? For example: npm run gapwatch -- backup gapwatch.backup');
    return 2;
  }
  return inWords(async () => {
    const rows = await withStoreAddress(readStoreSettings(process.env), (url) => backUp(url, file, new Date(), tell));
    say(`${file} holds ${total(rows)} rows. It can be read by you alone: keep it so, it holds the key of the links that Gapwatch sends.`);
    return 0;
  });
}

/** `restore <file>`: a backup into an empty store, and everything in it judged. Returns the exit code. */
export async function restoreCommand(file: string | undefined): Promise<number> {
  if (file === undefined) {
    say('From which file? For example: npm run gapwatch -- restore gapwatch.backup');
    return 2;
  }
  return inWords(() =>
    withStoreAddress(readStoreSettings(process.env), async (url) => {
      const rows = await restore(url, file, new Date(), tell);
      say(`${total(rows)} rows are restored. Now they are judged:`);
      const database = openDatabase(url, () => undefined);
      try {
        await migrate(database);
        const { lines, exitCode } = await verifyStore(database, { trusted: null, statement: null });
        for (const line of lines) say(line);
        return exitCode;
      } finally {
        await database.close();
      }
    }),
  );
}

const tell: Progress = (table, rows) => say(`${table.padEnd(16)} ${rows}`);

function total(rows: Readonly<Record<string, number>>): number {
  return Object.values(rows).reduce((sum, count) => sum + count, 0);
}

async function inWords(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    const why = reasonOf(error);
    if (why === null) throw error;
    say(why);
    return 1;
  }
}

function reasonOf(error: unknown): string | null {
  if (error instanceof BackupError) return error.message;
  if (!(error instanceof Error) || !('code' in error)) return null;
  switch (error.code) {
    case 'ENOENT':
    case 'EACCES':
    case 'ENOSPC':
      return `The file can't be used: ${error.message}`;
    case '3F000':
    case '42P01':
      return 'There is nothing to back up: Gapwatch has not started on this store yet.';
    default:
      return null;
  }
}
