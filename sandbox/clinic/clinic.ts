import pg from 'pg';
import { between, plus } from '#domain/base/time.ts';
import { type ClockReading, nowSql } from '#sandbox/clock.ts';

/** The clinic's application: writes audit records into its own PostgreSQL, and can be broken. */
export type Clinic = {
  readonly adminUrl: string;
  readonly readerUrl: string;
  readonly applicationUrl: string;
  /** Writes one audit record dated `at`; what the application would do for a patient access. */
  readonly writes: (at: Date) => Promise<void>;
  /** Writes a record for each of these times, in one transaction. */
  readonly wroteAt: (times: readonly Date[]) => Promise<void>;
  /** The same, and the transaction is rolled back: what a release does that fails after the audit record. */
  readonly wroteAndRolledBack: (times: readonly Date[]) => Promise<void>;
  /** Writes `count` records, evenly spread over the stretch from `from` to `to`. */
  readonly wrote: (from: Date, to: Date, count: number) => Promise<void>;
  /** Takes INSERT from the application's role, as a bad migration does. */
  readonly breaks: () => Promise<void>;
  readonly repairs: () => Promise<void>;
  /** Drops the audit table; `restoresTable` makes it anew from the backup that was taken before. */
  readonly dropsTable: () => Promise<void>;
  readonly restoresTable: () => Promise<void>;
  /** Makes the database show the sandbox clock's time. */
  readonly follow: (reading: ClockReading) => Promise<void>;
  readonly query: (sql: string, values?: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>;
  readonly close: () => Promise<void>;
};

/** What must never appear outside the clinic: the identities in its audit records. */
export const IDENTITIES = {
  email: 'dr.identity@clinic-secret.example',
  ip: '203.0.113.77',
  resourceId: 'patient-canary-4711',
  userId: 'user-canary-0815',
} as const;

/** The audit table, as the application's migrations make it. */
const TABLE = `
  create table "AuditLog" (
    id text primary key default gen_random_uuid()::text,
    "userId" text,
    "userEmail" text not null,
    "ipAddress" text not null,
    action "AuditAction" not null,
    resource text not null,
    "resourceId" text not null,
    details jsonb,
    success boolean not null,
    timestamp timestamp(3) not null default (now() at time zone 'utc')
  );
  create index "AuditLog_timestamp_idx" on "AuditLog" (timestamp);`;

const SCHEMA = `
  create type "AuditAction" as enum ('READ', 'CREATE', 'UPDATE', 'DELETE', 'EXPORT', 'LOGIN', 'LOGIN_FAILED');
  ${TABLE}
  create schema sandbox_clock;`;

/** How long the application waits for its database before a record is lost; a request of a patient's page must end. */
const PATIENCE = { connectionTimeoutMillis: 2_000, statement_timeout: 1_000, lock_timeout: 500 } as const;

/** Makes the clinic's schema and roles in an empty database at `adminUrl`. Role names carry `suffix`: roles are the server's, not the database's. */
export async function openClinic(adminUrl: string, suffix = ''): Promise<Clinic> {
  const admin = new pg.Pool({ connectionString: adminUrl, max: 2 });
  admin.on('error', () => undefined);
  const application = `clinic_application${suffix}`;
  const reader = `clinic_reader${suffix}`;
  const database = new URL(adminUrl).pathname.slice(1);
  await admin.query(SCHEMA);
  for (const role of [application, reader]) {
    await admin.query(`do $$ begin create role "${role}" login; exception when duplicate_object then null; end $$`);
    // now() is looked up here first: the database then lives in the sandbox's time.
    await admin.query(`alter role "${role}" in database "${database}" set search_path = sandbox_clock, public, pg_catalog`);
    await admin.query(`grant usage on schema sandbox_clock to "${role}"`);
  }
  const grants = `grant insert, select on "AuditLog" to "${application}"; grant select on "AuditLog" to "${reader}"`;
  await admin.query(grants);
  const writer = new pg.Pool({ connectionString: asRole(adminUrl, application), max: 2, ...PATIENCE });
  writer.on('error', () => undefined);
  const insert = `insert into "AuditLog" ("userId", "userEmail", "ipAddress", action, resource, "resourceId", success, timestamp)
    select $1, $2, $3, 'READ', 'Patient', $4, true, at at time zone 'utc' from unnest($5::timestamptz[]) as at`;
  const values = [IDENTITIES.userId, IDENTITIES.email, IDENTITIES.ip, IDENTITIES.resourceId];
  const write = async (times: readonly Date[]) => {
    await writer.query(insert, [...values, times.map((time) => time.toISOString())]);
  };
  return {
    adminUrl,
    readerUrl: asRole(adminUrl, reader),
    applicationUrl: asRole(adminUrl, application),
    writes: (at) => write([at]),
    wroteAt: write,
    wroteAndRolledBack: async (times) => {
      const client = await writer.connect();
      try {
        await client.query('begin');
        await client.query(insert, [...values, times.map((time) => time.toISOString())]);
        await client.query('rollback');
        client.release();
      } catch (error) {
        client.release(true);
        throw error;
      }
    },
    wrote: (from, to, count) => write(Array.from({ length: count }, (_, index) => plus(from, (between(from, to) * (index + 1)) / count))),
    breaks: async () => {
      await admin.query(`revoke insert on "AuditLog" from "${application}"`);
    },
    repairs: async () => {
      await admin.query(`grant insert on "AuditLog" to "${application}"`);
    },
    dropsTable: async () => {
      await admin.query(`create schema backup; create table backup.records as table "AuditLog"; drop table "AuditLog"`);
    },
    restoresTable: async () => {
      await admin.query(`${TABLE} insert into "AuditLog" select * from backup.records; drop schema backup cascade; ${grants}`);
    },
    follow: async (reading) => {
      await admin.query(
        `create or replace function sandbox_clock.now() returns timestamptz language sql stable as $$ ${nowSql(reading)} $$`,
      );
    },
    query: async (sql, parameters = []) => (await admin.query<Record<string, unknown>>(sql, [...parameters])).rows,
    close: async () => {
      await Promise.all([writer.end(), admin.end()]);
    },
  };
}

/** The same address as another role. */
function asRole(url: string, role: string): string {
  const parsed = new URL(url);
  parsed.username = role;
  return parsed.href;
}
