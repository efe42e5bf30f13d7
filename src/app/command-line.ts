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

/** Works with the store that the bot uses; an embedded one is stopped again only if it was this command that started it. */
export async function withStore<Result>(work: (database: Database) => Promise<Result>): Promise<Result> {
  // Only the store's settings: an auditor who verifies has no Slack token.
  const { DATABASE_URL, GAPWATCH_DATA_DIR } = process.env;
  const server = DATABASE_URL ? null : await startEmbedded(GAPWATCH_DATA_DIR || './data');
  const database = openDatabase(DATABASE_URL ?? (await server?.database('gapwatch')) ?? '', () => undefined);
  try {
    await migrate(database);
    return await work(database);
  } finally {
    await database.close();
    await (server?.isAdopted ? server.leave() : server?.stop());
  }
}

/** A line for the person at the terminal. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
