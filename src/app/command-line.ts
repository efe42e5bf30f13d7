import { driverUrl } from '#services/database/address.ts';
import { type Database, openDatabase } from '#store/database.ts';
import { startEmbedded } from '#store/embedded.ts';
import { migrate } from '#store/migrate.ts';
import { loadPolicy } from './policy-file.ts';
import type { StoreSettings, TextSettings } from './settings.ts';
import { loadTemplates } from './templates.ts';

/** The policy and the templates, as the settings name them. */
export async function loadTexts({ RUNBOOK_FILE, TEMPLATES_DIR }: TextSettings) {
  const policy = await loadPolicy(RUNBOOK_FILE);
  return { policy, templates: await loadTemplates(TEMPLATES_DIR, policy) };
}

/** Works with the store that the bot uses, brought up to date. */
export function withStore<Result>(settings: StoreSettings, work: (database: Database) => Promise<Result>): Promise<Result> {
  return withStoreAddress(settings, async (url) => {
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
export async function withStoreAddress<Result>(
  { DATABASE_URL, GAPWATCH_DATA_DIR }: StoreSettings,
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  if (DATABASE_URL !== undefined) return work(driverUrl(DATABASE_URL));
  const server = await startEmbedded(GAPWATCH_DATA_DIR);
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
