import { z } from 'zod';
import { databaseUrl, email, httpUrl, nonEmpty, type SettingRow } from './row.ts';

/** The file that may be absent: then everything is at the runbook's figures. */
export const DEFAULT_RUNBOOK_FILE = './runbook.yaml';

/** Where Gapwatch listens and keeps its own record. */
export const LISTENING_AND_STORE = {
  PORT: {
    group: 'Where it listens',
    schema: z.coerce.number().int().min(0).max(65_535).default(3000),
    expected: 'a port from 0 to 65535',
    from: 'your choice',
  },
  HOST: {
    group: 'Where it listens',
    schema: z.string().default('127.0.0.1'),
    expected: 'an address to listen on',
    from: 'your choice',
    example: '0.0.0.0',
  },
  PUBLIC_URL: {
    group: 'Where it listens',
    schema: httpUrl.optional(),
    expected: 'an http(s) URL',
    from: 'the address at which others reach Gapwatch',
    absent: 'notices carry no link to acknowledge their receipt',
    example: 'https://gapwatch.clinic.example',
  },
  DATABASE_URL: {
    group: 'Its own store',
    schema: databaseUrl.optional(),
    expected: 'postgresql://user:password@host/database',
    from: 'your PostgreSQL server',
    absent: 'the embedded one is used',
    isSecret: true,
  },
  GAPWATCH_DATA_DIR: {
    group: 'Its own store',
    schema: z.string().default('./data'),
    expected: 'a folder',
    from: 'your choice, for the embedded PostgreSQL',
  },
} as const satisfies Readonly<Record<string, SettingRow>>;

/** Where the incident is run: Slack and PagerDuty. */
export const SLACK_AND_PAGERDUTY = {
  SLACK_BOT_TOKEN: {
    group: 'Slack',
    schema: z.string().regex(/^xoxb-\S+$/),
    neededBy: 'the bot',
    expected: 'a token that starts with xoxb-',
    from: 'Slack app → OAuth & Permissions → Bot User OAuth Token',
    isSecret: true,
  },
  SLACK_SIGNING_SECRET: {
    group: 'Slack',
    schema: z.string().min(8).optional(),
    expected: 'the signing secret, needed unless SLACK_APP_TOKEN selects Socket Mode',
    from: 'Slack app → Basic Information → App Credentials',
    isSecret: true,
  },
  SLACK_APP_TOKEN: {
    group: 'Slack',
    schema: z
      .string()
      .regex(/^xapp-\S+$/)
      .optional(),
    expected: 'a token that starts with xapp-',
    from: 'Slack app → Basic Information → App-Level Tokens',
    absent: 'Slack reaches Gapwatch by HTTP',
    isSecret: true,
  },
  SLACK_CHANNEL: {
    group: 'Slack',
    schema: z
      .string()
      .regex(/^#?[^\s#]{1,80}$/)
      .default('#incidents'),
    expected: 'a channel name or ID',
    from: 'Slack',
    example: 'C0123456789',
  },
  SLACK_API_URL: {
    group: 'Slack',
    schema: httpUrl.default('https://slack.com/api/'),
    expected: 'an http(s) URL that ends in /api/',
    from: 'Slack',
  },
  PAGERDUTY_API_TOKEN: {
    group: 'PagerDuty',
    schema: nonEmpty,
    neededBy: 'the bot',
    expected: 'a REST API key',
    from: 'PagerDuty → Integrations → API Access Keys',
    isSecret: true,
  },
  PAGERDUTY_FROM_EMAIL: {
    group: 'PagerDuty',
    schema: email,
    neededBy: 'the bot',
    expected: 'an e-mail address of a user of your PagerDuty account',
    from: 'PagerDuty → People → Users',
  },
  PAGERDUTY_WEBHOOK_SECRET: {
    group: 'PagerDuty',
    schema: nonEmpty,
    neededBy: 'the bot',
    expected: 'one or more webhook secrets, separated by commas (several while one is rotated)',
    from: 'PagerDuty → Integrations → Generic Webhooks (v3), shown once when the subscription is made',
    isSecret: true,
  },
  PAGERDUTY_API_URL: {
    group: 'PagerDuty',
    schema: httpUrl.default('https://api.pagerduty.com'),
    expected: 'an http(s) URL',
    from: 'PagerDuty; the EU region has its own',
    example: 'https://api.eu.pagerduty.com',
  },
  PAGERDUTY_ROUTING_KEY: {
    group: 'PagerDuty',
    schema: z
      .string()
      .regex(/^\w{32}$/)
      .optional(),
    expected: 'an integration key of 32 characters',
    from: 'PagerDuty → the service → Integrations → Events API V2',
    absent: 'the watch tells #incidents directly',
    isSecret: true,
  },
  PAGERDUTY_EVENTS_URL: {
    group: 'PagerDuty',
    schema: httpUrl.default('https://events.pagerduty.com'),
    expected: 'an http(s) URL',
    from: 'PagerDuty; the EU region has its own',
    example: 'https://events.eu.pagerduty.com',
  },
} as const satisfies Readonly<Record<string, SettingRow>>;

/** The compliance side: mail, evidence; then files and the log. */
export const MAIL_AND_FILES = {
  SMTP_URL: {
    group: 'Mail',
    schema: z.string().regex(/^smtps?:\/\/\S+$/),
    neededBy: 'the bot',
    expected: 'smtp://user:password@host:587 or smtps://user:password@host:465',
    from: 'your mail server',
    isSecret: true,
  },
  MAIL_FROM: {
    group: 'Mail',
    schema: email,
    neededBy: 'the bot',
    expected: 'an e-mail address',
    from: 'your mail server: an address it may send from',
  },
  PRIVACY_OFFICER_EMAIL: {
    group: 'Mail',
    schema: email,
    neededBy: 'the bot',
    expected: 'an e-mail address',
    from: 'your Privacy Officer',
  },
  SECURITY_OFFICER_EMAIL: {
    group: 'Mail',
    schema: email.optional(),
    expected: 'an e-mail address',
    from: 'your Security Officer (CISO), told when a gap passes 30 minutes',
  },
  COMPLIANCE_COUNSEL_EMAIL: {
    group: 'Mail',
    schema: email.optional(),
    expected: 'an e-mail address',
    from: 'your compliance counsel, told when a gap passes 24 hours',
  },
  EVIDENCE_SIGNING_KEY_FILE: {
    group: 'Evidence and safety',
    schema: z.string().optional(),
    expected: 'a file with an Ed25519 private key in PEM',
    from: 'openssl genpkey -algorithm ed25519 -out evidence.pem',
    absent: 'the record is chained but not signed',
    example: './evidence.pem',
  },
  HEARTBEAT_URL: {
    group: 'Evidence and safety',
    schema: httpUrl.optional(),
    expected: 'an http(s) URL',
    from: "a dead-man's-switch service; asked every minute while all is well",
    absent: 'nobody outside notices when Gapwatch itself stops',
    isSecret: true,
  },
  CA_FILE: {
    group: 'Evidence and safety',
    schema: z.string().optional(),
    expected: 'a file with CA certificates in PEM',
    from: 'your private CA, trusted besides the public ones',
    absent: 'only the public ones are trusted',
  },
  RUNBOOK_FILE: {
    group: 'Files and log',
    schema: z.string().default(DEFAULT_RUNBOOK_FILE),
    expected: 'a YAML file (docs/policy.md)',
    from: 'your choice; only the default one may be absent',
  },
  TEMPLATES_DIR: {
    group: 'Files and log',
    schema: z.string().default('./templates'),
    expected: 'a folder',
    from: 'your choice, for the texts that it posts and mails',
  },
  REPORTS_DIR: {
    group: 'Files and log',
    schema: z.string().default('./docs/incidents'),
    expected: 'a folder',
    from: 'your choice, for the gap reports',
  },
  LOG_LEVEL: {
    group: 'Files and log',
    schema: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
    expected: 'fatal, error, warn, info, debug or trace',
    from: 'your choice',
  },
} as const satisfies Readonly<Record<string, SettingRow>>;
