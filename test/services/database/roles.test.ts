import { readFile } from 'node:fs/promises';
import pLimit from 'p-limit';
import pg from 'pg';
import { expect, test } from 'vitest';
import { probeSession } from '#domain/audit-table/probe/session.ts';
import { tableNamed } from '#domain/audit-table/sql.ts';
import { MINUTE, plus } from '#domain/base/time.ts';
import { emptyDatabase } from '#harness/database.ts';
import { connectAuditWriter } from '#services/database/probe.ts';
import { openAuditDatabase } from '#services/database/reader.ts';

/** Runs docs/database-roles.sql as psql would, with the role named for this test: roles are the server's. */
async function createRoles(client: pg.Client, grant: 'table' | 'column'): Promise<string> {
  const role = `gapwatch_reader_${grant}_${process.pid}`;
  const application = `roles_application_${grant}_${process.pid}`;
  await client.query(`create role ${application}; grant insert on "AuditLog" to ${application}`);
  const text = await readFile('docs/database-roles.sql', 'utf8');
  const columnGrant = /^--\s+(grant select \("timestamp", action, resource\).*)$/m.exec(text)?.[1] ?? 'the column grant is missing';
  const script = text
    .replace(/^grant select on table.*$/m, (line) => (grant === 'column' ? columnGrant : line))
    .replaceAll(':table', '"AuditLog"')
    .replaceAll(':reader_password', "'secret'")
    .replaceAll(':writer_password', "'secret'")
    .replaceAll(':application', application)
    .replaceAll('gapwatch_reader', role)
    .replaceAll('gapwatch_writer', `${role}_w`);
  await client.query(script);
  return role;
}

/** A reading of an incident that begins now. */
const request = () => ({ countedFrom: new Date(), since: plus(new Date(), -2 * MINUTE), inside: [] });

test.each(['table', 'column'] as const)(
  'a role with the rights of docs/database-roles.sql (%s grant) can look, and can change nothing',
  async (grant) => {
    const url = await emptyDatabase('roles');
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query('create table "AuditLog" ("userEmail" text, timestamp timestamp(3) not null, action text, resource text)');
    await client.query('create index on "AuditLog" (timestamp)');
    await client.query(`insert into "AuditLog" values ('somebody', now() at time zone 'utc' - interval '10 minutes')`);
    const role = await createRoles(client, grant);
    const reader = new URL(url);
    reader.username = role;
    const audit = openAuditDatabase(
      { connections: pLimit(2), url: reader.href, table: 'AuditLog', timestampColumn: 'timestamp' },
      () => undefined,
    );
    const reading = await audit.reading(request(), 5 * MINUTE, 5_000);
    expect(reading).toMatchObject({ kind: 'seen', lastMinute: 0, firstAfter: null, silences: [{ end: 'ongoing' }] });

    const direct = new pg.Client({ connectionString: reader.href });
    await direct.connect();
    await expect(direct.query(`insert into "AuditLog" values ('x', now())`)).rejects.toMatchObject({
      code: expect.stringMatching(/25006|42501/),
    });
    await direct.query('set default_transaction_read_only = off');
    await expect(direct.query('delete from "AuditLog"')).rejects.toMatchObject({ code: '42501' });

    const writer = new URL(url);
    writer.username = `${role}_w`;
    const table = tableNamed('public', 'AuditLog', 'timestamp');
    const tryWrite = () => connectAuditWriter(writer.href, pLimit(2)).run(probeSession(table, { insert: null, isForced: false }));
    expect(await tryWrite()).toMatchObject({ kind: 'written' });
    await client.query(`revoke insert on "AuditLog" from roles_application_${grant}_${process.pid}`);
    expect(await tryWrite()).toMatchObject({ kind: 'refused', failure: { stage: 'insert', code: '42501' } });
    await Promise.all([direct.end(), audit.close(), client.end()]);
  },
);

test.each([
  ['a name with a dot', 'odd.name', 'public."odd.name"'],
  ['a name with a quote', 'odd"name', '"odd""name"'],
  ['a schema and a name', 'audit.audit_logs', 'audit.audit_logs'],
])('%s is found as it is written in the database', async (_what, setting, quoted) => {
  const url = await emptyDatabase('names');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`create schema audit; create table ${quoted} (timestamp timestamptz not null)`);
  const audit = openAuditDatabase({ connections: pLimit(2), url, table: setting, timestampColumn: 'timestamp' }, () => undefined);
  expect(await audit.reading(request(), 5 * MINUTE, 5_000)).toMatchObject({ kind: 'seen', lastRecordAt: null });
  await Promise.all([audit.close(), client.end()]);
});

test('a table or column that is not there is told by its setting', async () => {
  const url = await emptyDatabase('missing');
  const audit = openAuditDatabase({ connections: pLimit(2), url, table: 'AuditLog', timestampColumn: 'timestamp' }, () => undefined);
  expect(await audit.reading(request(), 5 * MINUTE, 5_000)).toEqual({
    kind: 'unseen',
    failure: 'there is no table named AuditLog (AUDIT_TABLE)',
  });
  await audit.close();
});
