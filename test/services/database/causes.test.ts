import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import type { Verdict } from '#domain/checks/verdict.ts';
import { audit, type Monitored, monitored } from '#harness/checks.ts';

let database: Monitored;
let other: pg.Client | undefined;

afterEach(async () => {
  await other?.end();
  other = undefined;
  await database.close();
});

const TABLE = `create table "AuditLog" (id bigserial primary key, timestamp timestamptz not null);
  create index on "AuditLog" (timestamp); insert into "AuditLog" (timestamp) values (now() - interval '10 minutes');`;
const FUNCTION = 'create function f() returns trigger language plpgsql as';
const trigger = (body: string, on = '"AuditLog"') =>
  `${FUNCTION} $$ begin ${body} return new; end $$; create trigger t before insert on ${on} for each row execute function f();`;
const PARTITIONS = `create table "AuditLog" (timestamp timestamptz not null) partition by range (timestamp);
  create table old_month partition of "AuditLog" for values from ('2020-01-01') to ('2020-02-01');`;
const CENTURY = `${PARTITIONS} create table century partition of "AuditLog" for values from ('2020-02-01') to ('2100-01-01');
  insert into "AuditLog" values (now() - interval '10 minutes');`;

type Cause = {
  readonly what: string;
  readonly schema: string;
  readonly breaks?: (application: string) => string;
  /** What the probe says, and what the check behind its button says. */
  readonly probe: string;
  readonly repair?: string;
  readonly next: string;
  readonly answer: string;
};

const check = (command: string) => audit(database, command);

const CAUSES: readonly Cause[] = [
  {
    what: 'INSERT was revoked',
    schema: TABLE,
    breaks: (role) => `revoke insert on "AuditLog" from ${role}`,
    probe: 'permission denied for table AuditLog, 42501',
    repair: 'GRANT INSERT ON "AuditLog" TO ROLE;',
    next: '/audit permissions',
    answer: 'may not insert into the table',
  },
  {
    what: 'USAGE on the id sequence is lost',
    schema: TABLE,
    breaks: (role) => `revoke all on sequence "AuditLog_id_seq" from ${role}`,
    probe: 'permission denied for sequence "AuditLog_id_seq", 42501',
    repair: 'GRANT USAGE ON SEQUENCE "AuditLog_id_seq" TO ROLE;',
    next: '/audit permissions',
    answer: 'may not use sequence "AuditLog_id_seq"',
  },
  {
    what: 'the sequence is exhausted',
    schema: `create sequence s maxvalue 3; select setval('s', 3); create table "AuditLog" (id int primary key default nextval('s'), timestamp timestamptz not null)`,
    probe: 'sequence s is exhausted, 2200H',
    repair: 'ALTER SEQUENCE s NO MAXVALUE;',
    next: '/audit permissions',
    answer: 'sequence s is exhausted',
  },
  {
    what: 'the int4 key overflows',
    schema: `create sequence s; select setval('s', 2147483647); create table "AuditLog" (id int primary key default nextval('s'), timestamp timestamptz not null)`,
    probe: 'the next number of sequence s is too large for its column, 22003',
    repair: 'ALTER TABLE "AuditLog" ALTER COLUMN id TYPE bigint;',
    next: '/audit permissions',
    answer: 'the next number of sequence s is too large for its column',
  },
  {
    what: 'the sequence is behind after a restore',
    schema: `${TABLE} insert into "AuditLog" (id, timestamp) values (2, now() - interval '1 hour')`,
    probe: 'sequence "AuditLog_id_seq" is behind: its next number is taken already, 23505',
    repair: `SELECT setval('"AuditLog_id_seq"', (SELECT max(id) FROM "AuditLog"));`,
    next: '/audit permissions',
    answer: 'is behind',
  },
  {
    what: 'EXECUTE on a default’s function is lost',
    schema: `create function made() returns text language sql as $$ select 'x' $$; revoke execute on function made() from public; ${TABLE} alter table "AuditLog" add it text default made()`,
    probe: 'permission denied for function made, 42501',
    repair: 'GRANT EXECUTE ON FUNCTION made TO ROLE;',
    next: '/audit permissions',
    answer: 'permission denied for function made',
  },
  {
    what: 'a new restrictive policy lets nothing in',
    schema: `${TABLE} alter table "AuditLog" enable row level security; create policy seen on "AuditLog" for select using (true);
      create policy ok on "AuditLog" for insert with check (true); create policy no on "AuditLog" as restrictive for insert with check (false)`,
    probe: 'row-level security refuses the record (policy no), 42501',
    next: '/audit permissions',
    answer: 'Restrictive policy no lets no record in',
  },
  {
    what: 'the policy’s condition became false for real records',
    schema: `${TABLE} alter table "AuditLog" enable row level security; create policy seen on "AuditLog" for select using (true);
      create policy narrow on "AuditLog" for insert with check (timestamp < '2020-01-01')`,
    probe: 'row-level security refuses the record (policy narrow), 42501',
    next: '/audit permissions',
    answer: 'row-level security refuses the record (policy narrow)',
  },
  {
    what: 'a trigger writes to a table that is missing',
    schema: `${TABLE} ${trigger('insert into audit_outbox values (1);')}`,
    probe: 'a trigger needs something that is missing (function f, relation audit_outbox), 42P01',
    next: '/audit permissions',
    answer: 'a trigger needs something that is missing (function f, relation audit_outbox)',
  },
  {
    what: 'a trigger needs a column that is missing',
    schema: `${TABLE} create table heads (a int); ${trigger('update heads set hash = 1;')}`,
    probe: 'a trigger needs something that is missing (function f, column hash), 42703',
    next: '/audit permissions',
    answer: 'function f, column hash',
  },
  {
    what: 'a function of an extension is not found',
    schema: `${TABLE} ${trigger(`perform digest('x', 'sha256');`)}`,
    probe: 'a trigger needs something that is missing (function f, function digest), 42883',
    next: '/audit permissions',
    answer: 'function f, function digest',
  },
  {
    what: 'a trigger may not write into its own table',
    schema: `${TABLE} ${trigger('insert into heads values (1);')}`,
    breaks: (role) => `create table heads (a int); revoke all on heads from ${role}`,
    probe: 'a trigger is denied what it needs (function f, table heads), 42501',
    repair: 'GRANT INSERT ON heads TO ROLE;',
    next: '/audit permissions',
    answer: 'function f, table heads',
  },
  {
    what: 'a trigger calls itself without end',
    schema: `${TABLE} ${FUNCTION} $$ begin insert into "AuditLog" (timestamp) values (now()); return new; end $$;
      create trigger t after insert on "AuditLog" for each row execute function f()`,
    probe: 'a trigger calls itself without end (function f), 54001',
    next: '/audit permissions',
    answer: 'calls itself without end (function f)',
  },
  {
    what: 'a trigger raises with a code of its own',
    schema: `${TABLE} ${trigger(`raise exception using errcode = 'AU001', message = 'secret row';`)}`,
    probe: 'a trigger refuses the record (function f), AU001',
    next: '/audit permissions',
    answer: 'a trigger refuses the record (function f)',
  },
  {
    what: 'a trigger raises with the code of a denied permission',
    schema: `${TABLE} ${trigger(`raise exception using errcode = '42501', message = 'secret row';`)}`,
    probe: 'a trigger is denied what it needs (function f), 42501',
    next: '/audit permissions',
    answer: 'function f',
  },
  {
    what: 'a trigger of one partition refuses',
    schema: `${CENTURY} ${trigger(`raise exception 'secret row';`, 'century')}`,
    probe: 'a trigger refuses the record (function f), P0001',
    next: '/audit permissions',
    answer: 'a trigger refuses the record (function f)',
  },
  {
    what: 'a rule discards every record',
    schema: `${TABLE} create rule keep as on insert to "AuditLog" do instead nothing`,
    probe: 'accepted the record and stored nothing: rule keep discards it',
    next: '/audit permissions',
    answer: 'Rule keep discards or redirects every record',
  },
  {
    what: 'the role reads only',
    schema: TABLE,
    breaks: (role) => `alter role ${role} set default_transaction_read_only = on`,
    probe: 'default_transaction_read_only is on for role ',
    repair: 'ALTER ROLE ROLE RESET default_transaction_read_only;',
    next: '/audit permissions',
    answer: 'default_transaction_read_only is on for role',
  },
  {
    what: 'the new month has no partition',
    schema: PARTITIONS,
    probe: 'no partition of "AuditLog" takes a record of now, 23514',
    repair: 'CREATE TABLE public.old_month_',
    next: '/audit schema',
    answer: '',
  },
];

const figure = ({ figures }: Verdict, name: string) => figures.find((each) => each.name === name)?.value;

describe.each(CAUSES)('$what', ({ schema, breaks, probe, repair, next, answer }) => {
  test('the probe, the check behind its button and the diagnosis name it', async () => {
    database = await monitored(schema);
    if (breaks) await database.owner.query(breaks(database.application));
    const verdict = await check('probe');
    expect(verdict.evidence).toContain(probe);
    expect(verdict.nextAction).toEqual({ kind: 'command', command: next });
    if (repair) expect(figure(verdict, 'Repaired by')).toContain(repair.replace(/ROLE(?=;| RESET)/, database.application));
    const answered = await check(next.replace('/audit ', ''));
    expect(answered.evidence).toContain(answer);
    const diagnosis = await check('diagnose');
    expect(diagnosis.evidence).toContain(answer === '' ? probe : answer);
    expect(JSON.stringify([verdict, answered, diagnosis])).not.toContain('secret row');
    expect(JSON.stringify([verdict, diagnosis])).not.toContain('DATABASE_FAILURE');
  }, 30_000);
});

describe('who keeps the write waiting is named, whatever it holds', () => {
  test.each([
    [
      'the advisory lock of a hash chain',
      `${TABLE} ${trigger('perform pg_advisory_xact_lock(4711);')}`,
      'select pg_advisory_xact_lock(4711)',
      'advisory lock 4711',
    ],
    [
      'a parent row',
      `create table accounts (id int primary key); insert into accounts values (1);
       create table "AuditLog" (timestamp timestamptz not null, account int not null references accounts); insert into "AuditLog" values (now(), 1)`,
      'select * from accounts for update',
      'a row that another transaction has locked',
    ],
    [
      'the parent table',
      `create table accounts (id int primary key); insert into accounts values (1);
       create table "AuditLog" (timestamp timestamptz not null, account int not null references accounts); insert into "AuditLog" values (now(), 1)`,
      'lock table accounts in access exclusive mode',
      'a lock on accounts',
    ],
    ['one partition', CENTURY, 'lock table century in share mode', 'century'],
    ['the whole table', TABLE, 'lock table "AuditLog" in access exclusive mode', 'AuditLog'],
  ])(
    '%s',
    async (_name, schema, holds, held) => {
      database = await monitored(schema);
      other = new pg.Client({ connectionString: database.url });
      await other.connect();
      const { rows } = await other.query<{ pid: number }>('select pg_backend_pid() as pid');
      await other.query('begin');
      await other.query(holds);
      const pid = rows[0]?.pid;
      const verdict = await check('probe');
      expect(verdict.evidence).toContain(`session ${pid} holds`);
      expect(verdict.evidence).toContain(held);
      expect(figure(verdict, 'Repaired by')).toBe(`SELECT pg_terminate_backend(${pid});`);
      const answered = await check('locks');
      expect(answered.level).not.toBe('ok');
      expect(JSON.stringify(answered)).toContain(held);
      expect(figure(answered, 'Repaired by')).toBe(`SELECT pg_terminate_backend(${pid});`);
      expect((await check('diagnose')).evidence).toMatch(/^locks: (?:Writes wait: session|The table is locked)/);
    },
    60_000,
  );
});
