import pLimit from 'p-limit';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '#domain/base/policy.ts';
import { withoutLiterals } from '#domain/checks/blocker-text.ts';
import { bars } from '#domain/checks/rate.ts';
import { audit, type Monitored, monitored, NO_SOURCES, RUNBOOK_COLUMNS, RUNBOOK_TABLE } from '#harness/checks.ts';
import { openAuditDatabase } from '#services/database/reader.ts';
import { checkVerdict } from '#workflows/checks/verdict.ts';

let database: Monitored;

beforeEach(async () => {
  database = await monitored(RUNBOOK_TABLE);
});

afterEach(() => database.close());

const record = `insert into "AuditLog" (id, "userEmail", "ipAddress", action, resource, "resourceId", success, timestamp)
  select gen_random_uuid()::text, 'x', 'x', 'READ', 'x', 'x', true, now() at time zone 'utc'`;

/** A policy that names the runbook's columns. */
const EXPECTING = { ...DEFAULT_POLICY, columns: RUNBOOK_COLUMNS };

describe('schema', () => {
  test('the runbook’s table is ok', async () => {
    expect(await audit(database, 'schema', { policy: EXPECTING })).toMatchObject({
      level: 'ok',
      evidence: 'The table has the 10 expected columns.',
    });
  });

  test('without `columns` in the policy nothing is compared, and the columns are listed', async () => {
    await database.owner.query('alter table "AuditLog" drop column resource');
    const verdict = await audit(database, 'schema');
    expect(verdict).toMatchObject({
      level: 'unknown',
      evidence: expect.stringContaining('with 9 columns; `columns` in runbook.yaml names none'),
    });
    expect(verdict.figures[0]).toEqual({ name: 'id', value: 'text, must be filled' });
  });

  test.each([
    ['a missing column', 'alter table "AuditLog" drop column resource', 'high', 'Missing column: resource'],
    [
      'a changed type',
      'alter table "AuditLog" alter column success type integer using 1',
      'medium',
      'success is integer, expected boolean',
    ],
    ['a changed nullability', 'alter table "AuditLog" alter column "userEmail" drop not null', 'medium', 'userEmail may be empty'],
    [
      'a new column that must be filled',
      'alter table "AuditLog" add tenant text not null',
      'high',
      'Unexpected column that must be filled: tenant',
    ],
    ['a missing index', 'drop index "AuditLog_timestamp_idx"', 'low', 'none leads with the timestamp column'],
  ])('%s', async (_name, change, level, figure) => {
    await database.owner.query(change);
    const verdict = await audit(database, 'schema', { policy: EXPECTING });
    expect(verdict.level).toBe(level);
    expect(verdict.figures.map(({ name, value }) => `${name}: ${value}`).join('\n')).toContain(figure);
  });

  test('a namesake in another schema does not double the columns, and a further column that may stay empty is no finding', async () => {
    await database.owner.query('create schema other; create table other."AuditLog" (id int); alter table "AuditLog" add note text');
    expect((await audit(database, 'schema', { policy: EXPECTING })).level).toBe('ok');
  });

  test('an index that a failed build left invalid is named', async () => {
    await database.owner.query(`${record} from generate_series(1, 2)`);
    await database.owner.query('create unique index concurrently broken on "AuditLog" (resource)').catch(() => undefined);
    expect((await audit(database, 'schema', { policy: EXPECTING })).figures).toContainEqual({ name: 'Invalid index', value: 'broken' });
  });

  test('a table that is not there is critical, and nothing says "recreate"', async () => {
    await database.owner.query('alter table "AuditLog" rename to audit_logs');
    const verdict = await audit(database, 'schema', { policy: EXPECTING });
    expect(verdict).toMatchObject({
      level: 'critical',
      evidence: "The audit table can't be read: there is no table named AuditLog (AUDIT_TABLE).",
    });
    expect(verdict.nextStep).toContain('compare AUDIT_TABLE with the database');
  });

  test('a role without any right on the table still sees that it is there', async () => {
    await database.owner.query(`create role blind_${process.pid} login`);
    const url = new URL(database.url);
    url.username = `blind_${process.pid}`;
    expect((await audit({ ...database, url: url.href }, 'schema', { policy: EXPECTING })).level).toBe('ok');
  });
});

describe('permissions', () => {
  test('a right that is inherited through a group counts, and is named', async () => {
    const group = `writers_${process.pid}`;
    await database.owner.query(`revoke insert on "AuditLog" from ${database.application}; create role ${group};
      grant insert on "AuditLog" to ${group}; grant ${group} to ${database.application}`);
    const verdict = await audit(database, 'permissions');
    expect(verdict.level).toBe('ok');
    expect(verdict.figures).toContainEqual({ name: 'INSERT granted to', value: expect.stringContaining(group) });
  });

  test.each([
    ['a revoked right', () => `revoke insert on "AuditLog" from ${database.application}`, 'may not insert into the table'],
    ['no USAGE on the schema', () => 'revoke usage on schema public from public', "has no USAGE on the table's schema"],
    ['row-level security without a policy', () => 'alter table "AuditLog" enable row level security', 'no policy lets role'],
  ])('%s is critical', async (_name, change, evidence) => {
    await database.owner.query(change());
    const verdict = await audit(database, 'permissions');
    expect(verdict).toMatchObject({ level: 'critical', evidence: expect.stringContaining(evidence) });
  });

  test('a policy that lets the role insert is enough, and triggers and constraints are listed', async () => {
    await database.owner.query(`
      alter table "AuditLog" enable row level security; create policy p on "AuditLog" for insert to ${database.application} with check (true);
      alter table "AuditLog" add constraint no_empty check (resource <> '');
      create function noop() returns trigger language plpgsql as $$ begin return new; end $$;
      create trigger append_only before insert on "AuditLog" for each row execute function noop()`);
    const verdict = await audit(database, 'permissions');
    expect(verdict).toMatchObject({ level: 'ok', evidence: expect.stringContaining('a trigger could still refuse a record') });
    expect(verdict.figures).toContainEqual({ name: 'Triggers', value: 'append_only on "AuditLog" (noop)' });
    expect(verdict.figures).toContainEqual({ name: 'Constraints that may refuse a record', value: expect.stringContaining('no_empty') });
  });
});

describe('locks', () => {
  test('nothing in the way is ok', async () => {
    expect(await audit(database, 'locks')).toMatchObject({ level: 'ok', evidence: 'Nothing keeps writes out of the table.' });
  });

  test('a session that holds the table, and one that waits for it, are seen; the statement without its literals', async () => {
    await database.owner.query('begin');
    await database.owner.query(`lock table "AuditLog" in share mode; select 'patient 4711', 4711`);
    const waiting = new pg.Client({ connectionString: database.writerUrl });
    await waiting.connect();
    const written = waiting.query(record);
    const verdict = await audit(database, 'locks');
    expect(verdict).toMatchObject({ level: 'critical', evidence: 'The table is locked against writes, and 1 waits for it.' });
    expect(verdict.figures[0]).toMatchObject({
      name: 'ShareLock on "AuditLog"',
      value: expect.stringMatching(/^session \d+ as gapwatch, for \d+ seconds?, idle in transaction: /),
    });
    expect(JSON.stringify(verdict)).not.toContain('4711');
    await database.owner.query('rollback');
    await written;
    await waiting.end();
  });

  test.each([
    ['rolled back', 'rollback', 'high', 'writes audit records and rolls them back'],
    ['kept', 'commit', 'ok', 'Nothing keeps writes out'],
  ])('records that the application writes and that are %s', async (_name, end, level, evidence) => {
    const application = new pg.Client({ connectionString: database.writerUrl });
    await application.connect();
    let stopped = false;
    const writing = (async () => {
      while (!stopped) {
        await application.query('begin');
        await application.query(record);
        await application.query(end);
        await application.query('select pg_sleep(0.2)');
      }
    })();
    const verdict = await audit(database, 'locks');
    stopped = true;
    await writing;
    await application.end();
    expect(verdict).toMatchObject({ level, evidence: expect.stringContaining(evidence) });
  });

  test.each([
    [`select * from "Patient" where id = 42 and name = 'O''Brien'`, 'select * from "Patient" where id = ? and name = ?'],
    [`update t set a = $$secret$$, b = E'x\\'y'`, 'update t set a = ?, b = ?y?'],
    [`select 'unclosed patient`, 'select ?'],
    ['<insufficient privilege>', 'its statement is not visible to our role'],
  ])('%s is shown as %s', (query, shape) => expect(withoutLiterals(query)).toBe(shape));
});

describe('rate', () => {
  test.each([
    [0, 'critical'],
    [49, 'high'],
    [50, 'ok'],
    [501, 'low'],
  ])('%i records in the last minute are %s', async (count, level) => {
    await database.owner.query(`${record} from generate_series(1, ${count})`);
    const verdict = await audit(database, 'rate');
    expect(verdict.level).toBe(level);
    expect(verdict.figures[1]?.value).toContain(`${count} records`);
  });

  test('silence is seen in the bars', () => expect(bars([10, 10, 5, 0, 1, 0])).toBe('██▄_▁_'));
});

describe('diagnose', () => {
  test('a healthy database → no cause found, and what is not configured is named', async () => {
    await database.owner.query(`${record} from generate_series(1, 300)`);
    const verdict = await audit(database, 'diagnose');
    expect(verdict.figures.map(({ name }) => name)).toEqual(['scope §2, medium', 'probe §4, ok', 'locks §5, ok', 'Not configured']);
    expect(verdict.figures.at(-1)?.value.split(', ').toSorted()).toEqual(['deploys', 'errors', 'health', 'logs']);
    expect(verdict).toMatchObject({
      level: 'medium',
      evidence: 'No check found a cause: the database takes audit records.',
      nextAction: { kind: 'command', command: '/audit deploys' },
    });
  });

  test('an unreachable database gives no verdict but "unknown", and says so for every check', async () => {
    const verdict = await audit({ url: 'postgresql://x@127.0.0.1:1/x', writerUrl: 'postgresql://x@127.0.0.1:1/x' }, 'diagnose');
    expect(verdict.level).toBe('unknown');
    expect(verdict.figures).toContainEqual({
      name: 'scope §2, unknown',
      value: 'The check could not be done: the database server refuses connections (ECONNREFUSED).',
    });
    expect(verdict.nextAction).toEqual({ kind: 'runbook', runbook: 'database-failure' });
  });
});

test('a check without its setting says which one', async () => {
  const auditDatabase = openAuditDatabase(
    { connections: pLimit(2), url: database.url, table: 'AuditLog', timestampColumn: 'timestamp' },
    () => undefined,
  );
  const context = {
    auditDatabase,
    auditTable: { database: 'clinic', tableName: 'AuditLog', column: 'timestamp', writerRole: null },
    policy: DEFAULT_POLICY,
    now: () => new Date(),
    sources: NO_SOURCES,
  };
  expect(await checkVerdict(context, 'probe', '')).toMatchObject({
    level: 'unknown',
    evidence: 'Not configured: set AUDIT_WRITER_DATABASE_URL.',
  });
  await auditDatabase.close();
});
