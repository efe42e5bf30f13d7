import { expect, test } from 'vitest';
import { formatDuration, formatUtc, parseDuration, startOfUtcDay, utcDay, utcHour, utcStamp } from '#domain/base/time.ts';

test.each([
  ['30s', 30_000],
  ['5m', 300_000],
  ['24h', 86_400_000],
  ['90d', 7_776_000_000],
  ['12mo', 31_104_000_000],
  ['5', null],
  ['m', null],
  ['-5m', null],
  ['5 minutes', null],
])('%s as a duration', (text, expected) => expect(parseDuration(text)).toBe(expected));

test.each([
  [0, '0 seconds'],
  [45_999, '45 seconds'],
  [60_000, '1 minute'],
  [840_000, '14 minutes'],
  [3_780_000, '1 hour 3 minutes'],
  [90_061_000, '1 day 1 hour 1 minute 1 second'],
  [400 * 86_400_000, '400 days'],
  [-5_000, '0 seconds'],
])('%i ms is %s', (length, expected) => expect(formatDuration(length)).toBe(expected));

test('an instant is written in UTC, whatever the time zone of the machine', () => {
  const instant = new Date('2026-03-08T02:30:59.999Z');
  expect(formatUtc(instant)).toBe('2026-03-08 02:30:59 UTC');
  expect(utcDay(instant)).toBe('2026-03-08');
  expect(utcHour(instant)).toBe('2026-03-08T02');
  expect(utcStamp(instant)).toBe('20260308T023059');
  expect(startOfUtcDay(instant)).toEqual(new Date('2026-03-08T00:00:00Z'));
});
