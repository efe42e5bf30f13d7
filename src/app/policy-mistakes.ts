import { distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import { knownKeys } from './policy-form.ts';

/** Returns a line for every mistake: the place, and what is expected there. */
export function mistakes(issues: readonly z.core.$ZodIssue[]): readonly string[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => `  ${unknownKey(issue.path, key)}`);
    const words = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
    return [`  ${placeOf(issue.path)}${words}`];
  });
}

/** Returns what is expected, for a value whose schema does not say it itself. */
export function inPlainWords(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input === null) return 'is empty: give it a value, or leave the key out';
  if (issue.input === undefined) return 'is missing, and needed here';
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${KINDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `expected ${listed(issue.values.map(String))}, not ${JSON.stringify(issue.input)}`;
    case 'too_small':
      return issue.origin === 'array' ? `expected a list of at least ${issue.minimum}` : `expected ${smallest(issue)}`;
    case 'too_big':
      return issue.origin === 'string' ? `expected at most ${issue.maximum} characters` : `expected at most ${issue.maximum}`;
    default:
      return undefined;
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'keys and values',
  record: 'keys and values',
};

function smallest({ origin, minimum }: Pick<z.core.$ZodIssueTooSmall, 'origin' | 'minimum'>): string {
  if (origin !== 'string') return `at least ${minimum}`;
  return minimum === 1 ? 'a text that is not empty' : `at least ${minimum} characters`;
}

function unknownKey(path: readonly PropertyKey[], key: string): string {
  const known = knownKeys(path);
  const meant = nearest(key, known);
  return `${placeOf([...path, key])}unknown key.${meant === null ? '' : ` Did you mean "${meant}"?`} Known here: ${known.join(', ')}`;
}

/** The known key that differs in at most a third of its letters, whatever their case; a farther one would be a guess. */
function nearest(key: string, known: readonly string[]): string | null {
  const near = known
    .map((each) => ({ each, far: distance(key.toLowerCase(), each.toLowerCase()) }))
    .filter(({ each, far }) => far <= Math.max(1, Math.floor(each.length / 3)))
    .toSorted((one, other) => one.far - other.far);
  return near[0]?.each ?? null;
}

function placeOf(path: readonly PropertyKey[]): string {
  return path.length === 0 ? '' : `${path.map(String).join('.')}: `;
}

/** `a`, `a or b`, `a, b or c`. */
function listed(values: readonly string[]): string {
  return values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}
