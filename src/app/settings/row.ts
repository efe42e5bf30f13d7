import { z } from 'zod';
import { areMailboxes, parseMailboxes } from '#domain/base/mailbox.ts';
import { parseDatabaseUrl } from '#services/database/address.ts';

/** A setting: how its text is read, and what people are told about it. */
export type SettingRow = {
  readonly group: Group;
  /** Reads the environment's text; its default or its being optional stands in it. */
  readonly schema: z.ZodType;
  /** Who can't start without it. A row without it has a default, or is optional. */
  readonly neededBy?: 'the bot' | 'the bot and the watch';
  readonly expected: string;
  readonly from: string;
  /** What happens when an optional one is absent. */
  readonly absent?: string;
  readonly example?: string;
  /** Whether whoever knows the value could do harm with it. */
  readonly isSecret?: true;
};

/** The groups, in the order in which people meet them; each with where to read on. */
export const GROUPS = {
  'Where it listens': "It takes PagerDuty's webhooks and, without an app token, Slack's requests.",
  'Its own store': 'A PostgreSQL server of yours, or the embedded one (docs/operating.md).',
  Slack: 'docs/slack.md: the app, its scopes and its tokens.',
  PagerDuty: 'docs/pagerduty.md: webhooks in, acknowledgement and notes out. docs/watch.md: alerts of its own.',
  'The monitored database': 'docs/database-roles.sql: a role that can only read the audit table.',
  'The application': "What its checks ask besides the table (docs/sources.md): health, a test user's session.",
  Sentry: 'For `/audit errors` (docs/sources.md).',
  GitHub: 'For `/audit deploys` and `/remedy hotfix` (docs/sources.md).',
  DigitalOcean: 'For `/audit deploys`, `logs`, `storage`, `reconstruct`, and for remedies (docs/sources.md).',
  'Archive of old records': 'For `/remedy archive` (docs/remedies.md).',
  Mail: 'Notices and escalations. A server on another machine must offer TLS: smtp:// uses STARTTLS, smtps:// TLS from the start.',
  'Evidence and safety': 'docs/operating.md, docs/security.md.',
  'Files and log': 'What it reads and writes besides the store.',
} as const satisfies Readonly<Record<string, string>>;

export type Group = keyof typeof GROUPS;

/** A database's address as people have it; a mistake in it is an issue of its own that says what to write. */
export const databaseUrl = z.string().superRefine((text, context) => {
  const address = parseDatabaseUrl(text);
  if ('mistake' in address) context.addIssue({ code: 'custom', message: address.mistake, params: { isMistake: true } });
});
export const httpUrl = z.url({ protocol: /^https?$/ });
/** One address, with or without a name before it; the name is dropped. */
export const email = z
  .string()
  .transform((text) => (areMailboxes(text, 1) ? (parseMailboxes(text)[0]?.address ?? text) : text.trim()))
  .pipe(z.email());
/** One address, whose name before it is kept. */
export const mailbox = z
  .string()
  .trim()
  .refine((text) => areMailboxes(text, 1), { error: 'it is no address', params: { isMistake: true } });
/** One or several addresses, each with or without a name before it. */
export const mailboxes = z
  .string()
  .trim()
  .refine((text) => areMailboxes(text), { error: 'one of them is no address', params: { isMistake: true } });
export const slug = z.string().regex(/^[\w-]+$/);
export const nonEmpty = z.string().min(1);
