import pLimit from 'p-limit';
import pg from 'pg';
import { expect, test } from 'vitest';
import { probeSession } from '#domain/audit-table/probe/session.ts';
import { tableNamed } from '#domain/audit-table/sql.ts';
import { emptyDatabase } from '#harness/database.ts';
import { connectAuditWriter } from '#services/database/probe.ts';
import { openAuditDatabase } from '#services/database/reader.ts';

const DEADLINE = 60_000;

test('two connections at the same time, whoever wants more; the others come when a place is free', async () => {
  const url = await emptyDatabase('limit');
  const [holder, observer] = [new pg.Client({ connectionString: url }), new pg.Client({ connectionString: url })];
  await Promise.all([holder.connect(), observer.connect()]);
  await holder.query('create table held (id int); create table "AuditLog" (timestamp timestamp not null)');
  const connections = pLimit(2);
  const audit = openAuditDatabase({ connections, url, table: 'AuditLog', timestampColumn: 'timestamp' }, () => undefined);
  const writer = connectAuditWriter(url, connections);
  const waitingForLock = async () => {
    const { rows } = await observer.query<{ open: number; locked: number }>(
      `select count(*)::int as open, count(*) filter (where wait_event_type = 'Lock')::int as locked
       from pg_stat_activity where datname = current_database() and application_name like 'gapwatch%'`,
    );
    return rows[0];
  };
  const ended: string[] = [];
  const isOver = (name: string) => () => void ended.push(name);
  await holder.query('begin; lock table held');
  const all = Promise.all([
    audit.read({ text: 'select from held', values: [] }, DEADLINE).then(isOver('read')),
    audit.read({ text: 'select from held', values: [] }, DEADLINE).then(isOver('read')),
    writer.run(probeSession(tableNamed('public', 'AuditLog', 'timestamp'), { insert: null, isForced: false })).then(isOver('probe')),
  ]);
  await expect.poll(waitingForLock).toEqual({ open: 2, locked: 2 });
  expect([connections.activeCount, connections.pendingCount]).toEqual([2, 1]);
  expect(ended).toEqual([]);
  await holder.query('rollback');
  await all;
  expect(ended.toSorted()).toEqual(['probe', 'read', 'read']);
  expect(ended[0]).toBe('read');
  await Promise.all([audit.close(), holder.end(), observer.end()]);
});

test('a look that fails leaves its place', async () => {
  const url = await emptyDatabase('limit');
  const connections = pLimit(1);
  const audit = openAuditDatabase({ connections, url, table: 'AuditLog', timestampColumn: 'timestamp' }, () => undefined);
  await expect(audit.read({ text: 'select from nowhere', values: [] }, DEADLINE)).rejects.toThrow('the table');
  expect(await audit.read({ text: 'select 1 as one', values: [] }, DEADLINE)).toEqual([{ one: 1 }]);
  await audit.close();
});
