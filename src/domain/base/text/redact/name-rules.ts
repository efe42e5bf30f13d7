import { isGivenName, isPossibleGivenName, isSurname } from './names.ts';
import { FILE_NAME_RULES } from './paths.ts';
import type { Rule, Span } from './rule.ts';
import { NAME_RULES_OF_SCRIPTS } from './scripts.ts';
import { isVocabulary } from './vocabulary.ts';

const WORD = String.raw`(?:(?:Mc|Mac|O'|D'|L'|Fitz|Al-|El-)?\p{Lu}[\p{Ll}\p{M}]{1,24}(?:['-]\p{Lu}?\p{Ll}{1,24}){0,2}|\p{Lu}\.)`;
const PARTICLE = `(?:van|von|der|den|de|del|della|di|da|dos|du|la|le|bin|ibn|al|el|ter|zu|y)`;
const STARTS = String.raw`(?<![\p{L}\p{N}_.@\\$#-])`;
const ENDS = String.raw`(?![\p{L}\p{N}_(-])`;

/** Names of people: capitalised words in a row that are no vocabulary, names of the lists in any case of letters, names after a label. */
export const NAME_RULES: readonly Rule[] = [
  { name: 'name after a label', placeholder: '[name]', find: findLabelled },
  { name: 'capitalised names', placeholder: '[name]', find: findCapitalised },
  { name: 'known names', placeholder: '[name]', find: findKnown },
  ...NAME_RULES_OF_SCRIPTS,
  ...FILE_NAME_RULES,
];

const RUN = new RegExp(`${STARTS}${WORD}(?:[ ](?:${PARTICLE} ){0,3}${WORD}){1,6}${ENDS}`, 'gu');

function* findCapitalised(text: string): Generator<Span> {
  for (const match of text.matchAll(RUN)) {
    let person = NOBODY;
    for (const word of match[0].matchAll(/\S+/g)) {
      const start = match.index + word.index;
      const end = start + word[0].length;
      const weight = weightOf(text, start, end);
      if (weight === null && person.weight > 1) yield person;
      person = weight === null ? NOBODY : { start: person === NOBODY ? start : person.start, end, weight: person.weight + weight };
    }
    if (person.weight > 1) yield person;
  }
}

/** Words in a row that may name somebody: a name weighs one, an initial half, a particle nothing. More than one is a person. */
type Person = Span & { readonly weight: number };
const NOBODY: Person = { start: 0, end: 0, weight: 0 };

function weightOf(text: string, start: number, end: number): number | null {
  const word = text.slice(start, end);
  if (/^\p{Ll}/u.test(word)) return 0;
  if (/^\p{Lu}\.$/u.test(word)) return 0.5;
  return isVocabulary(word) && !isWordAndName(text, start, end) ? null : 1;
}

/** "Will Smith", "Mark Jones": a word that is a given name as well, before a surname. */
function isWordAndName(text: string, start: number, end: number): boolean {
  const next = /^ (\p{L}{2,25})/u.exec(text.slice(end, end + 30))?.[1];
  if (isSurname(text.slice(start, end)) && isPossibleGivenName(lastWord(text.slice(Math.max(0, start - 30), start)))) return true;
  if (isGivenName(/(\p{L}+) \p{Lu}\. $/u.exec(text.slice(Math.max(0, start - 30), start))?.[1] ?? '')) return true;
  return isPossibleGivenName(text.slice(start, end)) && next !== undefined && isSurname(next);
}

function lastWord(text: string): string {
  return /(\p{L}+)\.? $/u.exec(text.slice(-30))?.[1] ?? '';
}

const PAIR =
  /(?<![\p{L}\p{N}_.@/\\$#-])(?<one>\p{L}[\p{L}\p{M}'-]{1,24})(?<between>,? )(?:\p{L}\.? )?(?=(?<two>\p{L}[\p{L}\p{M}'-]{1,24})(?![\p{L}\p{N}_(]))/gu;

/** A given name and a surname, in either order and in any case of letters. */
function* findKnown(text: string): Generator<Span> {
  for (const match of text.matchAll(PAIR)) {
    const { one = '', two = '', between = '' } = match.groups ?? {};
    const isReversed = between.startsWith(',');
    const [given, family] = isReversed ? [two, one] : [one, two];
    const isName = isReversed ? isReversedName(given, family) : isNameInOrder(given, family) || isNameInOrder(family, given);
    if (isName) yield { start: match.index, end: match.index + match[0].length + two.length };
  }
}

function isNameInOrder(given: string, family: string): boolean {
  if (isSurname(family) && isGivenName(given)) return true;
  const areCapitals = isCapitals(given) && isCapitals(family) && given.length > 2 && family.length > 2;
  return isGivenName(given) && areCapitals && !isVocabulary(family);
}

function isReversedName(given: string, family: string): boolean {
  const isWritten = /^\p{Lu}/u.test(given) === /^\p{Lu}/u.test(family);
  if (isGivenName(given)) return isWritten && /^\p{Lu}/u.test(family) ? !isVocabulary(family) || isSurname(family) : isSurname(family);
  return isSurname(family) && /^\p{Lu}/u.test(given) && /^\p{Lu}/u.test(family) && (isPossibleGivenName(given) || !isVocabulary(given));
}

function isCapitals(word: string): boolean {
  return word === word.toUpperCase() && word !== word.toLowerCase();
}

const LABEL =
  /(?<![\p{L}\p{N}_]|\d )(?<label>patients?|pt|dr|mr|mrs|ms|miss|mx|prof|professor|doctor|nurse|user|users|physician|provider|practitioner|surgeon|therapist|guardian|caregiver|resident of|client|member|employee|subscriber|insured|mother|father|daughter|son|wife|husband|spouse|sister|brother|parent|child|baby|herr|frau|señora?|sra|monsieur|madame|mme|paciente|patientin|asked by|reported by|requested by|signed|name of|named|called for|on behalf of)(?:'s)?(?:[.:]| -)?\s{1,3}(?=[\p{L}"'])/giu;
const FOLLOWING =
  /^\(?["']?(?:(?:dr|mr|mrs|ms|name|named|called|is|was)\.? ){0,2}(?<names>\p{L}[\p{L}\p{M}'.-]{0,30}(?:,? \p{L}[\p{L}\p{M}'.-]{0,30}){0,4})(?![=(\d_])/iu;
const TITLES = /^(?:dr|mr|mrs|ms|miss|mx|prof|professor|herr|frau|señora?|sra|monsieur|madame|mme)$/i;
const LOOSE = /^(?:patients?|nurse|doctor|user|paciente|patientin|pt|physician)$/i;

/** What follows a label, as far as it is no vocabulary. */
function* findLabelled(text: string): Generator<Span> {
  for (const match of text.matchAll(LABEL)) {
    const start = match.index + match[0].length;
    const following = FOLLOWING.exec(text.slice(start, start + 240));
    const names = following?.groups?.names;
    if (!following || names === undefined) continue;
    const from = start + following[0].length - names.length;
    const length = namesLength(names, match.groups?.label ?? '');
    if (length > 0) yield { start: from, end: from + length };
  }
}

function namesLength(names: string, label: string): number {
  let length = 0;
  for (const word of names.matchAll(/[^\s,]+/g)) {
    const bare = word[0].replace(/[.'-]+$/, '').replace(/'s$/, '');
    if (!isNameWord(bare, label, length === 0)) break;
    length = word.index + bare.length;
  }
  return length;
}

function isNameWord(word: string, label: string, isFirst: boolean): boolean {
  if (word === '') return false;
  if (isFirst && TITLES.test(label)) return !/^(?:and|or|is|was|the|on|in|to|of|said|who|no)$/.test(word);
  if (!isFirst && /^(?:van|von|der|den|de|del|di|da|la|le|bin|ibn|al|el|y)$/.test(word)) return true;
  if (isGivenName(word)) return true;
  if (isVocabulary(word)) return !isFirst && isSurname(word) && /^\p{Lu}/u.test(word);
  if (/^\p{Lu}/u.test(word)) return !/\p{Ll}\p{Lu}/u.test(word) || /^(?:Mc|Mac|De|Di|La|Le|O')\p{Lu}/u.test(word);
  if (!/^\p{Ll}/u.test(word)) return true;
  return isFirst ? LOOSE.test(label) && word.length > 2 : isSurname(word);
}
