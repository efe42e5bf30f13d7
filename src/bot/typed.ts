import { type RedactedText, redactText, wasRedacted } from '#domain/base/text/foreign.ts';
import { DAY, HOUR, MINUTE, type Milliseconds, parseDuration, SECOND } from '#domain/base/time.ts';

/** What a telephone makes of what was typed, undone: odd spaces, and quotation marks that bend. Dashes stay, they may be the words' own. */
export function straightened(text: string): string {
  return text
    .replace(/[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g, ' ')
    .replace(/[\u200b\u2060\ufeff]/g, '')
    .replace(/[“”„‟«»]/g, '"')
    .replace(/[‘’‚‛]/g, "'");
}

const DASH = '\\u2010-\\u2015\\u2212\\ufe58\\ufe63\\uff0d-';
const DASHES = `[${DASH}]+`;

/** A command's words without its options: which of the known ones were given, and the first that is none. */
export type Options = { readonly given: ReadonlySet<string>; readonly unknown: string | null; readonly rest: string };

/**
 * Takes options such as `--drill` out of a command's words: with any dashes, since telephones turn `--` into `—`, in any case, and anywhere. At the
 * beginning or the end the dashes may stand apart. What looks like an option and is none is named: taken for words it would do harm.
 */
export function takeOptions(text: string, known: readonly string[]): Options {
  const joined = known.reduce(
    (words, name) =>
      words.replace(new RegExp(`(^\\s*|\\s)${DASHES}\\s+${name}(?=\\s*$)|^\\s*${DASHES}\\s+${name}(?=\\s|$)`, 'i'), ` --${name}`),
    text,
  );
  const given = new Set<string>();
  let unknown: string | null = null;
  const rest = joined.replace(
    new RegExp(`(?:^|(?<=\\s))${DASHES}([\\p{L}][\\p{L}\\p{N}${DASH}]*)(?=\\s|$)`, 'gu'),
    (option, typed: string) => {
      const name = typed.toLowerCase().replace(new RegExp(DASHES, 'g'), '-');
      if (known.includes(name)) given.add(name);
      else unknown ??= option;
      return '';
    },
  );
  return { given, unknown, rest: rest.replace(/ {2,}/g, ' ').trim() };
}

const UNITS: readonly (readonly [RegExp, Milliseconds])[] = [
  [/^d(ays?)?$/, DAY],
  [/^h((ou)?rs?)?$/, HOUR],
  [/^m(in(ute)?s?)?$/, MINUTE],
  [/^s(ec(ond)?s?)?$/, SECOND],
];

/** Reads a duration as people say it: `15m`, `15 min`, `1h30m`, `1 h 30 min`, `in 20m`, `~20M`. Returns null for anything else. */
export function typedDuration(text: string): Milliseconds | null {
  const words = text
    .trim()
    .toLowerCase()
    .replace(/^(?:(?:in|about|around|for)\s+|[~≈]\s*)+/, '')
    .replace(/\.$/, '');
  const plain = parseDuration(words);
  if (plain !== null) return plain;
  if (!/^(?:\d{1,6}(?:\.\d)?\s*[a-z]+(?:\s*,?\s*(?:and\s+)?|$))+$/.test(words)) return null;
  const parts = [...words.matchAll(/(\d{1,6}(?:\.\d)?)\s*([a-z]+)/g)].map(([, count, name = '']) => {
    const unit = UNITS.find(([pattern]) => pattern.test(name === 'and' ? '' : name.replace(/and$/, '')))?.[1];
    return unit === undefined ? null : Number(count) * unit;
  });
  return parts.reduce<number | null>((sum, part) => (sum === null || part === null ? null : sum + part), 0);
}

/** What a person typed, as it may be kept. */
export function typedText(text: string | undefined, limit = 3_000): RedactedText {
  return redactText(text ?? '', limit);
}

const HIDDEN = 'What may identify somebody in it was replaced by a placeholder. If that made it unclear, say it again without identities.';

/** What a person is told when something of what they typed was hidden in what was kept of it; empty when nothing was. */
export function hiddenWords(typed: string, kept: unknown): string {
  // Only redacted texts stand in what was kept, so counting its placeholders is enough.
  return wasRedacted(typed, JSON.stringify(kept) as RedactedText) ? HIDDEN : '';
}
