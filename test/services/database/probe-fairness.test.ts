import { afterEach, describe, expect, test } from 'vitest';
import { audit, type Monitored, monitored } from '#harness/checks.ts';

let database: Monitored | undefined;

afterEach(async () => {
  await database?.close();
  database = undefined;
});

const T = 'timestamp timestamptz not null';

/** The probe on a table made by `schema`, and the rows that are left in it. */
async function probe(schema: string, tableName = 'AuditLog') {
  database = await monitored(schema);
  const { owner } = database;
  const count = async () => (await owner.query<{ count: number }>(`select count(*)::int as count from "${tableName}"`)).rows[0]?.count;
  const before = await count();
  const verdict = await audit(database, 'probe', { tableName });
  expect(await count()).toBe(before);
  return verdict;
}

describe('an empty table: values from the catalogue fit every type', () => {
  test.each([
    ['json', 'json'],
    ['jsonb', 'jsonb'],
    ['xml', 'xml'],
    ['bytea', 'bytea'],
    ['macaddr', 'macaddr'],
    ['tsvector', 'tsvector'],
    ['a bit string', 'bit(8)'],
    ['a varying one', 'bit varying(5)'],
    ['"char"', '"char"'],
    ['a point', 'point'],
    ['a box', 'box'],
    ['a polygon', 'polygon'],
    ['a range', 'tstzrange'],
    ['a multirange', 'int4multirange'],
    ['an array', 'uuid[]'],
    ['an array of an array', 'int[][]'],
    ['a composite', 'pair'],
    ['an enum', 'mood'],
    ['a domain over an enum', 'mood_domain'],
    ['a domain over a domain over an enum', 'nested_domain'],
    ['a domain over jsonb', 'document'],
    ['a domain with a CHECK on an e-mail', 'email'],
    ['a domain with a CHECK on a number', 'positive'],
    ['a domain with a default that its CHECK wants', 'with_default'],
    ['an interval', 'interval'],
    ['money', 'money'],
    ['inet', 'inet'],
    ['cidr', 'cidr'],
    ['varchar(3)', 'varchar(3)'],
    ['numeric', 'numeric(4, 2)'],
    ['a name', 'name'],
    ['an LSN', 'pg_lsn'],
    ['a date', 'date'],
    ['a time', 'time'],
  ])('%s', async (_name, type) => {
    const verdict = await probe(`
      create type pair as (a int, b jsonb);
      create type mood as enum ('calm', 'o''clock');
      create domain mood_domain as mood; create domain nested_domain as mood_domain; create domain document as jsonb;
      create domain email as text check (value ~ '@'); create domain positive as int check (value >= 1);
      create domain with_default as text default 'z' check (value = 'z');
      create table "AuditLog" (${T}, it ${type} not null)`);
    expect(verdict).toMatchObject({ level: 'ok', evidence: expect.stringContaining('A record can be written as role application_') });
  });

  test.each([
    ['a NOT NULL domain on a column that may be empty', `create domain nn as text not null; create table "AuditLog" (${T}, it nn)`],
    ['a CHECK that lists values', `create table "AuditLog" (${T}, action text not null check (action in ('I', 'D')))`],
    ['a CHECK of a single value', `create table "AuditLog" (${T}, action text not null check (action = 'I'))`],
    ['a CHECK on the length', `create table "AuditLog" (${T}, hash text not null check (length(hash) = 64))`],
    ['a CHECK on a number', `create table "AuditLog" (${T}, version int not null check (version >= 1))`],
    [
      'a foreign key',
      `create table u (id int primary key); insert into u values (7); create table "AuditLog" (${T}, user_id int not null references u)`,
    ],
    [
      'a foreign key of two columns',
      `create table u (a int, b text, primary key (a, b)); insert into u values (7, 'x'), (8, 'a');
       create table "AuditLog" (${T}, ua int not null, ub text not null, foreign key (ua, ub) references u)`,
    ],
    ['an identity ALWAYS', `create table "AuditLog" (id int generated always as identity primary key, ${T})`],
    ['a generated column', `create table "AuditLog" (${T}, it int generated always as (1) stored)`],
  ])('%s', async (_name, schema) => {
    expect((await probe(schema)).level).toBe('ok');
  });
});

describe('a table with records: a copy of the newest one fits what no made-up value does', () => {
  test.each([
    [
      'a coupled CHECK',
      `create table "AuditLog" (${T}, op text not null, old jsonb, check ((op = 'I') = (old is null))); insert into "AuditLog" values (now(), 'U', '{}')`,
    ],
    [
      'a regular expression',
      `create table "AuditLog" (${T}, code text not null check (code ~ '^[A-Z]{2}-\\d{4}$')); insert into "AuditLog" values (now(), 'AB-1234')`,
    ],
    [
      'upper case',
      `create table "AuditLog" (${T}, code text not null check (code = upper(code))); insert into "AuditLog" values (now(), 'ABC')`,
    ],
    [
      'a hash of 64 characters as key',
      `create table "AuditLog" (${T}, hash text primary key check (hash ~ '^[0-9a-f]{64}$')); insert into "AuditLog" values (now(), repeat('ab', 32))`,
    ],
    [
      'a unique number of a stream that is a foreign key',
      `create table stream (id int primary key); insert into stream values (3);
       create table "AuditLog" (${T}, stream int not null references stream, seq bigint not null check (seq > 0), unique (stream, seq)); insert into "AuditLog" values (now(), 3, 1)`,
    ],
    ['a key made by the application', `create table "AuditLog" (id bigint primary key, ${T}); insert into "AuditLog" values (0, now())`],
    ['an inet key', `create table "AuditLog" (id inet unique not null, ${T}); insert into "AuditLog" values ('10.0.0.1', now())`],
    [
      'a cuid as key',
      `create table "AuditLog" (id varchar(25) primary key, ${T}); insert into "AuditLog" values ('ckopqwooh000001la8mbi2im9', now())`,
    ],
    [
      'a range partition by id',
      `create table "AuditLog" (id bigint generated by default as identity, ${T}, primary key (id)) partition by range (id);
       create table p1 partition of "AuditLog" for values from (1) to (1000000); insert into "AuditLog" (timestamp) values (now())`,
    ],
    [
      'a tenant in the policy’s column, whose policy lets the tenant of the record in',
      `create table "AuditLog" (${T}, tenant int not null); alter table "AuditLog" enable row level security;
       create policy s on "AuditLog" for select using (true); create policy i on "AuditLog" for insert with check (tenant = 4); insert into "AuditLog" values (now(), 4)`,
    ],
    [
      'a key with a default',
      `create table "AuditLog" (id uuid primary key default gen_random_uuid(), ${T}); insert into "AuditLog" (timestamp) values (now())`,
    ],
    [
      'no index, an endless and a future date',
      `create table "AuditLog" (${T}); insert into "AuditLog" values ('infinity'), ('2099-01-01')`,
    ],
  ])('%s', async (_name, schema) => {
    expect(await probe(schema)).toMatchObject({ level: 'ok', evidence: expect.stringContaining('A record can be written') });
  });

  test('the copy runs a default that calls a function of the application, so that a lost right is seen', async () => {
    database = await monitored(`
      create function made() returns text language sql as $$ select 'x' $$;
      create table "AuditLog" (id text default made(), ${T}); insert into "AuditLog" (timestamp) values (now());
      revoke execute on function made() from public`);
    expect(await audit(database, 'probe')).toMatchObject({
      level: 'critical',
      evidence: 'The write was refused: permission denied for function made, 42501.',
      nextStep: expect.stringContaining(`GRANT EXECUTE ON FUNCTION made TO ${database.application};`),
    });
  });

  test('columns that the application may not read are made up', async () => {
    database = await monitored(`create table "AuditLog" (${T}, action text not null); insert into "AuditLog" values (now(), 'READ')`);
    await database.owner.query(
      `revoke select on "AuditLog" from ${database.application}; grant select (timestamp) on "AuditLog" to ${database.application}`,
    );
    expect(await audit(database, 'probe')).toMatchObject({ level: 'ok' });
  });

  test('with column grants alone the probe names only what the application may write', async () => {
    database = await monitored(
      `create table "AuditLog" (${T}, action text not null, note text); insert into "AuditLog" values (now(), 'READ', 'x')`,
    );
    await database.owner.query(
      `revoke insert on "AuditLog" from ${database.application}; grant insert (timestamp, action) on "AuditLog" to ${database.application}`,
    );
    expect(await audit(database, 'probe')).toMatchObject({ level: 'ok' });
  });
});

describe('a refusal that hangs on a value of ours is unknown, and names what did not fit', () => {
  test.each([
    [
      'a CHECK that no made-up value fits',
      `create table "AuditLog" (${T}, code text not null constraint coded check (code ~ '^[A-Z]{9}$'))`,
      'constraint coded',
    ],
    [
      'a parent that is empty',
      `create table u (id int primary key); create table "AuditLog" (${T}, user_id int not null constraint of_user references u)`,
      'column user_id',
    ],
    [
      'a policy on the session’s tenant',
      `create table "AuditLog" (${T}, tenant int); alter table "AuditLog" enable row level security;
      create policy i on "AuditLog" for insert with check (tenant = nullif(current_setting('app.tenant', true), '')::int)`,
      'row-level security',
    ],
    [
      'a CHECK that couples the time',
      `create table "AuditLog" (${T}, until timestamptz not null, constraint later check (until > timestamp));
       insert into "AuditLog" values (now() - interval '2 hours', now() - interval '1 hour')`,
      'constraint later',
    ],
    [
      'a default that reads a setting',
      `create table "AuditLog" (${T}, tenant text default current_setting('app.tenant'))`,
      'a setting that only the application',
    ],
    [
      'a trigger that wants a setting',
      `create table "AuditLog" (${T}); create function f() returns trigger language plpgsql as $$ begin perform current_setting('app.user'); return new; end $$;
      create trigger t before insert on "AuditLog" for each row execute function f()`,
      'a setting that only the application',
    ],
    [
      'a trigger that refuses a made-up record',
      `create table "AuditLog" (${T}); create function f() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
      create trigger t before insert on "AuditLog" for each row execute function f()`,
      'function f, P0001',
    ],
    [
      'a join view',
      `create table a (id int, ${T}); create table b (id int); create view "AuditLog" as select a.id, timestamp from a join b using (id)`,
      'Nothing can be inserted into AuditLog',
    ],
  ])('%s', async (_name, schema, words) => {
    const verdict = await probe(schema);
    expect(verdict).toMatchObject({ level: 'unknown', evidence: expect.stringContaining(words) });
    expect(verdict.nextAction).not.toEqual({ kind: 'runbook', runbook: 'database-failure' });
  });
});

describe('a table that accepts a record and stores nothing is no OK', () => {
  const TABLE = `create table "AuditLog" (${T});`;
  const trigger = (body: string, timing = 'before') =>
    `create function f() returns trigger language plpgsql as $$ begin ${body} end $$; create trigger t ${timing} insert on "AuditLog" for each row execute function f();`;
  test.each([
    ['a rule', `${TABLE} create rule keep as on insert to "AuditLog" do instead nothing`, 'rule keep discards it'],
    ['a BEFORE trigger', `${TABLE} ${trigger('return null;')}`, 'trigger t on "AuditLog" discards it'],
  ])('%s', async (_name, schema, words) => {
    expect(await probe(schema)).toMatchObject({
      level: 'critical',
      evidence: `The table accepted the record and stored nothing: ${words}.`,
      nextAction: { kind: 'command', command: '/audit permissions' },
    });
  });

  test('a trigger that puts the record into a child table stores it, whatever the server counts', async () => {
    const verdict =
      await probe(`${TABLE} create table child () inherits ("AuditLog"); ${trigger('insert into child values (new.timestamp); return null;')}
      grant insert on child to public`);
    expect(verdict.level).toBe('ok');
  });

  test('a trigger that puts it elsewhere is named, and so is the other table', async () => {
    const verdict = await probe(
      `${TABLE} create table elsewhere (t timestamptz); ${trigger('insert into elsewhere values (new.timestamp); return null;')}`,
    );
    expect(verdict.figures).toContainEqual({ name: 'Stored instead in', value: 'elsewhere' });
  });
});

test('a trigger that changes the time of a record is no OK', async () => {
  const verdict = await probe(`create table "AuditLog" (${T}); insert into "AuditLog" values (now());
    create function f() returns trigger language plpgsql as $$ begin new.timestamp := '1970-01-01Z'; return new; end $$;
    create trigger t before insert on "AuditLog" for each row execute function f()`);
  expect(verdict).toMatchObject({ level: 'high', evidence: expect.stringContaining('a trigger changes its time') });
});

describe('the probe leaves no trace', () => {
  test.each([
    ['a serial', 'id bigserial primary key'],
    ['an identity', 'id int generated always as identity primary key'],
    ['a number inside a text', `id text primary key default 'A' || nextval('numbers')`],
  ])('%s uses up no number', async (_name, column) => {
    database = await monitored(
      `create sequence numbers; create table "AuditLog" (${column}, ${T}); insert into "AuditLog" (timestamp) values (now())`,
    );
    for (const _each of [1, 2, 3]) expect((await audit(database, 'probe')).level).toBe('ok');
    const { rows } = await database.owner.query<{ id: string }>(`insert into "AuditLog" (timestamp) values (now()) returning id::text`);
    expect(rows[0]?.id.replace('A', '')).toBe('2');
  });

  test('what acts outside the transaction is named and not tried, unless a person asks for it', async () => {
    database =
      await monitored(`create table "AuditLog" (${T}); create function dblink_exec(text) returns text language sql as $$ select $1 $$;
      create function notify() returns void language plpgsql as $$ begin perform dblink_exec('insert'); end $$;
      create function f() returns trigger language plpgsql as $$ begin perform notify(); return new; end $$;
      create trigger outward after insert on "AuditLog" for each row execute function f()`);
    expect(await audit(database, 'probe')).toMatchObject({
      level: 'unknown',
      evidence: expect.stringContaining('No write was tried'),
      figures: [{ name: 'Trigger outward on "AuditLog"', value: 'calls dblink_exec' }],
      nextAction: { kind: 'command', command: '/audit probe anyway' },
    });
    expect((await audit(database, 'probe anyway')).level).toBe('ok');
  });

  test('the role’s own statement_timeout is honoured', async () => {
    database =
      await monitored(`create table "AuditLog" (${T}); create function f() returns trigger language plpgsql as $$ begin perform pg_sleep(2); return new; end $$;
      create trigger slow before insert on "AuditLog" for each row execute function f()`);
    await database.owner.query(`alter role ${database.application} set statement_timeout = '300ms'`);
    expect(await audit(database, 'probe')).toMatchObject({
      level: 'high',
      evidence: "The write was refused: it took longer than the role's own statement_timeout of 300 ms, 57014.",
    });
  });
});
