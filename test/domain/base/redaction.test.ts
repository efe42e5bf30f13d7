import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rawText, redactLine, redactText, wasRedacted } from '#domain/base/text/foreign.ts';
import { RULES } from '#domain/base/text/redact/index.ts';
import { PLACEHOLDERS } from '#domain/base/text/redact/rule.ts';
import { measureRedaction, readCorpus } from './redaction-corpus.ts';

describe('the labelled corpus', () => {
  const corpus = readCorpus();
  const results = measureRedaction(corpus);
  const total = (of: 'identities' | 'hidden' | 'words' | 'kept') => results.reduce((sum, result) => sum + result[of], 0);
  const security = readFileSync('docs/security.md', 'utf8');
  const stated = (what: string) => Number(new RegExp(`at least ([\\d.]+) % of the ${what}`).exec(security)?.[1] ?? Number.NaN) / 100;

  test('as many identities are hidden as docs/security.md states, and as many words kept', () => {
    const misses = results.flatMap((result) => result.misses).join('\n');
    expect(total('hidden') / total('identities'), misses).toBeGreaterThanOrEqual(stated('identities'));
    expect(total('kept') / total('words'), misses).toBeGreaterThanOrEqual(stated('words'));
    expect(Math.min(stated('identities'), stated('words'))).toBeGreaterThanOrEqual(0.99);
  });

  test('no kind of identity is left to the others to make the figure', () => {
    for (const { kind, identities, hidden, misses } of results) {
      expect(hidden, `${kind}: ${misses.join('\n')}`).toBeGreaterThanOrEqual(Math.floor(identities * 0.95));
    }
  });

  test('the size of the corpus is the one that docs/security.md states', () => {
    expect(security).toContain(`${corpus.length} lines`);
    expect(security).toContain(`${total('identities')} identities`);
    expect(security).toContain(`${total('words')} words`);
  });

  test('what was redacted once comes out of a second redaction without new placeholders', () => {
    for (const { text } of corpus) {
      const once = redactText(text, 3_000);
      expect(wasRedacted(once, redactText(once, 3_000)), once).toBe(false);
    }
  });
});

const HOSTILE = [
  'a',
  'A',
  '1',
  '0',
  '-',
  '.',
  ':',
  '/',
  '@',
  '%40',
  '"',
  "'",
  '(',
  '[',
  '{',
  '<',
  '=',
  ' ',
  '^',
  '|',
  '+',
  '_',
  '李',
  'م',
  'é',
  '\u200b',
];
const HOSTILE_PIECES = [
  'a@',
  'Aa ',
  'Jane ',
  'a.',
  'a:',
  'a=',
  'a=" ',
  'name=(',
  'email="',
  'dob=[',
  'user: {',
  '1.',
  '1-',
  '1 ',
  'ab:',
  '/users/',
  'patient ',
  'Dr. ',
  'Key (',
  'Key (a)=(',
  'DETAIL: ',
  'VALUES (',
  'PID|',
  'A^',
  'Patient/',
  '-----BEGIN A KEY-----',
  'eyJaaaaaa.',
  'Bearer ',
  '://a:',
  'password is ',
  'dob ',
  'born 1 ',
  'SSN ',
  'MRN',
  'a at b ',
  ' dot a',
  '(at)',
  '[at]a[dot]',
  '<a>',
  '<name ',
  '?a=',
  "'a'",
  '"a"',
  "=''",
  '患者',
  'مم ',
  'a b',
  'user-',
  '\\"',
  '[["a",',
  'call ',
  '+1 ',
  '(555) ',
];

describe('a rule takes time in proportion to the text', () => {
  test.each(RULES.map((rule) => [rule.name, rule] as const))('%s', (_name, rule) => {
    for (const piece of [...HOSTILE, ...HOSTILE_PIECES]) {
      const text = piece.repeat(Math.ceil(200_000 / piece.length));
      let end = 0;
      for (const span of rule.find(text)) {
        expect(span.end).toBeGreaterThan(span.start);
        end = span.end;
      }
      expect(end).toBeLessThanOrEqual(text.length);
    }
  });

  test('all of them on a text of 200,000 hostile characters', () => {
    for (const piece of HOSTILE_PIECES)
      expect(redactText(piece.repeat(Math.ceil(200_000 / piece.length)), 50_000).length).toBeGreaterThan(0);
  });
});

describe('redacted text', () => {
  test('what is not hidden stays to the letter, disguises and all', () => {
    expect(redactText('½ of the “inserts” failed – see §5 … ①, für zelda＠clinic.example\nnext line', 200)).toBe(
      '½ of the “inserts” failed – see §5 … ①, für [email]\nnext line',
    );
    expect(redactLine('one\n two\t three')).toBe('one two three');
  });

  test('colors of a terminal and control characters do not part an identity', () => {
    expect(redactLine('\u001b[31mzelda\u0000@clinic\u0007.example\u001b[0m left')).toBe('[email] left');
  });

  test('an identity that the limit or the window cuts in two does not show its first half', () => {
    for (const before of [10, 280, 295, 9_180, 9_195, 9_199]) {
      const text = `${'x '.repeat(before / 2)}zelda.quux@clinic.example and more ${'y '.repeat(6_000)}`;
      expect(redactLine(text, 300)).not.toContain('zelda');
      expect(redactText(text, 20_000)).not.toContain('zelda');
    }
  });

  test('private-use characters from outside are no placeholders', () => {
    expect(redactLine('a\ue000\ue001b')).toBe('a\ue000\ue001b');
  });

  test('whether something was hidden is known, and a placeholder that a person typed is none', () => {
    const told = (text: string) => wasRedacted(rawText(text), redactText(rawText(text)));
    expect(told('MRN 8812345 is missing')).toBe(true);
    expect(told('the pool is exhausted')).toBe(false);
    expect(told('an [email] was sent')).toBe(false);
    expect(told('an [email] was sent to zelda@clinic.example')).toBe(true);
    expect(told('{"msg":"audit failed","nurse":"Zelda"}')).toBe(true);
  });

  test('any text comes out bounded and well-formed', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.constantFrom(...PLACEHOLDERS, '@', '=', ' Zelda Quux '),
        (text, piece) => {
          const redacted = redactText(text + piece + text, 200);
          expect(Array.from(redacted).length).toBeLessThanOrEqual(200);
          expect(redacted.isWellFormed()).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });
});
