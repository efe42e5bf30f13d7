import { createServer } from 'node:net';
import pg from 'pg';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { audit, type Monitored, monitored, RUNBOOK_TABLE } from '#harness/checks.ts';
import { canMountDisks, smallDisk } from '#harness/small-disk.ts';

let database: Monitored | undefined;

afterEach(async () => {
  await database?.close();
  database = undefined;
});

async function open(schema = RUNBOOK_TABLE): Promise<Monitored> {
  database = await monitored(schema);
  return database;
}

/** How many rows the table holds, seen by its owner. */
async function rowsOf({ owner }: Monitored, table = '"AuditLog"'): Promise<number> {
  const { rows } = await owner.query<{ count: number }>(`select count(*)::int as count from ${table}`);
  return rows[0]?.count ?? -1;
}

describe('the probe writes into any table, and leaves nothing', () => {
  test.each([
    ['the runbook’s', RUNBOOK_TABLE, 'AuditLog', 'timestamp'],
    [
      'one with a foreign key, a hash chain and a nullable e-mail',
      `create table users (id uuid primary key);
       create table audit_logs (id bigserial primary key, user_id uuid references users, user_email text, action varchar(40) not null,
         previous_hash bytea not null default '', created_at timestamptz not null default now(), ip inet not null, tags text[] not null,
         payload jsonb not null default '{}', seen date not null, amount numeric(8,2) not null, token uuid not null);`,
      'audit_logs',
      'created_at',
    ],
    [
      'a partitioned one',
      `create table "AuditLog" (id uuid not null default gen_random_uuid(), timestamp timestamptz not null) partition by range (timestamp);
       create table this_century partition of "AuditLog" for values from ('2000-01-01') to ('2100-01-01');`,
      'AuditLog',
      'timestamp',
    ],
    [
      'one with a dot in its name',
      'create table "audit.log" (id int generated always as identity, timestamp timestamp not null)',
      'audit.log',
      'timestamp',
    ],
    [
      'a simple view',
      `create table base (id int, timestamp timestamptz); create view "AuditLog" as select * from base`,
      'AuditLog',
      'timestamp',
    ],
  ])('%s', async (_name, schema, tableName, column) => {
    const monitoredDatabase = await open(schema);
    const verdict = await audit(monitoredDatabase, 'probe', { tableName, column });
    expect(verdict).toMatchObject({ level: 'ok', evidence: expect.stringContaining('so the cause lies in the application') });
    expect(await rowsOf(monitoredDatabase, `"${tableName}"`)).toBe(0);
  });
});

/** A record as the application writes it; the probe then tries a copy of it. */
const A_RECORD = `insert into "AuditLog" values ('a', null, 'somebody', '::1', 'READ', 'Patient', 'p', null, true, now() at time zone 'utc')`;

describe('the probe tells each failure of the write apart', () => {
  test.each([
    [
      'a revoked right',
      (d: Monitored) => `revoke insert on "AuditLog" from ${d.application}`,
      'permission denied for table AuditLog, 42501',
      'run `GRANT INSERT ON "AuditLog" TO application_',
    ],
    [
      'row-level security',
      () => 'alter table "AuditLog" enable row level security',
      'row-level security is on and no policy lets the role insert, 42501',
      'runbook step 7',
    ],
    [
      'a trigger that raises',
      () => `create function no() returns trigger language plpgsql as $$ begin raise exception 'secret row'; end $$;
             create trigger no before insert on "AuditLog" for each row execute function no()`,
      'a trigger refuses the record (function no), P0001',
      'triggers',
    ],
    [
      'a check constraint',
      () => `alter table "AuditLog" add constraint ck check (resource = 'X') not valid`,
      'a check constraint refuses the record, 23514',
      'runbook steps 5 and 7',
    ],
    [
      'a deferred foreign key',
      () =>
        `create table p (id text primary key); alter table "AuditLog" add constraint fk foreign key ("resourceId") references p deferrable initially deferred not valid`,
      '23503',
      'runbook steps 5 and 7',
    ],
    [
      'a read-only default',
      (d: Monitored) => `alter role ${d.application} set default_transaction_read_only = on`,
      'default_transaction_read_only is on for role application_',
      'RESET default_transaction_read_only',
    ],
  ])('%s', async (_name, breaks, evidence, nextStep) => {
    const monitoredDatabase = await open();
    await monitoredDatabase.owner.query(A_RECORD);
    await monitoredDatabase.owner.query(breaks(monitoredDatabase));
    const verdict = await audit(monitoredDatabase, 'probe');
    expect(verdict.evidence).toContain('The write was refused');
    expect(verdict.evidence).toContain(evidence);
    expect(verdict.nextStep).toContain(nextStep);
    expect(JSON.stringify(verdict)).not.toContain('secret row');
    expect(await rowsOf(monitoredDatabase)).toBe(1);
  });

  test('a dropped table', async () => {
    const monitoredDatabase = await open();
    await monitoredDatabase.owner.query('drop table "AuditLog"');
    expect(await audit(monitoredDatabase, 'probe')).toMatchObject({ level: 'critical', nextStep: expect.stringContaining('step 8') });
  });

  test('a locked table, within the lock’s own timeout', async () => {
    const monitoredDatabase = await open();
    await monitoredDatabase.owner.query('begin; lock table "AuditLog" in share mode');
    const verdict = await audit(monitoredDatabase, 'probe');
    expect(verdict).toMatchObject({
      level: 'high',
      evidence: expect.stringMatching(/the table is locked: session \d+ holds a lock on "AuditLog", which the write needs, 55P03/),
      nextStep: expect.stringMatching(/^run `SELECT pg_terminate_backend\(\d+\);`, or see who holds the table/),
    });
    await monitoredDatabase.owner.query('rollback');
  });

  test.skipIf(!canMountDisks)('a full disk', async ({ onTestFinished }) => {
    const disk = smallDisk(inject('socketFolder'), '4m');
    onTestFinished(disk.remove);
    const monitoredDatabase = await open();
    const space = `probe_${process.pid}`;
    await monitoredDatabase.owner.query(`create tablespace ${space} location '${disk.folder}'`);
    await monitoredDatabase.owner.query(`alter table "AuditLog" set tablespace ${space}`);
    const fill = `insert into "AuditLog" select gen_random_uuid(), null, 'x', 'x', 'READ', repeat('x', 900), 'x', null, true, now() from generate_series(1, 7)`;
    await expect(
      (async () => {
        for (;;) await monitoredDatabase.owner.query(fill);
      })(),
    ).rejects.toMatchObject({ code: '53100' });
    await expect(
      (async () => {
        for (;;) await monitoredDatabase.owner.query(fill.replace('900', '1').replace('7', '1'));
      })(),
    ).rejects.toMatchObject({ code: '53100' });
    const before = await rowsOf(monitoredDatabase);
    expect(await audit(monitoredDatabase, 'probe')).toMatchObject({
      level: 'critical',
      evidence: "The write was refused: the database's disk is full, 53100.",
      nextStep: 'check the storage (runbook step 6)',
    });
    expect(await rowsOf(monitoredDatabase)).toBe(before);
    await monitoredDatabase.owner.query('drop table "AuditLog"');
    await monitoredDatabase.owner.query(`drop tablespace ${space}`);
  });
});

describe('the probe tells what happens before the write apart from a refusal of it', () => {
  test('no free connection for the role', async () => {
    const monitoredDatabase = await open();
    await monitoredDatabase.owner.query(`alter role ${monitoredDatabase.application} connection limit 0`);
    expect((await audit(monitoredDatabase, 'probe')).evidence).toBe('No write could be tried: the database has no free connection, 53300.');
  });

  test('an unknown role', async () => {
    const monitoredDatabase = await open();
    const writerUrl = monitoredDatabase.writerUrl.replace(monitoredDatabase.application, 'nobody_at_all');
    expect((await audit({ ...monitoredDatabase, writerUrl }, 'probe')).evidence).toContain('the role is unknown or may not connect, 28000');
  });

  test('a server that refuses, and one that never answers', async () => {
    const monitoredDatabase = await open();
    const refused = await audit({ ...monitoredDatabase, writerUrl: 'postgresql://app@127.0.0.1:1/clinic' }, 'probe');
    expect(refused).toMatchObject({
      level: 'critical',
      evidence: 'No write could be tried: the database server refuses connections, ECONNREFUSED.',
    });
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const hanging = await audit({ ...monitoredDatabase, writerUrl: `postgresql://app@127.0.0.1:${port}/clinic` }, 'probe');
    expect(hanging.evidence).toBe('No write could be tried: the database server does not answer.');
    silent.close();
  });
});

test('a probe whose connection is killed in the middle leaves no row', async () => {
  const monitoredDatabase = await open();
  await monitoredDatabase.owner.query(`
    create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(2); return new; end $$;
    create trigger slow after insert on "AuditLog" for each row execute function slow()`);
  const probing = audit(monitoredDatabase, 'probe');
  const killer = new pg.Client({ connectionString: monitoredDatabase.url });
  await killer.connect();
  await expect
    .poll(
      async () =>
        (
          await killer.query(
            `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'gapwatch-probe' and wait_event = 'PgSleep'`,
          )
        ).rowCount,
    )
    .toBe(1);
  await killer.end();
  expect((await probing).evidence).toContain('57P01');
  expect(await rowsOf(monitoredDatabase)).toBe(0);
});
