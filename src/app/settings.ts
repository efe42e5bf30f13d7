import type { z } from 'zod';
import type { SettingRow } from './settings/row.ts';
import { botSchema, defaultOf, SETTINGS, storeSchema, textsSchema, watchSchema } from './settings/table.ts';

/** The environment can't be used; the message names every wrong setting, what was expected and where it comes from. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** Secrets and addresses, parsed and frozen. */
export type Settings = Readonly<z.infer<typeof botSchema>>;

/** The settings of the watch by itself: those of the bot's services may be absent. */
export type WatchSettings = Readonly<z.infer<typeof watchSchema>>;

/** Where the store is. */
export type StoreSettings = Readonly<z.infer<typeof storeSchema>>;

/** Where policy and templates lie. */
export type TextSettings = Readonly<z.infer<typeof textsSchema>>;

/**
 * Reads the settings from the environment; an empty value counts as absent. Throws one {@link SettingsError} that names every
 * wrong setting. A value is never printed: it may be a secret.
 */
export function readSettings(environment: Environment): Settings {
  const { SLACK_APP_TOKEN: appToken, SLACK_SIGNING_SECRET: signingSecret } = presentIn(environment);
  return read(botSchema, environment, appToken === undefined && signingSecret === undefined ? ['SLACK_SIGNING_SECRET'] : []);
}

/** Reads the settings that the watch needs by itself. Throws a {@link SettingsError} like {@link readSettings}. */
export function readWatchSettings(environment: Environment): WatchSettings {
  return read(watchSchema, environment);
}

/** Reads where the store is and nothing else: an auditor who verifies has no Slack token. Throws like {@link readSettings}. */
export function readStoreSettings(environment: Environment): StoreSettings {
  return read(storeSchema, environment);
}

/** Reads where policy and templates lie. Throws like {@link readSettings}. */
export function readTextSettings(environment: Environment): TextSettings {
  return read(textsSchema, environment);
}

type Environment = Readonly<Record<string, string | undefined>>;

function read<Schema extends z.ZodObject>(
  schema: Schema,
  environment: Environment,
  missing: readonly string[] = [],
): Readonly<z.output<Schema>> {
  const present = presentIn(environment);
  const parsed = schema.safeParse(present);
  // Only an issue of our own says more than that the value is malformed; the library's may quote it.
  const issues =
    parsed.error?.issues.map(
      (issue) => [String(issue.path[0]), issue.code === 'custom' && issue.params?.isMistake ? issue.message : null] as const,
    ) ?? [];
  const wrong = new Map([...issues, ...missing.map((name) => [name, null] as const)]);
  if (!parsed.success || wrong.size > 0) throw new SettingsError(explain(wrong, present));
  return Object.freeze(parsed.data);
}

function presentIn(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ''));
}

function explain(wrong: ReadonlyMap<string, string | null>, present: Environment): string {
  const lines = Object.entries(SETTINGS)
    .filter(([name]) => wrong.has(name))
    .map(([name, row]) => {
      const mistake = wrong.get(name);
      const what = present[name] === undefined ? 'is missing' : `is malformed${mistake ? ` (${mistake})` : ''}`;
      return `  ${name} ${what}: ${help(row)}`;
    });
  const count = lines.length === 1 ? 'One setting is' : `${lines.length} settings are`;
  return `${count} wrong (environment or .env; .env.example lists them all):\n${lines.join('\n')}`;
}

function help(row: SettingRow): string {
  const standard = defaultOf(row);
  const otherwise = standard === null ? row.absent && `; absent, ${row.absent}` : `; ${standard} unless set`;
  return `expected ${row.expected}. From: ${row.from}${otherwise ?? ''}.`;
}
