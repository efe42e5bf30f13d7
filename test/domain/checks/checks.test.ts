import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '#domain/base/policy.ts';
import { judgeGaps } from '#domain/checks/gaps.ts';
import { judgeScope } from '#domain/checks/scope.ts';
import { databaseFailureText } from '#domain/checks/sqlstate.ts';

const at = new Date('2026-01-05T12:00:00Z');
const ago = (seconds: number) => new Date(at.getTime() - seconds * 1_000);

describe("runbook step 2's table", () => {
  test.each([
    ['no record in five minutes', 0, ago(299), 'critical'],
    ['fewer than ten', 9, ago(10), 'high'],
    ['exactly ten, which the table leaves out', 10, ago(10), 'high'],
    ['more than ten', 11, ago(10), 'medium'],
    ['a last record over five minutes old', 0, ago(301), 'critical'],
    ['a table without any record', 0, null, 'critical'],
  ])('%s', (_name, recent, last, level) => {
    expect(judgeScope({ at, recent, last, ahead: null, hasRows: last !== null }).level).toBe(level);
  });
});

describe('the verdict on gaps', () => {
  const scan = (gaps: Parameters<typeof judgeGaps>[0]['gaps']) =>
    judgeGaps({ gaps, until: at, ahead: null, hasRows: true, unread: null, lastRecordAt: ago(1) }, 7_200_000, DEFAULT_POLICY);
  test('none is ok', () => expect(scan([]).level).toBe('ok'));
  test('a closed one of ten minutes is medium', () => expect(scan([{ start: ago(1_200), end: ago(600) }]).level).toBe('medium'));
  test('a closed one of over thirty minutes is high', () => expect(scan([{ start: ago(6_000), end: ago(600) }]).level).toBe('high'));
  test('an open one is critical', () => expect(scan([{ start: ago(600), end: 'ongoing' }]).level).toBe('critical'));
  test('the longest comes first', () => {
    const verdict = scan([
      { start: ago(1_200), end: ago(800) },
      { start: ago(7_000), end: ago(5_000) },
    ]);
    expect(verdict.figures[0]?.value).toContain('33 minutes 20 seconds');
  });
});

test('a database failure is told by its code, never by the server’s own words', () => {
  expect(databaseFailureText('42501', 'permission denied for table secret')).toBe('permission denied (42501)');
  expect(databaseFailureText(undefined, 'Connection terminated due to connection timeout')).toBe('the database server does not answer');
  expect(databaseFailureText('XX000', 'Failing row contains (patient)')).toBe('the database answered error XX000');
});
