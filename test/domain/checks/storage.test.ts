import { expect, test } from 'vitest';
import { Unanswered } from '#domain/audit-table/query.ts';
import { bytes, judgeStorage, type Sizes } from '#domain/checks/storage.ts';

const GB = 1_024 ** 3;
const line = { alertPercent: 85, targetPercent: 75 };
const sizes: Sizes = { table_bytes: 6 * GB, index_bytes: GB, rows_estimated: 7_000, database_bytes: 50 * GB, rows_of_week: 700 };
const measured = (usedPercent: number | null, totalBytes: number | null = 100 * GB) => ({ answer: { usedPercent, totalBytes } });
const unread = { why: 'not configured: set DIGITALOCEAN_TOKEN', error: new Unanswered('not configured') };

test.each([
  ['exactly the target', measured(75), 'ok', "The database's disk is 75.0 % full.", '/audit probe'],
  ['over the target', measured(75.1), 'high', 'is 75.1 % full', '/audit storage'],
  ['exactly the alert line', measured(85), 'high', 'is 85.0 % full', '/audit storage'],
  ['over the alert line', measured(85.1), 'critical', 'is 85.1 % full', '/audit storage'],
  ['full', measured(100), 'critical', 'is 100.0 % full', '/audit storage'],
  ['estimated by the sizes', measured(null), 'ok', 'is 50.0 % full, by an estimate.', '/audit probe'],
  ['estimated, over the line', measured(null, 55 * GB), 'critical', '% full, by an estimate.', '/audit storage'],
  ['of a size that nobody knows', measured(null, null), 'unknown', "The disk's use is not known; only sizes could be read.", null],
  ['of size zero', measured(null, 0), 'unknown', "The disk's use is not known", null],
  ['not asked', unread, 'unknown', "The disk's use is not known", null],
])('a disk %s', (_name, disk, level, evidence, command) => {
  const verdict = judgeStorage(disk, sizes, line);
  expect(verdict).toMatchObject({ level, evidence: expect.stringContaining(evidence) });
  expect(verdict.nextAction).toEqual(command === null ? { kind: 'runbook', runbook: 'database-failure' } : { kind: 'command', command });
});

test.each([
  ['as measured, 1 GB a ten days', measured(50), sizes, '500 days, if only the audit table grows'],
  ['hardly any', measured(50), { ...sizes, rows_of_week: 1 }, 'over 10 years, if only the audit table grows'],
  ['none', measured(50), { ...sizes, rows_of_week: 0 }, undefined],
  ['not known', measured(50), { ...sizes, rows_of_week: null }, undefined],
  ['of a disk whose size is not known', measured(50, null), sizes, undefined],
])('growth %s', (_name, disk, given, fullIn) => {
  expect(judgeStorage(disk, given, line).figures.find(({ name }) => name === 'Full in')?.value).toBe(fullIn);
});

test.each([
  [0, '0 bytes'],
  [1_023, '1023 bytes'],
  [1_024, '1.0 kB'],
  [1_536 * 1_024, '1.5 MB'],
  [3 * 1_024 ** 5, '3072.0 TB'],
])('%i bytes are %s', (size, text) => expect(bytes(size)).toBe(text));
