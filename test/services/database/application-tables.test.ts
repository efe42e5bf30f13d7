import pLimit from 'p-limit';
import { afterEach, describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '#domain/base/policy.ts';
import { MINUTE, plus } from '#domain/base/time.ts';
import { evaluate, raisedAlarms } from '#domain/watch/evaluate.ts';
import { observe } from '#domain/watch/observe.ts';
import { initialWatchState } from '#domain/watch/state.ts';
import { APPLICATION_TABLES } from '#harness/audit-tables.ts';
import { audit, type Monitored, monitored, NO_SOURCES } from '#harness/checks.ts';
import { connectAuditWriter } from '#services/database/probe.ts';
import { openAuditDatabase } from '#services/database/reader.ts';
import { runProgram } from '#workflows/checks/run-program.ts';

let database: Monitored | undefined;

afterEach(async () => {
  await database?.close();
  database = undefined;
});

/** The schema with everything the application needs to write into it. */
async function open(schema: string): Promise<Monitored> {
  database = await monitored(schema);
  const { owner, application } = database;
  await owner.query(`do $$ declare s name; begin for s in select nspname from pg_namespace where nspname in ('audit', 'hdb') loop
    execute format('grant usage on schema %1$I to ${application}; grant select, insert on all tables in schema %1$I to ${application}; grant usage on all sequences in schema %1$I to ${application}', s); end loop; end $$`);
  return database;
}

describe.each(APPLICATION_TABLES)('$what', ({ schema, record, tableName, column }) => {
  test('the probe takes a copy of the newest record; with no record, and where it may not read, it never calls a refusal of its own the application’s', async () => {
    const monitoredDatabase = await open(schema);
    const { owner, application } = monitoredDatabase;
    const setting = { tableName, column };
    const empty = await audit(monitoredDatabase, 'probe', setting);
    expect(['ok', 'unknown', 'critical']).toContain(empty.level);
    expect(empty.evidence).not.toContain('refused:');
    await owner.query(record);
    const copied = await audit(monitoredDatabase, 'probe', setting);
    expect(copied).toMatchObject({ level: 'ok', evidence: expect.stringContaining('A record can be written') });
    expect(copied.figures[0]).toEqual({ name: 'Test record', value: 'a copy of the newest real record, made inside the database, undone' });
    const sql = tableName
      .split('.')
      .map((part) => `"${part}"`)
      .join('.');
    const count = async () => (await owner.query<{ count: number }>(`select count(*)::int as count from ${sql}`)).rows[0]?.count;
    expect(await count()).toBe(1);
    await owner.query(`revoke select on ${sql} from ${application}`);
    expect((await audit(monitoredDatabase, 'probe', setting)).evidence).not.toContain('refused:');
    expect(await count()).toBe(1);
    expect((await audit(monitoredDatabase, 'scope', setting)).evidence).toContain('1 record in the last 5 minutes');
  });
});

describe('a quiet night on a table that no made-up record fits raises no AuditLogWriteError', () => {
  test.each([
    ['a document that must not be empty', 'details jsonb not null', `'{}'`],
    ['a CHECK', `resource text not null check (resource ~ '^[A-Z][a-z]+$')`, `'Patient'`],
    ['a foreign key', 'patient int not null references patients', '7'],
  ])('%s, whether the application may read its table or not', async (_name, definition, value) => {
    const name = definition.split(' ')[0];
    const { owner, application, url, writerUrl } = await open(`create table patients (id int primary key); insert into patients values (7);
      create table "AuditLog" (timestamp timestamptz not null, ${definition}); create index on "AuditLog" (timestamp);
      insert into "AuditLog" select at, ${value} from generate_series(now() - interval '15 days', now() - interval '4 minutes', '20 minutes') as at`);
    const connections = pLimit(2);
    const auditDatabase = openAuditDatabase({ connections, url, table: 'AuditLog', timestampColumn: 'timestamp' }, () => undefined);
    const now = new Date();
    const context = {
      auditDatabase,
      auditTable: { database: 'clinic', tableName: 'AuditLog', column: 'timestamp', writerRole: application },
      policy: DEFAULT_POLICY,
      now: () => now,
      sources: { ...NO_SOURCES, auditWriter: { service: connectAuditWriter(writerUrl, connections) } },
    };
    for (const [right, expected] of [
      ['grant', 'written'],
      ['revoke', 'unreached'],
    ] as const) {
      await owner.query(`${right} select on "AuditLog", patients ${right === 'grant' ? 'to' : 'from'} ${application}`);
      let state = initialWatchState('clinic/AuditLog', plus(now, -60 * MINUTE));
      for (const minutes of [0, 1, 2, 3]) {
        const at = plus(now, minutes * MINUTE);
        const watching = {
          tableName: 'AuditLog',
          column: 'timestamp',
          known: { table: null, lastKnown: null },
          state,
          policy: DEFAULT_POLICY,
          now: at,
        };
        const { seen } = await runProgram(context, observe(watching), 10_000, async () => null);
        if (minutes === 0) expect(seen.probe.kind).toBe(right === 'revoke' && name === 'details' ? 'written' : expected);
        state = evaluate(state, seen, DEFAULT_POLICY);
      }
      expect(raisedAlarms(state)).not.toContain('AuditLogWriteError');
    }
    await auditDatabase.close();
  });
});
