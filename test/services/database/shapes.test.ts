import pLimit from 'p-limit';
import { afterEach, describe, expect, test } from 'vitest';
import { MINUTE } from '#domain/base/time.ts';
import { audit, type Monitored, monitored } from '#harness/checks.ts';
import { openAuditDatabase } from '#services/database/reader.ts';

let database: Monitored | undefined;

afterEach(async () => {
  await database?.close();
  database = undefined;
});

type Shape = {
  readonly what: string;
  readonly schema: string;
  /** The value of the time column for the instant `at`. */
  readonly value?: string;
  readonly into?: string;
  readonly zone?: string;
  readonly isIndexed?: boolean;
};

const table = (type: string) => `create table "AuditLog" (timestamp ${type} not null); create index on "AuditLog" (timestamp);`;
const EPOCH = (unit: number) => `(extract(epoch from at) * ${unit})::bigint`;
const MONTHS = Array.from({ length: 26 }, (_, index) => {
  const month = (count: number) => `${2026 + Math.floor(count / 12)}-${String((count % 12) + 1).padStart(2, '0')}-01`;
  return `create table m${index} partition of years for values from ('${month(index)}') to ('${month(index + 1)}');`;
}).join('\n');

const SHAPES: readonly Shape[] = [
  { what: 'a time with zone', schema: table('timestamptz') },
  { what: 'a time without zone, in UTC', schema: table('timestamp(3)'), value: `at at time zone 'UTC'` },
  { what: 'local time of Tokyo', schema: table('timestamp'), value: `at at time zone 'Asia/Tokyo'`, zone: 'Asia/Tokyo' },
  { what: 'local time of São Paulo', schema: table('timestamp'), value: `at at time zone 'America/Sao_Paulo'`, zone: 'America/Sao_Paulo' },
  {
    what: 'a domain over a domain over a time with zone',
    schema: `create domain d1 as timestamptz; create domain d2 as d1; ${table('d2')}`,
  },
  { what: 'seconds in a bigint', schema: table('bigint'), value: EPOCH(1) },
  { what: 'seconds in an integer', schema: table('int'), value: EPOCH(1) },
  { what: 'milliseconds', schema: table('bigint'), value: EPOCH(1_000) },
  { what: 'microseconds', schema: table('bigint'), value: EPOCH(1_000_000) },
  {
    what: 'ISO text as JavaScript writes it',
    schema: table('text'),
    value: `to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
  },
  {
    what: 'ISO text as Python writes it',
    schema: table('varchar(40)'),
    value: `to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')`,
  },
  {
    what: 'text in local time without fraction',
    schema: table('text'),
    value: `to_char(at at time zone 'Asia/Tokyo', 'YYYY-MM-DD HH24:MI:SS')`,
    zone: 'Asia/Tokyo',
  },
  {
    what: 'partitions of partitions',
    schema: `create table "AuditLog" (timestamp timestamptz not null) partition by range (timestamp);
      create table years partition of "AuditLog" for values from ('2026-01-01') to ('2030-01-01') partition by range (timestamp);
      ${MONTHS} create index on "AuditLog" (timestamp);`,
  },
  {
    what: 'a view that renames the column',
    schema: `create table ev (id int, created_at timestamptz not null); create index on ev (created_at);
      create view "AuditLog" as select id, created_at as timestamp from ev;`,
    into: 'ev (created_at)',
  },
  {
    what: 'a view that computes the time',
    schema: `create table ev (timestamp bigint); create index on ev (timestamp);
      create view "AuditLog" as select to_timestamp(timestamp / 1000.0) as timestamp from ev;`,
    into: 'ev (timestamp)',
    value: EPOCH(1_000),
    isIndexed: false,
  },
  {
    what: 'inheritance with an index on the parent alone',
    schema: `${table('timestamptz')} create table child () inherits ("AuditLog");`,
    into: 'child (timestamp)',
    isIndexed: false,
  },
  {
    what: 'inheritance with an index on each member',
    schema: `${table('timestamptz')} create table child () inherits ("AuditLog"); create index on child (timestamp);`,
    into: 'child (timestamp)',
  },
];

/** Thirty days with a record every minute, a gap of 12 and one of 47 minutes, and none for the last half hour. */
const DAYS = `
  select at from (select date_trunc('second', now()) - interval '30 minutes' as last) as edge
  cross join lateral generate_series(last - interval '30 days', last, '1 minute') as at
  where not (at > last - interval '20 days' and at < last - interval '20 days' + interval '12 minutes')
    and not (at > last - interval '3 days' and at < last - interval '3 days' + interval '47 minutes')`;

describe.each(SHAPES)('$what', ({ schema, value = 'at', into = '"AuditLog" (timestamp)', zone = 'UTC', isIndexed = true }) => {
  test('the gaps of thirty days are measured exactly', async () => {
    const monitoredDatabase = await monitored(schema);
    database = monitoredDatabase;
    await database.owner.query(`insert into ${into} select ${value} from (${DAYS}) as days; analyze`);
    const ask = (command: string) => audit(monitoredDatabase, command, { zone });
    const gaps = await ask('gaps 30d');
    expect(gaps).toMatchObject({ level: 'critical', evidence: '3 gaps over 5 minutes in the last 30 days, one still open.' });
    expect(gaps.figures[0]?.value).toMatch(/\(47 minutes\)$/);
    expect(gaps.figures[1]?.value).toMatch(/still open \(30 minutes(?: \d+ seconds?)? so far\)$/);
    expect(gaps.figures[2]?.value).toMatch(/\(12 minutes\)$/);
    expect(gaps.figures.some(({ name }) => name === 'Advice')).toBe(!isIndexed);
    expect(await ask('scope')).toMatchObject({
      level: 'critical',
      evidence: expect.stringMatching(/last record is 30 minutes(?: \d+ seconds?)? old/),
    });
    expect((await ask('rate')).figures[1]?.value).toMatch(/ (?:29|30|31) records$/);
    const reader = openAuditDatabase(
      { connections: pLimit(1), url: database.url, table: 'AuditLog', timestampColumn: 'timestamp', zone },
      () => undefined,
    );
    const start = new Date(Date.now() - 25 * MINUTE);
    // A gap that is still open is counted up to a date far ahead, which no kind of column may choke on.
    const request = { countedFrom: start, since: start, inside: [{ start, end: 'ongoing' as const }] };
    expect(await reader.reading(request, 5 * MINUTE, 10_000)).toMatchObject({ kind: 'seen', recordsInside: [0] });
    await reader.close();
  }, 60_000);
});

describe('dates that no record can have', () => {
  const odd = (values: string) => `${table('timestamptz').replace(' not null', '')} insert into "AuditLog" values ${values};`;
  const regular = `insert into "AuditLog" select now() - n * interval '1 minute' from generate_series(0, 1500) as n;`;

  test.each([
    ['minus infinity', `('-infinity')`],
    ['the year 0', `('0001-01-01')`],
    ['before Christ', `('0044-03-15 BC')`],
    ['the epoch', `('1970-01-01')`],
    ['none at all', '(null)'],
    ['2099', `('2099-01-01')`],
    ['infinity', `('infinity')`],
  ])('%s beside real ones changes nothing; alone it is no usable time, and the table is not called empty', async (_name, values) => {
    database = await monitored(odd(values));
    for (const command of ['scope', 'gaps 12mo']) {
      expect(await audit(database, command)).toMatchObject({
        level: 'unknown',
        evidence: expect.stringContaining('none with a usable time'),
      });
    }
    await database.owner.query(regular);
    expect((await audit(database, 'gaps 24h')).level).toBe('ok');
    expect((await audit(database, 'gaps 12mo')).level).toBe('ok');
    expect((await audit(database, 'scope')).evidence).toContain('records in the last 5 minutes');
  });
});

describe('what can’t be measured is said', () => {
  test.each([
    ['a date', table('date'), 'is a date without a time of day'],
    ['a bigint without a value', table('bigint'), 'holds no value, so its unit is not known yet'],
    ['a bigint that is no time', `${table('bigint')} insert into "AuditLog" values (7)`, 'no seconds, milliseconds or microseconds'],
    ['a text with an offset', `${table('text')} insert into "AuditLog" values ('2026-01-05T12:00:00+02:00')`, 'no time in ISO 8601 in UTC'],
    ['a boolean', table('boolean'), 'is boolean, not a timestamp'],
  ])('%s', async (_name, schema, words) => {
    database = await monitored(schema);
    expect((await audit(database, 'scope')).evidence).toContain(words);
  });

  test.each([
    ['"AuditLog"', 'AuditLog'],
    ['auditlog', 'AuditLog'],
    ['public.auditlog', 'AuditLog'],
    ['audit_events', 'audit.audit_events'],
    ['audit."audit_events"', 'audit.audit_events'],
  ])('%s: did you mean %s?', async (tableName, meant) => {
    database = await monitored(`${table('timestamptz')} create schema audit; create table audit.audit_events (timestamp timestamptz)`);
    expect((await audit(database, 'scope', { tableName })).evidence).toContain(
      `there is no table named ${tableName} (AUDIT_TABLE); did you mean ${meant}?`,
    );
  });

  test('local time read as UTC lies ahead: neither "false alarm" nor "no gap", and the setting is named', async () => {
    database = await monitored(table('timestamp'));
    await database.owner.query(
      `insert into "AuditLog" select at at time zone 'Asia/Tokyo' from generate_series(now() - interval '2 days', now() - interval '1 hour', '2 seconds') as at`,
    );
    for (const command of ['scope', 'gaps 24h', 'rate']) {
      const verdict = await audit(database, command);
      expect(verdict).toMatchObject({ level: 'unknown', evidence: expect.stringContaining('dated 8 hours ahead of the database') });
      expect(verdict.nextStep).toContain('AUDIT_TIMESTAMP_ZONE');
    }
    expect(await audit(database, 'scope', { zone: 'Asia/Tokyo' })).toMatchObject({
      level: 'critical',
      evidence: expect.stringContaining('1 hour'),
    });
  });

  test('row-level security that hides records from the reader', async () => {
    database =
      await monitored(`create table "AuditLog" (timestamp timestamptz, tenant int); alter table "AuditLog" enable row level security;
      create policy r on "AuditLog" for select using (tenant = nullif(current_setting('app.tenant', true), '')::int);
      insert into "AuditLog" values (now(), 1)`);
    const reader = new URL(database.url);
    reader.username = database.application;
    for (const command of ['scope', 'gaps 2h', 'rate']) {
      expect(await audit({ ...database, url: reader.href }, command)).toMatchObject({
        level: 'unknown',
        evidence: expect.stringContaining('row-level security hides records of AuditLog from our role'),
      });
    }
    await database.owner.query('create policy all_of_them on "AuditLog" for select using (true)');
    expect((await audit({ ...database, url: reader.href }, 'scope')).evidence).toContain('1 record in the last 5 minutes');
  });
});
