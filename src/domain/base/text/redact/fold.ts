/** Text as the rules read it, and for each of its UTF-16 units where it began in the original; one entry more for the end. */
export type Folded = { readonly text: string; readonly original: string; readonly origins: Uint32Array };

/** The first private-use character; those up to LAST_MARK mark what is hidden, so they are not taken from outside. */
export const FIRST_MARK = 0xe000;
export const LAST_MARK = 0xe0ff;

/**
 * Undoes disguises without changing a length twice: compatibility forms (NFKC), digits of every script, dashes, quotes and spaces become
 * plain ones, invisible characters vanish. Each character of the result remembers its origin, so the original can be shown where nothing
 * is hidden (Unicode TR 15 and TR 36).
 */
export function fold(raw: string): Folded {
  const original = raw.toWellFormed().normalize('NFC');
  const pieces: string[] = [];
  const origins = new Uint32Array(original.length * MOST_UNITS + 1);
  let length = 0;
  let position = 0;
  for (const character of original) {
    const folded = foldCharacter(character);
    for (let unit = 0; unit < folded.length; unit += 1) origins[length + unit] = position;
    length += folded.length;
    pieces.push(folded);
    position += character.length;
  }
  origins[length] = position;
  return { text: pieces.join(''), original, origins };
}

/** No character's compatibility form is longer (U+FDFA has 18 units). */
const MOST_UNITS = 18;

function foldCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code === 10) return character;
  if (code >= 32 && code < 127) return character;
  if (code >= FIRST_MARK && code <= LAST_MARK) return ' ';
  if (/\s/u.test(character)) return ' ';
  if (/[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}]/u.test(character)) return '';
  const plain = character.normalize('NFKC');
  if (plain.length > 1) return plain.replace(/\s/gu, ' ');
  const known = PLAIN[plain];
  if (known !== undefined) return known;
  if (/\p{Dash_Punctuation}|\u2212/u.test(plain)) return '-';
  return /\p{Nd}/u.test(plain) ? String(digitValue(plain.codePointAt(0) ?? 0)) : plain;
}

const PLAIN: Readonly<Record<string, string>> = {
  '\u2018': "'",
  '\u2019': "'",
  '\u201a': "'",
  '\u201b': "'",
  '\u2032': "'",
  '\u201c': '"',
  '\u201d': '"',
  '\u201e': '"',
  '\u201f': '"',
  '\u00ab': '"',
  '\u00bb': '"',
  '\u3002': '.',
  '\u00b7': '.',
  '\u30fb': '.',
  '\u2215': '/',
  '\u2044': '/',
  '\u3001': ',',
};

/** Digits of a script stand in a row of ten, zero first (Unicode standard, chapter 4.6). */
function digitValue(code: number): number {
  let value = 0;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value += 1;
  return value;
}
