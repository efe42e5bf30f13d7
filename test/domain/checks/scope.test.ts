import { expect, test } from 'vitest';
import { judgeScope, type ScopeRow } from '#domain/checks/scope.ts';

const at = new Date('2026-01-05T12:00:00Z');
const ago = (seconds: number) => new Date(at.getTime() - seconds * 1_000);
const row = (recent: number, last: Date | null, more: Partial<ScopeRow> = {}): ScopeRow => ({
  at,
  recent,
  last,
  ahead: null,
  hasRows: last !== null,
  ...more,
});

test.each([
  ['no record in five minutes', row(0, ago(299)), 'critical', 'Complete audit failure: no record in the last 5 minutes.', '/audit probe'],
  ['one', row(1, ago(10)), 'high', 'Partial failure or low activity: 1 record in the last 5 minutes.', '/audit probe'],
  ['fewer than ten', row(9, ago(10)), 'high', 'Partial failure or low activity: 9 records', '/audit probe'],
  ['exactly ten, which the runbook leaves out', row(10, ago(10)), 'high', 'Partial failure or low activity: 10 records', '/audit probe'],
  ['more than ten', row(11, ago(10)), 'medium', 'False alarm or intermittent issue: 11 records', '/audit gaps'],
  ['a last record exactly five minutes old', row(0, ago(300)), 'critical', 'Complete audit failure', '/audit probe'],
  [
    'a last record over five minutes old',
    row(0, ago(301)),
    'critical',
    'Audit writes stopped: the last record is 5 minutes 1 second old.',
    '/audit probe',
  ],
  ['a table without any record', row(0, null), 'critical', 'The audit table holds no record at all.', '/audit probe'],
  ['a table whose records have no usable time', row(0, null, { hasRows: true }), 'unknown', 'none with a usable time', '/audit schema'],
  ['a clock 29 seconds ahead', row(150, ago(1), { ahead: ago(-29) }), 'medium', 'False alarm', '/audit gaps'],
  ['a clock 31 seconds ahead', row(150, ago(1), { ahead: ago(-31) }), 'unknown', 'is dated 31 seconds ahead', '/audit probe'],
  ['local time nine hours ahead', row(150, ago(1), { ahead: ago(-9 * 3_600) }), 'unknown', 'is dated 9 hours ahead', '/audit probe'],
])('%s', (_name, given, level, evidence, command) => {
  expect(judgeScope(given)).toMatchObject({ level, evidence: expect.stringContaining(evidence), nextAction: { kind: 'command', command } });
});

test('the figures: the count, and the last record with its age', () => {
  expect(judgeScope(row(3, ago(60))).figures).toEqual([
    { name: 'Records in the last 5 minutes', value: '3' },
    { name: 'Last record', value: '2026-01-05 11:59:00 UTC (1 minute ago)' },
  ]);
  expect(judgeScope(row(0, null)).figures[1]?.value).toBe('none in the table');
});
