import { FIRST_MARK, type Folded } from './fold.ts';
import { byPattern, PLACEHOLDERS, type Placeholder, type Rule, type Span } from './rule.ts';

/**
 * Applies the rules in their order: what one has hidden is a mark of the same length to the next, so positions stay. Placeholders that stand
 * in the text already, as after an earlier redaction, are marks from the start.
 */
export function mask(text: string, rules: readonly Rule[]): string {
  const marked = overwriteAll(text, PLACEHOLDERS.map(placeholderItself));
  return overwriteAll(marked, rules);
}

/** `patient[name]=` is the name of a field. */
function placeholderItself(placeholder: Placeholder): Rule {
  return byPattern(placeholder, placeholder, new RegExp(`${placeholder.replace(/[[\]]/g, '\\$&')}(?!=)`));
}

function overwriteAll(text: string, rules: readonly Rule[]): string {
  return rules.reduce((masked, rule) => {
    const mark = String.fromCharCode(FIRST_MARK + PLACEHOLDERS.indexOf(rule.placeholder));
    return overwrite(masked, rule.find(masked), mark);
  }, text);
}

function overwrite(text: string, spans: Iterable<Span>, mark: string): string {
  const pieces: string[] = [];
  let done = 0;
  for (const { start, end } of spans) {
    if (start < done || end <= start) continue;
    pieces.push(text.slice(done, start), mark.repeat(end - start));
    done = end;
  }
  return done === 0 ? text : pieces.join('') + text.slice(done);
}

/** The original text with placeholders where the masked text has marks, up to `end` of the masked text. */
export function unmask({ original, origins }: Folded, masked: string, end: number): string {
  const pieces: string[] = [];
  let position = 0;
  while (position < end) {
    const placeholder = placeholderAt(masked, position);
    let next = position + 1;
    while (next < end && placeholderAt(masked, next) === placeholder) next += 1;
    pieces.push(placeholder ?? original.slice(origins[position], origins[next]));
    position = next;
  }
  return pieces.join('');
}

function placeholderAt(masked: string, position: number): string | undefined {
  return PLACEHOLDERS[masked.charCodeAt(position) - FIRST_MARK];
}
