import pLimit from 'p-limit';
import pg from 'pg';
import { DEFAULT_POLICY, type Policy } from '#domain/base/policy.ts';
import { connectAuditWriter } from '#services/database/probe.ts';
import { openAuditDatabase } from '#services/database/reader.ts';
import { connectOperations } from '#services/operations.ts';
import type { CheckAppContext } from '#workflows/checks/run-program.ts';
import { checkVerdict } from '#workflows/checks/verdict.ts';
import type { Sources } from '#workflows/context.ts';
import { emptyDatabase } from './database.ts';

let count = 0;

/** A monitored database of its own, with an owner's client and the roles that the checks use. */
export type Monitored = {
  readonly owner: pg.Client;
  readonly url: string;
  /** The application's role; `writerUrl` connects as it. */
  readonly application: string;
  readonly writerUrl: string;
  readonly close: () => Promise<void>;
};

/** Makes a database with `schema` (SQL) in it; the application's role may read and write every table. */
export async function monitored(schema: string): Promise<Monitored> {
  count += 1;
  const url = await emptyDatabase('monitored');
  const owner = new pg.Client({ connectionString: url });
  owner.on('error', () => undefined);
  await owner.connect();
  const application = `application_${process.pid}_${count}`;
  await owner.query(`create role ${application} login`);
  await owner.query(schema);
  await owner.query(`grant select, insert on all tables in schema public to ${application}`);
  await owner.query(`grant usage on all sequences in schema public to ${application}`);
  const writer = new URL(url);
  writer.username = application;
  return { owner, url, application, writerUrl: writer.href, close: () => owner.end() };
}

const absent = (name: string) => ({ missing: [name] });

/** No source but the database: what is absent says so. */
export const NO_SOURCES: Sources = {
  auditWriter: absent('AUDIT_WRITER_DATABASE_URL'),
  health: absent('HEALTH_URL'),
  sentry: absent('SENTRY_AUTH_TOKEN'),
  github: absent('GITHUB_TOKEN'),
  app: absent('DIGITALOCEAN_TOKEN'),
  cluster: absent('DIGITALOCEAN_TOKEN'),
  deployments: absent('DIGITALOCEAN_TOKEN'),
  workflows: absent('GITHUB_TOKEN'),
  archive: absent('AUDIT_WRITER_DATABASE_URL'),
  bucket: absent('ARCHIVE_S3_BUCKET'),
  recreation: absent('AUDIT_WRITER_DATABASE_URL'),
  migrations: absent('recreate_table in runbook.yaml'),
  operations: connectOperations(undefined),
  session: absent('OPERATIONS_SESSION'),
};

type Setting = {
  readonly tableName?: string;
  readonly column?: string;
  readonly zone?: string;
  /** The role that the writer becomes (AUDIT_WRITER_ROLE). */
  readonly role?: string;
  readonly policy?: Policy;
  readonly sources?: Sources;
};

/** The verdict of `/audit <command>` on a monitored database. */
export async function audit(
  { url, writerUrl }: Pick<Monitored, 'url' | 'writerUrl'>,
  command: string,
  { tableName = 'AuditLog', column = 'timestamp', zone, role, policy = DEFAULT_POLICY, sources = NO_SOURCES }: Setting = {},
) {
  const [name = '', ...rest] = command.split(' ');
  const auditDatabase = openAuditDatabase(
    { connections: pLimit(2), url, table: tableName, timestampColumn: column, zone },
    () => undefined,
  );
  const context: CheckAppContext = {
    auditDatabase,
    auditTable: { database: 'clinic', tableName, column, zone, writerRole: role ?? new URL(writerUrl).username },
    policy,
    now: () => new Date(),
    sources: { ...sources, auditWriter: { service: connectAuditWriter(writerUrl, pLimit(2), role) } },
  };
  try {
    return await checkVerdict(context, name, rest.join(' '));
  } finally {
    await auditDatabase.close();
  }
}

/** The runbook's own table. */
export const RUNBOOK_TABLE = `
  create type "AuditAction" as enum ('READ', 'CREATE');
  create table "AuditLog" (
    id text primary key, "userId" text, "userEmail" text not null, "ipAddress" text not null, action "AuditAction" not null,
    resource text not null, "resourceId" text not null, details jsonb, success boolean not null, timestamp timestamp(3) not null);
  create index "AuditLog_timestamp_idx" on "AuditLog" (timestamp);`;

/** What the application expects of {@link RUNBOOK_TABLE}. */
export const RUNBOOK_COLUMNS: Policy['columns'] = [
  { name: 'id', type: 'text', notNull: true },
  { name: 'userId', type: 'text', notNull: false },
  { name: 'userEmail', type: 'text', notNull: true },
  { name: 'ipAddress', type: 'text', notNull: true },
  { name: 'action', type: 'enum', notNull: true },
  { name: 'resource', type: 'text', notNull: true },
  { name: 'resourceId', type: 'text', notNull: true },
  { name: 'details', type: 'jsonb', notNull: false },
  { name: 'success', type: 'boolean', notNull: true },
  { name: 'timestamp', type: 'timestamp', notNull: true },
];
