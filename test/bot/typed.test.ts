import { describe, expect, test } from 'vitest';
import { hiddenWords, straightened, takeOptions, typedDuration, typedText } from '#bot/typed.ts';

const MINUTE = 60_000;

describe('options, as telephones leave them', () => {
  test.each([
    '--drill x',
    '—drill x',
    '–drill x',
    'x —drill',
    '-drill x',
    '--Drill x',
    '--DRILL x',
    '—— drill x',
    'x -- drill',
    '−drill x',
    '‑‑drill x',
  ])('%j is a drill', (typed) => {
    const { given, unknown, rest } = takeOptions(typed, ['drill']);
    expect({ isDrill: given.has('drill'), unknown, rest }).toEqual({ isDrill: true, unknown: null, rest: 'x' });
  });

  test.each(['--dril x', '—dirll', 'x --force'])('%j names an option that there is not', (typed) => {
    expect(takeOptions(typed, ['drill']).unknown).not.toBeNull();
  });

  test.each(['disk full — nothing is written', 'queue at -5', 'pre--operative list is gone', 'nurses — drill team included — see nothing'])(
    '%j holds no option',
    (typed) => {
      expect(takeOptions(typed, ['drill'])).toEqual({ given: new Set(), unknown: null, rest: typed });
    },
  );

  test('an option of two words keeps its dash, whatever the telephone made of it', () => {
    expect(takeOptions('archive 90d —dry–run', ['dry-run']).given).toEqual(new Set(['dry-run']));
  });
});

describe('times, as people say them', () => {
  test.each([
    ['15m', 15],
    ['15 min', 15],
    ['15 minutes', 15],
    ['20M', 20],
    ['in 20m', 20],
    ['~20m', 20],
    ['about 20 mins.', 20],
    ['1h30m', 90],
    ['1 h 30', null],
    ['1 h 30 min', 90],
    ['1 hour and 5 minutes', 65],
    ['1.5h', 90],
    ['90', null],
    ['soon', null],
    ['15 parsecs', null],
    ['', null],
  ] as const)('%j is %s minutes', (typed, minutes) => {
    expect(typedDuration(typed)).toBe(minutes === null ? null : minutes * MINUTE);
  });
});

test('odd spaces and bent quotation marks are straightened', () => {
  expect(straightened('gap\u00a0start\u202f“09:58”, it’s known')).toBe('gap start "09:58", it\'s known');
});

test('the person is told when something was hidden, and not when they typed the placeholder', () => {
  expect(hiddenWords('anna@clinic.example saw it', typedText('anna@clinic.example saw it'))).toContain('replaced by a placeholder');
  expect(hiddenWords('[email] saw it', typedText('[email] saw it'))).toBe('');
});
