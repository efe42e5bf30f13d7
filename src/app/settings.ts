import { z } from 'zod';

/** The environment can't be used; the message names every wrong setting, what was expected and where it comes from. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

type Help = { readonly expected: string; readonly from: string };

const HELP = {
  PORT: { expected: 'a port from 0 to 65535', from: 'your choice; 3000 unless set' },
  HOST: { expected: 'an address to listen on', from: 'your choice; 127.0.0.1 unless set' },
  PUBLIC_URL: {
    expected: 'an http(s) URL',
    from: 'the address at which others reach Gapwatch; absent, notices carry no link to acknowledge their receipt',
  },
  DATABASE_URL: { expected: 'postgresql://user:password@host/database', from: 'your PostgreSQL server; absent, the embedded one is used' },
  GAPWATCH_DATA_DIR: { expected: 'a folder', from: 'your choice; ./data unless set' },
  SLACK_BOT_TOKEN: { expected: 'a token that starts with xoxb-', from: 'Slack app → OAuth & Permissions → Bot User OAuth Token' },
  SLACK_SIGNING_SECRET: {
    expected: 'the signing secret, needed unless SLACK_APP_TOKEN selects Socket Mode',
    from: 'Slack app → Basic Information → App Credentials',
  },
  SLACK_APP_TOKEN: { expected: 'a token that starts with xapp-', from: 'Slack app → Basic Information → App-Level Tokens' },
  SLACK_CHANNEL: { expected: 'a channel name or ID such as #incidents or C0123456789', from: 'Slack; #incidents unless set' },
  SLACK_API_URL: { expected: 'an http(s) URL that ends in /api/', from: 'https://slack.com/api/ unless set' },
  PAGERDUTY_API_TOKEN: { expected: 'a REST API key', from: 'PagerDuty → Integrations → API Access Keys' },
  PAGERDUTY_FROM_EMAIL: { expected: 'an e-mail address of a user of your PagerDuty account', from: 'PagerDuty → People → Users' },
  PAGERDUTY_WEBHOOK_SECRET: {
    expected: 'one or more webhook secrets, separated by commas',
    from: 'PagerDuty → Integrations → Generic Webhooks (v3), shown once when the subscription is made',
  },
  PAGERDUTY_API_URL: {
    expected: 'an http(s) URL',
    from: 'https://api.pagerduty.com unless set; https://api.eu.pagerduty.com in the EU region',
  },
  PAGERDUTY_ROUTING_KEY: {
    expected: 'an integration key of 32 characters',
    from: 'PagerDuty → the service → Integrations → Events API V2; absent, the watch tells #incidents directly',
  },
  PAGERDUTY_EVENTS_URL: {
    expected: 'an http(s) URL',
    from: 'https://events.pagerduty.com unless set; https://events.eu.pagerduty.com in the EU region',
  },
  AUDIT_DATABASE_URL: {
    expected: 'postgresql://user:password@host/database of a read-only role',
    from: 'the monitored database; docs/database-roles.sql creates the role',
  },
  AUDIT_WRITER_DATABASE_URL: {
    expected: "postgresql://user:password@host/database of the application's own role",
    from: 'the monitored database; absent, `/audit probe` says so',
  },
  AUDIT_TABLE: { expected: 'a table name, optionally schema.table', from: 'the application; AuditLog unless set' },
  AUDIT_TIMESTAMP_COLUMN: { expected: 'a column name', from: 'the application; timestamp unless set' },
  HEALTH_URL: { expected: 'an http(s) URL', from: "the application's health endpoint; absent, `/audit health` says so" },
  SENTRY_AUTH_TOKEN: {
    expected: 'a token with event:read and project:read',
    from: 'Sentry → Settings → Auth Tokens; absent, `/audit errors` says so',
  },
  SENTRY_ORG: { expected: "an organization's slug", from: 'the address of your Sentry pages' },
  SENTRY_PROJECT: { expected: "a project's slug", from: 'Sentry → Projects' },
  SENTRY_URL: { expected: 'an http(s) URL', from: 'https://sentry.io unless set' },
  GITHUB_TOKEN: {
    expected: 'a fine-grained token with "Contents: read" for the repository',
    from: 'GitHub → Settings → Developer settings; absent, `/audit deploys` says so',
  },
  GITHUB_REPOSITORY: { expected: 'owner/name', from: "the repository of the application's code" },
  GITHUB_API_URL: { expected: 'an http(s) URL', from: 'https://api.github.com unless set' },
  DIGITALOCEAN_TOKEN: {
    expected: 'a token with app:read and database:read',
    from: 'DigitalOcean → API → Tokens; absent, deployments, logs and disk say so',
  },
  DIGITALOCEAN_APP_ID: { expected: "an app's ID", from: 'the address of the app in DigitalOcean, or `doctl apps list`' },
  DIGITALOCEAN_DB_CLUSTER_ID: { expected: "a database cluster's ID", from: '`doctl databases list`' },
  DIGITALOCEAN_API_URL: { expected: 'an http(s) URL', from: 'https://api.digitalocean.com unless set' },
  ARCHIVE_S3_BUCKET: { expected: "a bucket's name", from: 'your S3 storage: where `/remedy archive` puts old records' },
  ARCHIVE_S3_PREFIX: { expected: 'a path', from: 'your choice; audit-logs unless set' },
  ARCHIVE_PGP_PUBLIC_KEY_FILE: {
    expected: 'a file with an armored OpenPGP public key',
    from: 'your compliance team: gpg --armor --export compliance@…; only its holder can read the archive',
  },
  AWS_ACCESS_KEY_ID: { expected: 'an access key', from: 'your S3 storage: a role for this bucket alone' },
  AWS_SECRET_ACCESS_KEY: { expected: "the access key's secret", from: 'beside the access key' },
  AWS_REGION: { expected: 'a region', from: 'your S3 storage; us-east-1 unless set' },
  AWS_ENDPOINT_URL_S3: {
    expected: 'an http(s) URL',
    from: 'your S3 storage, when it is not AWS: https://nyc3.digitaloceanspaces.com for instance',
  },
  OPERATIONS_SESSION: {
    expected: "a test user's session secret",
    from: 'your application; headers under `operations` in runbook.yaml use it as $OPERATIONS_SESSION',
  },
  SMTP_URL: { expected: 'smtp://user:password@host:587 or smtps://user:password@host:465', from: 'your mail server' },
  MAIL_FROM: { expected: 'an e-mail address', from: 'your mail server: an address it may send from' },
  PRIVACY_OFFICER_EMAIL: { expected: 'an e-mail address', from: 'your Privacy Officer' },
  SECURITY_OFFICER_EMAIL: { expected: 'an e-mail address', from: 'your Security Officer (CISO), told when a gap passes 30 minutes' },
  COMPLIANCE_COUNSEL_EMAIL: { expected: 'an e-mail address', from: 'your compliance counsel, told when a gap passes 24 hours' },
  EVIDENCE_SIGNING_KEY_FILE: {
    expected: 'a file with an Ed25519 private key in PEM',
    from: 'openssl genpkey -algorithm ed25519 -out evidence.pem; absent, the record is chained but not signed',
  },
  HEARTBEAT_URL: {
    expected: 'an http(s) URL',
    from: "a dead-man's-switch service; asked every minute while all is well",
  },
  CA_FILE: { expected: 'a file with CA certificates in PEM', from: 'your private CA, trusted besides the public ones' },
  RUNBOOK_FILE: { expected: 'a YAML file', from: './runbook.yaml unless set' },
  TEMPLATES_DIR: { expected: 'a folder', from: './templates unless set' },
  REPORTS_DIR: { expected: 'a folder', from: './docs/incidents unless set' },
  LOG_LEVEL: { expected: 'fatal, error, warn, info, debug or trace', from: 'your choice; info unless set' },
} as const satisfies Readonly<Record<string, Help>>;

/** Every setting that Gapwatch reads, with what is expected and where it comes from. */
export const SETTING_HELP: Readonly<Record<string, Help>> = HELP;

const databaseUrl = z.string().regex(/^postgres(ql)?:\/\/\S+$/);
const httpUrl = z.url({ protocol: /^https?$/ });
const email = z.email();
const slug = z.string().regex(/^[\w-]+$/);

const schema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  HOST: z.string().default('127.0.0.1'),
  PUBLIC_URL: httpUrl.optional(),
  DATABASE_URL: databaseUrl.optional(),
  GAPWATCH_DATA_DIR: z.string().default('./data'),
  SLACK_BOT_TOKEN: z.string().regex(/^xoxb-\S+$/),
  SLACK_SIGNING_SECRET: z.string().min(8).optional(),
  SLACK_APP_TOKEN: z
    .string()
    .regex(/^xapp-\S+$/)
    .optional(),
  SLACK_CHANNEL: z
    .string()
    .regex(/^#?[^\s#]{1,80}$/)
    .default('#incidents'),
  SLACK_API_URL: httpUrl.default('https://slack.com/api/'),
  PAGERDUTY_API_TOKEN: z.string().min(1),
  PAGERDUTY_FROM_EMAIL: email,
  PAGERDUTY_WEBHOOK_SECRET: z.string().min(1),
  PAGERDUTY_API_URL: httpUrl.default('https://api.pagerduty.com'),
  PAGERDUTY_ROUTING_KEY: z
    .string()
    .regex(/^\w{32}$/)
    .optional(),
  PAGERDUTY_EVENTS_URL: httpUrl.default('https://events.pagerduty.com'),
  AUDIT_DATABASE_URL: databaseUrl,
  AUDIT_WRITER_DATABASE_URL: databaseUrl.optional(),
  AUDIT_TABLE: z.string().min(1).default('AuditLog'),
  AUDIT_TIMESTAMP_COLUMN: z.string().min(1).default('timestamp'),
  HEALTH_URL: httpUrl.optional(),
  SENTRY_AUTH_TOKEN: z.string().min(1).optional(),
  SENTRY_ORG: slug.optional(),
  SENTRY_PROJECT: slug.optional(),
  SENTRY_URL: httpUrl.default('https://sentry.io'),
  GITHUB_TOKEN: z.string().min(1).optional(),
  GITHUB_REPOSITORY: z
    .string()
    .regex(/^[\w.-]+\/[\w.-]+$/)
    .optional(),
  GITHUB_API_URL: httpUrl.default('https://api.github.com'),
  DIGITALOCEAN_TOKEN: z.string().min(1).optional(),
  DIGITALOCEAN_APP_ID: slug.optional(),
  DIGITALOCEAN_DB_CLUSTER_ID: slug.optional(),
  DIGITALOCEAN_API_URL: httpUrl.default('https://api.digitalocean.com'),
  ARCHIVE_S3_BUCKET: z.string().min(3).optional(),
  ARCHIVE_S3_PREFIX: z.string().default('audit-logs'),
  ARCHIVE_PGP_PUBLIC_KEY_FILE: z.string().optional(),
  AWS_ACCESS_KEY_ID: z.string().min(1).optional(),
  AWS_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  AWS_REGION: z.string().default('us-east-1'),
  AWS_ENDPOINT_URL_S3: httpUrl.optional(),
  OPERATIONS_SESSION: z.string().min(1).optional(),
  SMTP_URL: z.string().regex(/^smtps?:\/\/\S+$/),
  MAIL_FROM: email,
  PRIVACY_OFFICER_EMAIL: email,
  SECURITY_OFFICER_EMAIL: email.optional(),
  COMPLIANCE_COUNSEL_EMAIL: email.optional(),
  EVIDENCE_SIGNING_KEY_FILE: z.string().optional(),
  HEARTBEAT_URL: httpUrl.optional(),
  CA_FILE: z.string().optional(),
  RUNBOOK_FILE: z.string().default('./runbook.yaml'),
  TEMPLATES_DIR: z.string().default('./templates'),
  REPORTS_DIR: z.string().default('./docs/incidents'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
});

/** What only the bot needs; the watch by itself does without. */
const watchSchema = schema.partial({
  SLACK_BOT_TOKEN: true,
  PAGERDUTY_API_TOKEN: true,
  PAGERDUTY_FROM_EMAIL: true,
  PAGERDUTY_WEBHOOK_SECRET: true,
  SMTP_URL: true,
  MAIL_FROM: true,
  PRIVACY_OFFICER_EMAIL: true,
});

/** Secrets and addresses, parsed and frozen. */
export type Settings = Readonly<z.infer<typeof schema>>;

/** The settings of the watch by itself: those of the bot's services may be absent. */
export type WatchSettings = Readonly<z.infer<typeof watchSchema>>;

/**
 * Reads the settings from the environment; an empty value counts as absent. Throws one {@link SettingsError} that names every
 * wrong setting. A value is never printed: it may be a secret.
 */
export function readSettings(environment: Environment): Settings {
  const present = presentIn(environment);
  const parsed = schema.safeParse(present);
  const wrong = new Set(parsed.error?.issues.map((issue) => String(issue.path[0])) ?? []);
  if (present.SLACK_APP_TOKEN === undefined && present.SLACK_SIGNING_SECRET === undefined) wrong.add('SLACK_SIGNING_SECRET');
  if (!parsed.success || wrong.size > 0) throw new SettingsError(explain([...wrong], present));
  return Object.freeze(parsed.data);
}

/** Reads the settings that the watch needs by itself. Throws a {@link SettingsError} like {@link readSettings}. */
export function readWatchSettings(environment: Environment): WatchSettings {
  const present = presentIn(environment);
  const parsed = watchSchema.safeParse(present);
  if (!parsed.success) throw new SettingsError(explain([...new Set(parsed.error.issues.map((issue) => String(issue.path[0])))], present));
  return Object.freeze(parsed.data);
}

type Environment = Readonly<Record<string, string | undefined>>;

function presentIn(environment: Environment): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ''));
}

function explain(wrong: readonly string[], present: Readonly<Record<string, string | undefined>>): string {
  const lines = wrong.map((name) => {
    const help = SETTING_HELP[name];
    const state = present[name] === undefined ? 'is missing' : 'is malformed';
    return `  ${name} ${state}: expected ${help?.expected ?? 'another value'}. From: ${help?.from ?? 'the documentation'}.`;
  });
  const count = wrong.length === 1 ? 'One setting is' : `${wrong.length} settings are`;
  return `${count} wrong (environment or .env; .env.example lists them all):\n${lines.join('\n')}`;
}
