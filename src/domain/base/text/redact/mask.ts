import { FIRST_MARK, type Folded } from './fold.ts';
import { ANY_PLACEHOLDER, PLACEHOLDERS, type Rule, type Span } from './rule.ts';

/** Applies the rules in their order: what one has hidden is a mark of the same length to the next, so positions
 * stay. Placeholders that stand in the text already, as after an earlier redaction, are marks from the start. */
export function mask(text: string, rules: readonly Rule[]): string {
  const marked = text.replace(ANY_PLACEHOLDER, (found) => markOf(found).repeat(found.length));
  return rules.reduce((masked, rule) => overwrite(masked, rule.find(masked), markOf(rule.placeholder)), marked);
}

function markOf(placeholder: string): string {
  return String.fromCharCode(FIRST_MARK + PLACEHOLDERS.findIndex((each) => each === placeholder));
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
