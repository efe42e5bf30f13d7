import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import pg from 'pg';
import { test as base, expect } from 'vitest';
import { z } from 'zod';
import { chance } from '../../../sandbox/chance.ts';
import { type S3StandIn, startS3 } from '../../../sandbox/stand-ins/s3.ts';
import { emptyDatabase } from '../../../test/harness/database.ts';
import { type Proxy as DatabaseProxy, openProxy } from '../../../test/harness/proxy.ts';
import {
  AuditRecordNotKept,
  AuditRecordRefused,
  AuditSpoolInUse,
  type AuditWriter,
  type AuditWriterOptions,
  insertInto,
  openAuditWriter,
  prometheusText,
} from '../src/index.ts';
import { storeInS3 } from '../src/s3.ts';

/** A real table, the application's way to it, and a folder for its spool. */
type Setting = {
  readonly url: string;
  readonly folder: string;
  readonly table: pg.Client;
  readonly proxy: DatabaseProxy;
  readonly s3: S3StandIn;
  readonly opens: (options?: Partial<AuditWriterOptions>) => Promise<AuditWriter>;
  /** The numbers of all records in the table, in the order in which they came. */
  readonly numbers: () => Promise<readonly number[]>;
};

const test = base.extend<{ readonly setting: Setting }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's needs from its first parameter
  setting: async ({}, use) => {
    const url = await emptyDatabase('audit_writer');
    const table = new pg.Client({ connectionString: url });
    await table.connect();
    await table.query(`
      create table "AuditLog" (came bigserial, id text primary key, "userId" text not null, number int check (number >= 0), details jsonb,
        timestamp timestamp(3) not null)`);
    const folder = await mkdtemp(join(tmpdir(), 'gapwatch-spool-'));
    const proxy = await openProxy(url);
    const s3 = await startS3();
    const pool = new pg.Pool({ connectionString: proxy.url, max: 2, connectionTimeoutMillis: 500 });
    pool.on('error', () => undefined);
    const opened: AuditWriter[] = [];
    await use({
      ...{ url, folder, table, proxy, s3 },
      opens: async (options = {}) => {
        const insert = insertInto(pool, 'AuditLog');
        const audit = await openAuditWriter({ insert, folder, timeoutMilliseconds: 500, retryMilliseconds: 50, ...options });
        opened.push(audit);
        return audit;
      },
      numbers: async () =>
        (await table.query<{ number: number }>('select number from "AuditLog" order by came')).rows.map(({ number }) => number),
    });
    for (const audit of opened) await audit.close();
    await Promise.all([pool.end(), table.end(), proxy.close(), s3.close()]);
    await rm(folder, { recursive: true, force: true });
  },
});

const record = (number: number) => ({ id: `record-${number}`, userId: 'user-1', number });
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test('the database is well → a record is there when write answers, with an id, its time and its defaults', async ({ setting }) => {
  const audit = await setting.opens();
  expect(await audit.write({ userId: 'user-1', number: 1, details: { why: "a nurse's visit" } })).toBe('database');
  const { rows } = await setting.table.query('select id, details, timestamp > now() - interval \'1 minute\' as "isNow" from "AuditLog"');
  expect(rows).toEqual([{ id: expect.stringMatching(/^[0-9a-f-]{36}$/), details: { why: "a nurse's visit" }, isNow: true }]);
  expect(await readdir(setting.folder)).toEqual(['lock']);
});

test('the database refuses connections → records are safe on the disk; it is back → all are there, in order, none twice', async ({
  setting,
}) => {
  const events: string[] = [];
  const audit = await setting.opens({ onEvent: ({ kind }) => void events.push(kind) });
  setting.proxy.mode = 'refuses';
  for (const number of upTo(500)) expect(await audit.write(record(number))).toBe('spool');
  expect(audit.figures()).toMatchObject({ spool: 500, waiting: 500, database: 0, isBreakerOpen: true });
  expect(await setting.numbers()).toEqual([]);
  setting.proxy.mode = 'passes';
  await audit.drained();
  expect(await setting.numbers()).toEqual(upTo(500));
  expect(audit.figures()).toMatchObject({ replayed: 500, waiting: 0, spoolBytes: 0 });
  expect(await audit.write(record(501))).toBe('database');
  expect(new Set(events)).toEqual(new Set(['fallback', 'replayed']));
});

test('the database took a record and its answer was lost → it comes again under its id, and is there once', async ({ setting }) => {
  const insert = insertInto(setting.table, 'AuditLog');
  let answers = 0;
  const audit = await setting.opens({
    insert: async (records) => {
      await insert(records);
      answers += 1;
      if (answers === 1) throw new Error('Connection terminated unexpectedly');
    },
  });
  expect(await audit.write(record(1))).toBe('spool');
  await audit.drained();
  expect(await setting.numbers()).toEqual([1]);
});

test('the database hangs → after three failures nobody waits for it any more', async ({ setting }) => {
  const audit = await setting.opens({ timeoutMilliseconds: 100, retryMilliseconds: 60_000 });
  setting.proxy.mode = 'hangs';
  let asked = 0;
  for (const number of upTo(20)) {
    await audit.write(record(number));
    asked = audit.figures().failures;
  }
  expect(asked).toBeLessThanOrEqual(3);
  expect(audit.figures().spool).toBe(20);
  setting.proxy.mode = 'passes';
  setting.proxy.cut();
});

test('the database refuses what one record holds → the application is told, the record is kept aside, the others are written', async ({
  setting,
}) => {
  const audit = await setting.opens();
  const outcomes = await Promise.allSettled([audit.write(record(1)), audit.write({ ...record(2), number: -2 }), audit.write(record(3))]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(outcomes[1]).toMatchObject({ reason: expect.any(AuditRecordRefused) });
  expect(await setting.numbers()).toEqual([1, 3]);
  expect(await readFile(join(setting.folder, 'refused.ndjson'), 'utf8')).toContain('record-2');
});

test('a refused record among those that wait does not hold up the others', async ({ setting }) => {
  const audit = await setting.opens();
  setting.proxy.mode = 'refuses';
  for (const number of [1, -2, 3]) await audit.write({ ...record(Math.abs(number)), number });
  setting.proxy.mode = 'passes';
  await audit.drained();
  expect(await setting.numbers()).toEqual([1, 3]);
  expect(await readFile(join(setting.folder, 'refused.ndjson'), 'utf8')).toContain('record-2');
});

test('the spool is full → S3 takes what follows; all is back → everything is there in order, and S3 is empty again', async ({
  setting,
}) => {
  const { s3 } = setting;
  const client = new S3Client({
    endpoint: s3.url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
  });
  const audit = await setting.opens({
    maximumSpoolBytes: 1_000,
    objects: storeInS3({ client, bucket: s3.bucket, prefix: 'audit-fallback' }),
  });
  setting.proxy.mode = 'refuses';
  const places: string[] = [];
  for (const number of upTo(20)) places.push(await audit.write(record(number)));
  expect(new Set(places)).toEqual(new Set(['spool', 's3']));
  expect([...s3.objects.keys()].every((key) => key.startsWith('audit-fallback/'))).toBe(true);
  expect([...s3.objects.values()][0]?.encryption).toBe('AES256');
  s3.fault = () => ({ kind: 'answer', status: 503 });
  const failing = audit.write(record(21));
  await expect(failing).rejects.toBeInstanceOf(AuditRecordNotKept);
  s3.fault = undefined;
  setting.proxy.mode = 'passes';
  await audit.drained();
  expect(await setting.numbers()).toEqual(upTo(20));
  expect(s3.objects.size).toBe(0);
});

test('what an earlier process has left comes first, and a torn or damaged line is kept aside, not lost', async ({ setting }) => {
  const before = await setting.opens();
  setting.proxy.mode = 'refuses';
  for (const number of upTo(3)) await before.write(record(number));
  await before.close();
  const [file = ''] = (await readdir(setting.folder)).filter((name) => /^\d/.test(name));
  await appendFile(join(setting.folder, file), 'feedfeedfeedfeed {"id":"changed by somebody"}\n0123456789abcdef {"id":"to');
  const after = await setting.opens();
  await after.write(record(4));
  setting.proxy.mode = 'passes';
  await after.drained();
  expect(await setting.numbers()).toEqual([1, 2, 3, 4]);
  expect(after.figures().damaged).toBe(2);
  expect(await readFile(join(setting.folder, 'damaged.ndjson'), 'utf8')).toContain('changed by somebody');
});

test('a second process on the same folder is refused; more records than may wait in memory are refused', async ({ setting }) => {
  const holder = fork(join(import.meta.dirname, 'application.ts'), [setting.url, setting.folder]);
  await once(holder, 'message');
  await expect(setting.opens()).rejects.toBeInstanceOf(AuditSpoolInUse);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const audit = await setting.opens({ maximumWaiting: 5 });
  setting.proxy.mode = 'hangs';
  const outcomes = await Promise.allSettled(upTo(10).map((number) => audit.write(record(10_000_000 + number))));
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(5);
  setting.proxy.mode = 'passes';
  setting.proxy.cut();
  await audit.drained();
});

test('a lock of another container holds as long as it is touched; one that a dead container left is taken over', async ({ setting }) => {
  const path = join(setting.folder, 'lock');
  await writeFile(path, 'another-container 1');
  await expect(setting.opens()).rejects.toThrow('process 1 of another-container writes into');
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(path, longAgo, longAgo);
  const audit = await setting.opens();
  expect(await audit.write(record(1))).toBe('database');
  await expect(setting.opens()).rejects.toThrow('open one writer and share it');
});

test('what has no word in JSON is refused at once', async ({ setting }) => {
  const audit = await setting.opens();
  await expect(audit.write({ userId: 'user-1', number: 10n })).rejects.toThrow(TypeError);
});

const messageSchema = z.union([z.object({ kept: z.number(), place: z.string() }), z.object({ drained: z.literal(true) })]);

test('killed again and again while the database comes and goes → no kept record is lost or doubled, each user’s are in order', async ({
  setting,
}) => {
  const { below, pick } = chance(4_711);
  const kept = new Map<number, string>();
  const starts = (first: number, mode: string): ChildProcess => {
    const child = fork(join(import.meta.dirname, 'application.ts'), [setting.proxy.url, setting.folder, String(first), mode]);
    child.on('message', (message) => {
      const parsed = messageSchema.parse(message);
      if ('kept' in parsed) kept.set(parsed.kept, parsed.place);
    });
    return child;
  };
  const hasKept = (place: string) => expect.poll(() => [...kept.values()].includes(place)).toBe(true);
  for (let life = 0; life < 8; life += 1) {
    setting.proxy.mode = life === 0 ? 'passes' : pick(['passes', 'refuses', 'hangs']);
    const child = starts(life * 1_000_000, 'write');
    await once(child, 'message');
    // However slow the machine is, the first life has seen the database both well and away.
    if (life === 0) await hasKept('database');
    for (let change = 0; change < 3; change += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20 + below(150)));
      setting.proxy.mode = pick(['passes', 'refuses', 'hangs']);
      setting.proxy.cut();
    }
    if (life === 0) {
      setting.proxy.mode = 'refuses';
      setting.proxy.cut();
      await hasKept('spool');
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  setting.proxy.mode = 'passes';
  setting.proxy.cut();
  await once(starts(0, 'drain'), 'exit');
  const there = await setting.numbers();
  expect(kept.size).toBeGreaterThan(500);
  expect(new Set(kept.values())).toEqual(new Set(['database', 'spool']));
  const present = new Set(there);
  expect(present.size).toBe(there.length);
  expect([...kept.keys()].filter((number) => !present.has(number))).toEqual([]);
  for (let user = 0; user < 5; user += 1) {
    const own = there.filter((number) => number % 5 === user);
    expect(own).toEqual(own.toSorted((one, other) => one - other));
  }
});

test('an application whose own listener throws loses no record', async ({ setting }) => {
  const audit = await setting.opens({
    onEvent: () => {
      throw new Error('the log is full');
    },
  });
  setting.proxy.mode = 'refuses';
  expect(await audit.write(record(1))).toBe('spool');
  setting.proxy.mode = 'passes';
  await audit.drained();
  expect(await setting.numbers()).toEqual([1]);
});

test('its figures have the names that the runbook’s rules use', async ({ setting }) => {
  const audit = await setting.opens();
  await audit.write(record(1));
  expect(prometheusText(audit.figures())).toContain('# TYPE audit_log_count counter\naudit_log_count 1\n');
  expect(prometheusText(audit.figures())).toContain('# TYPE audit_log_errors_total counter\naudit_log_errors_total 0');
});
