/** A stretch of folded text, `start` included, `end` not. */
export type Span = { readonly start: number; readonly end: number };

/** What stands in the place of an identity. */
export const PLACEHOLDERS = [
  '[email]',
  '[phone]',
  '[ssn]',
  '[mrn]',
  '[date]',
  '[ip]',
  '[id]',
  '[secret]',
  '[hidden]',
  '[name]',
  '[row]',
  '[number]',
  '[text]',
  '[address]',
  '[query]',
] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];

/** Any of the placeholders in a text. */
export const ANY_PLACEHOLDER = new RegExp(`(?:${PLACEHOLDERS.map((each) => each.replace(/[[\]]/g, '\\$&')).join('|')})`, 'g');

/** One form of an identity: where it stands in folded text, and what replaces it. Must be linear in the text's length. */
export type Rule = {
  readonly name: string;
  readonly placeholder: Placeholder;
  readonly find: (text: string) => Iterable<Span>;
};

/** A rule by a regular expression. Its group `hide` is hidden; without it the whole match, from the group `from` of a lookbehind on. */
export function byPattern(
  name: string,
  placeholder: Placeholder,
  pattern: RegExp,
  accept?: (hidden: string, match: RegExpMatchArray) => boolean,
): Rule {
  const searched = new RegExp(pattern.source, `${pattern.flags.replace(/[gd]/g, '')}gd`);
  return {
    name,
    placeholder,
    find: function* (text) {
      for (const match of text.matchAll(searched)) {
        const found = match.indices?.groups?.hide ?? match.indices?.[0];
        if (!found) continue;
        const start = match.indices?.groups?.from?.[0] ?? found[0];
        if (accept?.(text.slice(start, found[1]), match) ?? true) yield { start, end: found[1] };
      }
    },
  };
}
