import { fold } from './redact/fold.ts';
import { RULES } from './redact/index.ts';
import { withoutUnknownFields } from './redact/json.ts';
import { mask, unmask } from './redact/mask.ts';
import { ANY_PLACEHOLDER } from './redact/rule.ts';
import { foreignLine, foreignText } from './sanitize.ts';

/**
 * One line of foreign text without identities (HIPAA's minimum necessary, 45 CFR 164.514(b)): see {@link redactLines}. At most `limit`
 * characters, line breaks folded.
 */
export function redact(text: string, limit = 300): string {
  return foreignLine(redactLines(text, limit), limit);
}

/**
 * Foreign text without identities, line breaks kept: addresses, numbers, dates of birth, names, secrets and values of fields that name
 * people become placeholders; fields of JSON that are not known as harmless are left out. What lies behind `limit` characters of the
 * result is cut. Linear in the text's length.
 */
export function redactLines(text: string, limit = 500): string {
  const window = limit * 4 + WINDOW;
  // An identity that the window cuts in two would not be known as one: what is near the cut is not shown.
  const isCut = text.length > window;
  const plain = withoutUnknownFields(text.slice(0, window).replace(ANSI_STYLE, ''));
  const folded = fold(plain);
  const masked = mask(folded.text, RULES);
  return foreignText(unmask(folded, masked, Math.max(0, masked.length - (isCut ? MARGIN : 0))), limit);
}

const WINDOW = 8_000;
const MARGIN = 400;

// biome-ignore lint/suspicious/noControlCharactersInRegex: colors of a terminal are what is removed here
const ANSI_STYLE = /\u001b\[[\d;]{0,20}[A-Za-z]/g;

/** How many placeholders a text holds: more than before means that something was hidden. */
export function countPlaceholders(text: string): number {
  return text.match(ANY_PLACEHOLDER)?.length ?? 0;
}
