import { readFileSync } from 'node:fs';
import { redactText } from '#domain/base/text/foreign.ts';
import { PLACEHOLDERS } from '#domain/base/text/redact/rule.ts';

/** One line of the corpus: what stands in it, which stretches must vanish, and which words must stay. */
export type CorpusLine = {
  readonly kind: string;
  readonly text: string;
  readonly identities: readonly string[];
  readonly words: readonly string[];
};

/** How a kind of lines did: identities hidden of those in it, words kept of those that must stay, and what went wrong. */
export type KindResult = {
  readonly kind: string;
  readonly identities: number;
  readonly hidden: number;
  readonly words: number;
  readonly kept: number;
  readonly misses: readonly string[];
};

/**
 * Reads the corpus: `# kind` begins a kind; ⟦…⟧ must vanish, ⟪…⟫ must stay; a line without either must stay wholly. `\u200b` and `\n` are
 * written as escapes, since nobody could see them.
 */
export function readCorpus(): readonly CorpusLine[] {
  const lines: CorpusLine[] = [];
  let kind = '';
  for (const line of readFileSync(new URL('redaction-corpus.txt', import.meta.url), 'utf8').split('\n')) {
    if (line.startsWith('# ')) kind = line.slice(2);
    else if (line !== '')
      lines.push(
        parseLine(
          kind,
          line.replace(/\\u([\da-f]{4})|\\n/g, (_, code) => (code ? String.fromCharCode(parseInt(code, 16)) : '\n')),
        ),
      );
  }
  return lines;
}

function parseLine(kind: string, marked: string): CorpusLine {
  const text = marked.replace(/[⟦⟧⟪⟫]/g, '');
  const identities = [...marked.matchAll(/⟦([^⟧]*)⟧/g)].map(([, span = '']) => span);
  const kept = [...marked.matchAll(/⟪([^⟫]*)⟫/g)].map(([, span = '']) => span);
  const isWhole = identities.length + kept.length === 0;
  return { kind, text, identities, words: (isWhole ? [text] : kept).flatMap(wordsOf) };
}

/** Measures what the redaction does with the corpus, kind by kind. */
export function measureRedaction(corpus: readonly CorpusLine[]): readonly KindResult[] {
  return [...Map.groupBy(corpus, ({ kind }) => kind)].map(([kind, lines]) => {
    const results = lines.map(measureLine);
    const sum = (of: (result: LineResult) => number) => results.reduce((total, result) => total + of(result), 0);
    return {
      kind,
      identities: sum(({ line }) => line.identities.length),
      hidden: sum(({ line, leaked }) => line.identities.length - leaked.length),
      words: sum(({ line }) => line.words.length),
      kept: sum(({ line, lost }) => line.words.length - lost.length),
      misses: results.flatMap(({ line, redacted, leaked, lost }) => [
        ...(leaked.length > 0 ? [`leaked ${leaked.join(' + ')}: ${line.text} → ${redacted}`] : []),
        ...(lost.length > 0 ? [`lost ${lost.join(' + ')}: ${line.text} → ${redacted}`] : []),
      ]),
    };
  });
}

type LineResult = {
  readonly line: CorpusLine;
  readonly redacted: string;
  readonly leaked: readonly string[];
  readonly lost: readonly string[];
};

/** An identity is hidden when none of its words is left, beyond those that the rest of the line has as well. */
function measureLine(line: CorpusLine): LineResult {
  const redacted = redactText(line.text, 3_000);
  const shown = countWords(redacted);
  const outside = countWords(line.identities.reduce((rest, identity) => rest.replace(identity, ' '), line.text));
  const leaked = line.identities.filter((identity) => wordsOf(identity).some((word) => (shown.get(word) ?? 0) > (outside.get(word) ?? 0)));
  const needed = countWords(line.words.join(' '));
  const lost = [...needed].filter(([word, count]) => (shown.get(word) ?? 0) < count).map(([word]) => word);
  return { line, redacted, leaked, lost };
}

function countWords(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of wordsOf(PLACEHOLDERS.reduce((rest, placeholder) => rest.replaceAll(placeholder, ' '), text)))
    counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function wordsOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
}
