import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '#domain/base/policy.ts';
import type { Verdict } from '#domain/checks/verdict.ts';
import { audit, type Monitored, monitored } from '#harness/checks.ts';

let database: Monitored;
/** A login of Gapwatch's own, which is a member of the application's role; its address names it as a pooler does. */
let member: Monitored;

beforeEach(async () => {
  database = await monitored(`create table "AuditLog" (timestamp timestamptz not null, action text not null, tenant int);
    insert into "AuditLog" values (now(), 'READ', 1)`);
  const login = `${database.application}_login`;
  await database.owner.query(`create role ${login} login; grant ${database.application} to ${login}`);
  const url = new URL(database.writerUrl);
  url.username = login;
  member = { ...database, writerUrl: url.href };
});

afterEach(() => database.close());

const asApplication = (command: string) => audit(member, command, { role: database.application });
const figure = ({ figures }: Verdict, name: string) => figures.find((each) => each.name === name)?.value;

describe('AUDIT_WRITER_ROLE: a member writes as the application does', () => {
  test('the probe and permissions speak of the application’s role', async () => {
    expect((await asApplication('probe')).evidence).toContain(`as role ${database.application} (`);
    const verdict = await asApplication('permissions');
    expect(verdict.evidence).toBe(`Role ${database.application} may insert.`);
    expect(figure(verdict, 'Judged as')).toBe(`${database.application}, connected as ${database.application}_login`);
  });

  test.each([
    ['may not insert', 'revoke insert on "AuditLog" from ROLE', 'may not insert into the table', 'permission denied for table AuditLog'],
    ['reads only', 'alter role ROLE set default_transaction_read_only = on', 'default_transaction_read_only is on for role', '25006'],
    ['has no connections', 'alter role ROLE connection limit 0', 'has 0 of its 0 connections in use', 'A record can be written'],
    ['is expired', `alter role ROLE valid until '2020-01-01'`, 'has expired (VALID UNTIL)', 'A record can be written'],
  ])('the application’s role %s', async (_name, change, permissions, probe) => {
    await database.owner.query(change.replace('ROLE', database.application));
    expect(await asApplication('permissions')).toMatchObject({ level: 'critical', evidence: expect.stringContaining(permissions) });
    expect((await asApplication('probe')).evidence).toContain(probe);
  });

  test('its own statement_timeout holds for the member too, and is told', async () => {
    await database.owner.query(`alter role ${database.application} set statement_timeout = '300ms'; alter role ${database.application} nologin;
      create function f() returns trigger language plpgsql as $$ begin perform pg_sleep(2); return new; end $$;
      create trigger slow before insert on "AuditLog" for each row execute function f()`);
    expect((await asApplication('probe')).evidence).toContain("the role's own statement_timeout of 300 ms");
    const verdict = await asApplication('permissions');
    expect(figure(verdict, 'Settings of the role')).toContain('statement_timeout=300ms');
    expect(figure(verdict, 'May log in')).toBe('no (NOLOGIN)');
  });

  test('a policy that asks who writes lets the application in, and not the member by itself', async () => {
    await database.owner.query(`alter table "AuditLog" enable row level security; create policy s on "AuditLog" for select using (true);
      create policy only_it on "AuditLog" for insert with check (current_user = '${database.application}')`);
    expect((await asApplication('probe')).level).toBe('ok');
    expect(await audit(member, 'probe')).toMatchObject({
      level: 'unknown',
      evidence: expect.stringContaining('row-level security refuses our test record'),
    });
  });

  test('a member that may not become the role', async () => {
    await database.owner.query(`revoke ${database.application} from ${database.application}_login`);
    expect((await asApplication('probe')).evidence).toContain('No write could be tried');
  });
});

describe('who really connects is judged', () => {
  test('column grants alone are enough where they cover what must be filled', async () => {
    await database.owner.query(
      `revoke insert on "AuditLog" from ${database.application}; grant insert (timestamp, action) on "AuditLog" to ${database.application}`,
    );
    const verdict = await audit(database, 'permissions');
    expect(verdict).toMatchObject({ level: 'ok', evidence: `Role ${database.application} may insert.` });
    expect(figure(verdict, 'INSERT only into columns')).toBe('timestamp, action');
    await database.owner.query(`revoke insert (action) on "AuditLog" from ${database.application}`);
    expect(await audit(database, 'permissions')).toMatchObject({
      level: 'critical',
      evidence: `Role ${database.application} may not insert into column action, which must be filled.`,
    });
  });

  test('a user name of a pooler is not taken for the role', async () => {
    const verdict = await audit(
      {
        ...database,
        writerUrl: `${database.writerUrl}&user=${database.application}`.replace(`${database.application}@`, 'someone.project@'),
      },
      'permissions',
    );
    expect(verdict.evidence).toBe(`Role ${database.application} may insert.`);
  });

  test.each([
    ['NOLOGIN', 'alter role ROLE nologin', 'may not log in (NOLOGIN)', 'ALTER ROLE ROLE LOGIN;'],
    ['no connections', 'alter role ROLE connection limit 0', 'has 0 of its 0 connections in use', 'ALTER ROLE ROLE CONNECTION LIMIT -1;'],
  ])('%s: what keeps it from connecting is read by another way', async (_name, change, evidence, repair) => {
    const plain = (text: string) =>
      text.replace('ROLE ROLE', `ROLE ${database.application}`).replace('role ROLE', `role ${database.application}`);
    await database.owner.query(plain(change));
    const verdict = await audit(database, 'permissions');
    expect(verdict).toMatchObject({ level: 'critical', evidence: expect.stringContaining(evidence) });
    expect(figure(verdict, 'Repaired by')).toBe(plain(repair));
  });
});

describe('probe.insert in runbook.yaml', () => {
  const given = (insert: string) => audit(database, 'probe', { policy: { ...DEFAULT_POLICY, probe: { insert } } });

  test('is what is tried, and undone', async () => {
    await database.owner.query(`alter table "AuditLog" add code text not null default 'AB-1' check (code ~ '^[A-Z]+-\\d$')`);
    const verdict = await given(`insert into "AuditLog" (timestamp, action, code) values (now(), 'READ', 'X-1');`);
    expect(verdict).toMatchObject({
      level: 'ok',
      figures: expect.arrayContaining([{ name: 'Test record', value: 'the INSERT of `probe.insert` in runbook.yaml, undone' }]),
    });
    expect((await given(`insert into "AuditLog" (timestamp, action, code) values (now(), 'READ', 'bad')`)).evidence).toContain(
      'a check constraint refuses the record',
    );
  });

  test('a second statement, which could end the transaction, is refused by the server', async () => {
    expect((await given(`insert into "AuditLog" values (now(), 'READ', 1); commit`)).level).not.toBe('ok');
    const { rows } = await database.owner.query<{ count: number }>('select count(*)::int as count from "AuditLog"');
    expect(rows).toEqual([{ count: 1 }]);
  });
});
