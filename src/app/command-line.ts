import { readFile } from 'node:fs/promises';
import { type Database, openDatabase } from '#store/database.ts';
import { startEmbedded } from '#store/embedded.ts';
import { migrate } from '#store/migrate.ts';
import { readPolicy } from './policy-file.ts';
import type { Settings } from './settings.ts';
import { loadTemplates } from './templates.ts';

/** The policy and the templates, as the settings name them. */
export async function loadTexts(settings: Pick<Settings, 'RUNBOOK_FILE' | 'TEMPLATES_DIR'>) {
  const policy = readPolicy(await readFile(settings.RUNBOOK_FILE, 'utf8'), settings.RUNBOOK_FILE);
  return { policy, templates: await loadTemplates(settings.TEMPLATES_DIR, policy) };
}

/** Works with the store that the bot uses, brought up to date. */
export function withStore<Result>(work: (database: Database) => Promise<Result>): Promise<Result> {
  return withStoreAddress(async (url) => {
    const database = openDatabase(url, () => undefined);
    try {
      await migrate(database);
      return await work(database);
    } finally {
      await database.close();
    }
  });
}

/** Works with the address of the bot's store, as it stands; an embedded one is stopped again only if it was this command that started it. */
export async function withStoreAddress<Result>(work: (url: string) => Promise<Result>): Promise<Result> {
  // Only the store's settings: an auditor who verifies has no Slack token.
  const { DATABASE_URL, GAPWATCH_DATA_DIR } = process.env;
  if (DATABASE_URL) return work(DATABASE_URL);
  const server = await startEmbedded(GAPWATCH_DATA_DIR || './data');
  try {
    return await work(await server.database('gapwatch'));
  } finally {
    await (server.isAdopted ? server.leave() : server.stop());
  }
}

/** A line for the person at the terminal. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
