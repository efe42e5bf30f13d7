import { z } from 'zod';
import { MAIL, SLACK_AND_PAGERDUTY } from './notifications.ts';
import { EVIDENCE_AND_FILES, LISTENING_AND_STORE } from './process.ts';
import type { SettingRow } from './row.ts';
import { APPLICATION, ARCHIVE, SERVICES } from './sources.ts';

/** Every setting that Gapwatch reads, a row each: the schemas, the error texts, `.env.example` and `docs/settings.md` follow from it. */
export const SETTINGS = {
  ...LISTENING_AND_STORE,
  ...SLACK_AND_PAGERDUTY,
  ...APPLICATION,
  ...SERVICES,
  ...ARCHIVE,
  ...MAIL,
  ...EVIDENCE_AND_FILES,
} as const satisfies Table;

type Table = Readonly<Record<string, SettingRow>>;

/** What the bot needs. */
export const botSchema = z.object(shapeOf(SETTINGS));

/** What the watch needs by itself: what only the bot needs may be absent. */
export const watchSchema = z.object(watchShapeOf(SETTINGS));

/** What an auditor needs who verifies or reads a record: the store alone, without Slack or PagerDuty. */
export const storeSchema = botSchema.pick({ DATABASE_URL: true, GAPWATCH_DATA_DIR: true });

/** Where policy and templates lie. */
export const textsSchema = botSchema.pick({ RUNBOOK_FILE: true, TEMPLATES_DIR: true });

/** Returns a setting's default as one writes it; null when it has none. */
export function defaultOf({ schema }: SettingRow): string | null {
  const { success, data } = schema.safeParse(undefined);
  return success && data !== undefined ? String(data) : null;
}

type Shape<Rows extends Table> = { readonly [Name in keyof Rows]: Rows[Name]['schema'] };

/** TypeScript keeps no key's own type through Object.entries; the overload says what the one line below it does. */
function shapeOf<Rows extends Table>(rows: Rows): Shape<Rows>;
function shapeOf(rows: Table): Readonly<Record<string, z.ZodType>> {
  return Object.fromEntries(Object.entries(rows).map(([name, { schema }]) => [name, schema]));
}

type WatchShape<Rows extends Table> = {
  readonly [Name in keyof Rows]: Rows[Name] extends { readonly neededBy: 'the bot' }
    ? z.ZodOptional<Rows[Name]['schema']>
    : Rows[Name]['schema'];
};

function watchShapeOf<Rows extends Table>(rows: Rows): WatchShape<Rows>;
function watchShapeOf(rows: Table): Readonly<Record<string, z.ZodType>> {
  return Object.fromEntries(
    Object.entries(rows).map(([name, { schema, neededBy }]) => [name, neededBy === 'the bot' ? schema.optional() : schema]),
  );
}
