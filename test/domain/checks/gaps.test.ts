import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '#domain/base/policy.ts';
import { HOUR } from '#domain/base/time.ts';
import { judgeGaps } from '#domain/checks/gaps.ts';
import type { GapScan } from '#domain/gap/scan.ts';

const at = new Date('2026-01-05T12:00:00Z');
const ago = (minutes: number) => new Date(at.getTime() - minutes * 60_000);
const closed = (start: number, end: number) => ({ start: ago(start), end: ago(end) });
const open = (start: number) => ({ start: ago(start), end: 'ongoing' as const });
const scan = (gaps: GapScan['gaps'], more: Partial<GapScan> = {}): GapScan => ({
  ...{ gaps, until: at, lastRecordAt: ago(0), ahead: null, hasRows: true, unread: null },
  ...more,
});
const EMPTY = { lastRecordAt: null, hasRows: false };

test.each([
  ['none', scan([]), 'ok', 'No gap over 5 minutes in the last 2 hours.', '/audit operations'],
  ['a closed one of six minutes', scan([closed(20, 14)]), 'medium', '1 gap over 5 minutes in the last 2 hours.', '/incident report'],
  ['a closed one of exactly 30', scan([closed(40, 10)]), 'medium', '1 gap', '/incident report'],
  ['a closed one of 31', scan([closed(41, 10)]), 'high', '1 gap', '/incident report'],
  ['an open one', scan([open(6)]), 'critical', '1 gap over 5 minutes in the last 2 hours, one still open.', '/audit probe'],
  ['a closed and an open one', scan([closed(90, 80), open(6)]), 'critical', '2 gaps over 5 minutes', '/audit probe'],
  ['no record at all', scan([], EMPTY), 'critical', 'The audit table holds no record at all.', '/audit schema'],
  ['records without a usable time', scan([], { ...EMPTY, hasRows: true }), 'unknown', 'none with a usable time', '/audit schema'],
  ['none, but records lie ahead', scan([], { ahead: ago(-480) }), 'unknown', 'is dated 8 hours ahead', '/audit probe'],
  [
    'unfinished, with one found',
    scan([closed(90, 80)], { unread: { from: ago(60), why: 'too slow' } }),
    'high',
    'Only a part',
    '/audit gaps 2h',
  ],
  ['unfinished, with none found', scan([], { unread: { from: ago(60), why: 'too slow' } }), 'unknown', 'Only a part', '/audit gaps 2h'],
])('%s', (_name, given, level, evidence, command) => {
  expect(judgeGaps(given, 2 * HOUR, DEFAULT_POLICY)).toMatchObject({
    level,
    evidence: expect.stringContaining(evidence),
    nextAction: { kind: 'command', command },
  });
});

test('the longest comes first, after twenty the rest is counted, and a missing index is told', () => {
  const many = Array.from({ length: 22 }, (_, index) => closed(10 * index + 10, 10 * index + 4));
  const { figures } = judgeGaps(scan([...many, closed(400, 300)]), 2 * HOUR, DEFAULT_POLICY, false);
  expect(figures[0]).toEqual({ name: 'High', value: '2026-01-05 05:20:00 UTC to 2026-01-05 07:00:00 UTC (1 hour 40 minutes)' });
  expect(figures[20]).toEqual({ name: 'And', value: '3 shorter ones' });
  expect(figures[21]?.name).toBe('Advice');
});

test('a gap beside records that lie ahead says so', () => {
  expect(judgeGaps(scan([closed(20, 10)], { ahead: ago(-480) }), 2 * HOUR, DEFAULT_POLICY).figures.at(-1)?.name).toBe('Clock');
});
