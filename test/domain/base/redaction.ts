import { type KindResult, measureRedaction, readCorpus } from './redaction-corpus.ts';

/** Prints how much of the labelled corpus the redaction hides and keeps, kind by kind, and each miss (docs/security.md). */
const corpus = readCorpus();
const results = measureRedaction(corpus);
const sum = (of: (result: KindResult) => number) => results.reduce((total, result) => total + of(result), 0);
const share = (part: number, whole: number) =>
  whole === 0 ? '' : `${part} of ${whole} (${(Math.floor((part / whole) * 1_000) / 10).toFixed(1)} %)`;
const row = (kind: string, hidden: string, kept: string) => process.stdout.write(`${kind.padEnd(14)} ${hidden.padEnd(22)} ${kept}\n`);

row(`${corpus.length} lines`, 'identities hidden', 'words kept');
for (const { kind, identities, hidden, words, kept } of results) row(kind, share(hidden, identities), share(kept, words));
row(
  'all',
  share(
    sum(({ hidden }) => hidden),
    sum(({ identities }) => identities),
  ),
  share(
    sum(({ kept }) => kept),
    sum(({ words }) => words),
  ),
);
for (const { kind, misses } of results) for (const miss of misses) process.stdout.write(`${kind}: ${miss}\n`);
