import { expect, test } from 'vitest';
import { bars, judgeRate } from '#domain/checks/rate.ts';

const expected = { environment: 'production' as const, lowest: 50, highest: 500 };
const at = new Date('2026-01-05T12:00:00Z');
const row = (lastMinute: number) => ({ last_minute: lastMinute, yesterday: 7, week_ago: 8, buckets: [0, 1, 2], at, ahead: null });

test.each([
  [0, 'critical', '0 records in the last minute.', '/audit probe'],
  [1, 'high', '1 record in the last minute, under the expected 50.', '/audit rate live'],
  [49, 'high', '49 records in the last minute, under the expected 50.', '/audit rate live'],
  [50, 'ok', '50 records in the last minute, as expected.', '/audit gaps'],
  [500, 'ok', '500 records in the last minute, as expected.', '/audit gaps'],
  [501, 'low', '501 records in the last minute, over the expected 500.', '/audit gaps'],
])('%i in the last minute', (lastMinute, level, evidence, command) => {
  expect(judgeRate(row(lastMinute), expected)).toMatchObject({ level, evidence, nextAction: { kind: 'command', command } });
});

test('the figures: now, the last hour as bars, yesterday, a week ago', () => {
  expect(judgeRate(row(60), expected).figures).toEqual([
    { name: 'Last minute', value: '60 (expected 50 to 500 a minute in production)' },
    { name: 'Last hour, 5 minutes a bar', value: '_▄█ 3 records' },
    { name: 'Same hour yesterday', value: '7 records' },
    { name: 'Same hour a week ago', value: '8 records' },
  ]);
});

test('silence is seen in the bars', () => expect(bars([10, 10, 5, 0, 1, 0])).toBe('██▄_▁_'));

test('records dated ahead of the database’s clock: their dates tell nothing', () => {
  const verdict = judgeRate({ ...row(60), ahead: new Date('2026-01-05T20:00:00Z') }, expected);
  expect(verdict).toMatchObject({ level: 'unknown', evidence: expect.stringContaining('is dated 8 hours ahead of the database') });
  expect(judgeRate({ ...row(60), ahead: new Date('2026-01-05T12:00:20Z') }, expected).level).toBe('ok');
});
