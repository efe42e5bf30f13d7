import { z } from 'zod';
import { timeZone } from '#domain/base/policy/formats.ts';
import { databaseUrl, httpUrl, nonEmpty, type SettingRow, slug } from './row.ts';

/** The monitored database and the application around it. */
export const APPLICATION = {
  AUDIT_DATABASE_URL: {
    group: 'The monitored database',
    schema: databaseUrl,
    neededBy: 'the bot and the watch',
    expected: 'postgresql://user:password@host/database of a read-only role',
    from: 'the monitored database; docs/database-roles.sql creates the role',
    isSecret: true,
  },
  AUDIT_WRITER_DATABASE_URL: {
    group: 'The monitored database',
    schema: databaseUrl.optional(),
    expected: "postgresql://user:password@host/database of the application's own role",
    from: 'the monitored database; used by the write probe and by approved remedies alone',
    absent: '`/audit probe` says so',
    isSecret: true,
  },
  AUDIT_TABLE: {
    group: 'The monitored database',
    schema: nonEmpty.default('AuditLog'),
    expected: 'a table name as written in the database, optionally schema.table',
    from: 'the application',
    example: 'audit.events',
  },
  AUDIT_TIMESTAMP_COLUMN: {
    group: 'The monitored database',
    schema: nonEmpty.default('timestamp'),
    expected: 'a column name as written in the database',
    from: 'the application',
    example: 'created_at',
  },
  AUDIT_TIMESTAMP_ZONE: {
    group: 'The monitored database',
    schema: timeZone.default('UTC'),
    expected: 'a time zone such as Europe/Berlin',
    from: 'the application: the zone of a timestamp column without one; a column with a time zone needs none',
    example: 'America/New_York',
  },
  AUDIT_WRITER_ROLE: {
    group: 'The monitored database',
    schema: nonEmpty.optional(),
    expected: "the application's role",
    from: 'the monitored database: the role that AUDIT_WRITER_DATABASE_URL connects as must be a member of it',
    absent: 'a write is tried as the role that connects',
    example: 'clinic_app',
  },
  HEALTH_URL: {
    group: 'The application',
    schema: httpUrl.optional(),
    expected: 'an http(s) URL',
    from: "the application's health endpoint",
    absent: '`/audit health` says so',
    example: 'https://clinic.example/api/health',
  },
  OPERATIONS_SESSION: {
    group: 'The application',
    schema: nonEmpty.optional(),
    expected: "a test user's session secret",
    from: 'your application; headers under `operations` in runbook.yaml use it as $OPERATIONS_SESSION',
    absent: '`/audit operations` says so where a request needs it',
    isSecret: true,
  },
} as const satisfies Readonly<Record<string, SettingRow>>;

/** Services that the checks and remedies ask. */
export const SERVICES = {
  SENTRY_AUTH_TOKEN: {
    group: 'Sentry',
    schema: nonEmpty.optional(),
    expected: 'a token with event:read and project:read',
    from: 'Sentry → Settings → Auth Tokens',
    absent: '`/audit errors` says so',
    isSecret: true,
  },
  SENTRY_ORG: {
    group: 'Sentry',
    schema: slug.optional(),
    expected: "an organization's slug",
    from: 'the address of your Sentry pages',
    example: 'clinic',
  },
  SENTRY_PROJECT: {
    group: 'Sentry',
    schema: slug.optional(),
    expected: "a project's slug",
    from: 'Sentry → Projects',
    example: 'web',
  },
  SENTRY_URL: {
    group: 'Sentry',
    schema: httpUrl.default('https://sentry.io'),
    expected: 'an http(s) URL',
    from: 'Sentry, or a server of your own',
  },
  GITHUB_TOKEN: {
    group: 'GitHub',
    schema: nonEmpty.optional(),
    expected: 'a fine-grained token with "Contents: read" for the repository',
    from: 'GitHub → Settings → Developer settings',
    absent: '`/audit deploys` says so',
    isSecret: true,
  },
  GITHUB_REPOSITORY: {
    group: 'GitHub',
    schema: z
      .string()
      .regex(/^[\w.-]+\/[\w.-]+$/)
      .optional(),
    expected: 'owner/name',
    from: "the repository of the application's code",
    example: 'clinic/web',
  },
  GITHUB_API_URL: {
    group: 'GitHub',
    schema: httpUrl.default('https://api.github.com'),
    expected: 'an http(s) URL',
    from: 'GitHub, or a server of your own',
  },
  DIGITALOCEAN_TOKEN: {
    group: 'DigitalOcean',
    schema: nonEmpty.optional(),
    expected: 'a token with app:read and database:read',
    from: 'DigitalOcean → API → Tokens',
    absent: 'deployments, logs and disk say so',
    isSecret: true,
  },
  DIGITALOCEAN_APP_ID: {
    group: 'DigitalOcean',
    schema: slug.optional(),
    expected: "an app's ID",
    from: 'the address of the app in DigitalOcean, or `doctl apps list`',
  },
  DIGITALOCEAN_DB_CLUSTER_ID: {
    group: 'DigitalOcean',
    schema: slug.optional(),
    expected: "a database cluster's ID",
    from: '`doctl databases list`',
  },
  DIGITALOCEAN_API_URL: {
    group: 'DigitalOcean',
    schema: httpUrl.default('https://api.digitalocean.com'),
    expected: 'an http(s) URL',
    from: 'DigitalOcean',
  },
} as const satisfies Readonly<Record<string, SettingRow>>;

/** Where old audit records go. */
export const ARCHIVE = {
  ARCHIVE_S3_BUCKET: {
    group: 'Archive of old records',
    schema: z.string().min(3).optional(),
    expected: "a bucket's name",
    from: 'your S3 storage: where `/remedy archive` puts old records',
  },
  ARCHIVE_S3_PREFIX: {
    group: 'Archive of old records',
    schema: z.string().default('audit-logs'),
    expected: 'a path',
    from: 'your choice',
  },
  ARCHIVE_PGP_PUBLIC_KEY_FILE: {
    group: 'Archive of old records',
    schema: z.string().optional(),
    expected: 'a file with an armored OpenPGP public key',
    from: 'your compliance team: gpg --armor --export compliance@…; only its holder can read the archive',
  },
  AWS_ACCESS_KEY_ID: {
    group: 'Archive of old records',
    schema: nonEmpty.optional(),
    expected: 'an access key',
    from: 'your S3 storage: a role for this bucket alone',
    isSecret: true,
  },
  AWS_SECRET_ACCESS_KEY: {
    group: 'Archive of old records',
    schema: nonEmpty.optional(),
    expected: "the access key's secret",
    from: 'beside the access key',
    isSecret: true,
  },
  AWS_REGION: {
    group: 'Archive of old records',
    schema: z.string().default('us-east-1'),
    expected: 'a region',
    from: 'your S3 storage',
  },
  AWS_ENDPOINT_URL_S3: {
    group: 'Archive of old records',
    schema: httpUrl.optional(),
    expected: 'an http(s) URL',
    from: 'your S3 storage, when it is not AWS',
    example: 'https://nyc3.digitaloceanspaces.com',
  },
} as const satisfies Readonly<Record<string, SettingRow>>;
