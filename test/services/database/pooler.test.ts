import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { tableNamed } from '#domain/audit-table/sql.ts';
import { audit, type Monitored, monitored } from '#harness/checks.ts';
import { openPooler, type Pooler } from '#harness/pooler.ts';
import { connectAuditArchive } from '#services/database/archive-source.ts';
import { connectTableRecreation } from '#services/database/table-recreation.ts';

let database: Monitored;
let pooler: Pooler;
let through: Monitored;

beforeAll(async () => {
  database = await monitored(`create table "AuditLog" (id text primary key default gen_random_uuid()::text, timestamp timestamptz not null);
    create index on "AuditLog" (timestamp); insert into "AuditLog" (timestamp) select now() - n * interval '1 minute' from generate_series(0, 200) as n`);
  await database.owner.query(
    `alter table "AuditLog" owner to ${database.application}; grant create on schema public to ${database.application}`,
  );
  pooler = await openPooler(inject('socketFolder'));
  through = { ...database, url: pooler.urlOf(database.url), writerUrl: pooler.urlOf(database.writerUrl) };
});

afterAll(async () => {
  await pooler.close();
  await database.close();
});

test.each(['scope', 'gaps 2h', 'rate', 'probe', 'permissions', 'locks', 'schema', 'storage'])(
  '/audit %s works through a pooler',
  async (command) => {
    const verdict = await audit(through, command);
    expect(verdict.evidence).not.toMatch(/could not be done|could be tried|can't be read|08P01/);
  },
  30_000,
);

test('what a client of the driver sets by itself at the start is refused, as PgBouncer does', async () => {
  const url = new URL(through.url);
  url.searchParams.set('options', '-c statement_timeout=1');
  expect((await audit({ ...through, url: url.href }, 'scope')).evidence).toContain('the connection pooler refused the connection (08P01)');
});

test('the remedies work through a pooler, and leave nothing set in the session', async () => {
  const archive = connectAuditArchive(through.writerUrl, 'AuditLog', 'timestamp');
  const { table, archivable } = await archive.inventory(new Date());
  expect(archivable).toBeDefined();
  expect(await archive.vacuum(table, false)).toEqual([]);
  const recreation = connectTableRecreation(through.writerUrl, 'AuditLog', 'timestamp');
  expect(await recreation.status()).toMatchObject({ kind: 'there', rows: 201 });
  const backup = tableNamed('public', 'AuditLog_backup', 'timestamp');
  const { rights } = await recreation.backUp(table, backup);
  expect(await recreation.restore(backup, rights)).toMatchObject({ inserted: 0, missing: 0, rows: 201 });
});
