import { expect, test } from 'vitest';
import { parseLocalMoment } from '#domain/base/local-time.ts';

const NOW = new Date('2026-01-05T17:00:00Z');
const EASTERN = 'America/New_York';

test.each([
  ['3am', '2026-01-05T08:00:00.000Z', EASTERN],
  ['11:09pm', '2026-01-06T04:09:00.000Z', EASTERN],
  ['11:09 p.m.', '2026-01-06T04:09:00.000Z', EASTERN],
  ['12am', '2026-01-05T05:00:00.000Z', EASTERN],
  ['12:30 PM', '2026-01-05T17:30:00.000Z', EASTERN],
  ['9:58', '2026-01-05T14:58:00.000Z', EASTERN],
  ['09:58:30', '2026-01-05T14:58:30.000Z', EASTERN],
  ['at 14:30', '2026-01-05T19:30:00.000Z', EASTERN],
  ['14:30 ET', '2026-01-05T19:30:00.000Z', EASTERN],
  ['14:30 PT', '2026-01-05T22:30:00.000Z', 'America/Los_Angeles'],
  ['3am pst', '2026-01-05T11:00:00.000Z', 'America/Los_Angeles'],
  ['14:30 UTC', '2026-01-05T14:30:00.000Z', 'UTC'],
  ['2026-01-05 09:58', '2026-01-05T14:58:00.000Z', EASTERN],
  ['2026-07-05 09:58', '2026-07-05T13:58:00.000Z', EASTERN],
  ['2026-01-05 09:58 UTC', '2026-01-05T09:58:00.000Z', 'UTC'],
  ['2026-01-05T09:58:00Z', '2026-01-05T09:58:00.000Z', 'UTC'],
  ['2026-01-05T09:58:00-07:00', '2026-01-05T16:58:00.000Z', 'UTC'],
])('%s, typed in New York → %s', (text, at, zone) => {
  expect(parseLocalMoment(text, NOW, EASTERN)).toMatchObject({ at: new Date(at), zone });
});

test.each(['', '9', 'tomorrow', '25:00', '13pm', '0am', '10:61', '14:30 XYZ', '2026-02-30 10:00', '2026-13-01 10:00', 'now'])(
  '%s is no time',
  (text) => {
    expect(parseLocalMoment(text, NOW, EASTERN)).toBeNull();
  },
);

const midnight = new Date('2026-01-05T00:10:00Z');

test.each([
  ['00:05', '2026-01-05T00:05:00.000Z'],
  ['23:58', '2026-01-04T23:58:00.000Z'],
  ['23:58:30 UTC', '2026-01-04T23:58:30.000Z'],
  ['2026-01-04 10:00', '2026-01-04T10:00:00.000Z'],
  ['2026-01-04T10:00:00-05:00', '2026-01-04T15:00:00.000Z'],
  ['9:05', '2026-01-05T09:05:00.000Z'],
  ['2026-01-04T10:00:00.250+05:30', '2026-01-04T04:30:00.250Z'],
  ['2026-01-04 10:00:00.250', '2026-01-04T10:00:00.250Z'],
  ['2026-01-04 10:00:00.250123+00', '2026-01-04T10:00:00.250Z'],
  ['2026-01-04 10:00:00-0530', '2026-01-04T15:30:00.000Z'],
  ['2026-02-29 10:00', undefined],
  ['2026-02-29 10:00:00Z', undefined],
  ['25:00', undefined],
  ['24:00', undefined],
  ['10:60', undefined],
  ['yesterday', undefined],
])('%s, typed in UTC shortly after midnight', (text, expected) =>
  expect(parseLocalMoment(text, midnight, 'UTC')?.at.toISOString()).toBe(expected),
);
