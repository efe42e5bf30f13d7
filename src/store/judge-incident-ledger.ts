import { type Link, sha256 } from './hash-chain.ts';
import type { LedgerEntry } from './ledger.ts';
import type { Sent } from './sent-messages.ts';

/**
 * Holds an incident's facts and what was sent for it against the ledger's lines about it. Returns what does not agree, each with its
 * place: facts cut off, added or rewritten, messages gone, changed or forged.
 */
export function judgeIncidentLedger(links: readonly Link[], sent: readonly Sent[], entries: readonly LedgerEntry[]): readonly string[] {
  return [
    ...factProblems(
      links,
      entries.filter(({ subject }) => subject === 'facts'),
    ),
    ...sentProblems(sent, new Map(entries.flatMap(({ subject, item, sha256: hash }) => (subject === 'sent' ? [[item, hash]] : [])))),
  ];
}

function factProblems(links: readonly Link[], entries: readonly LedgerEntry[]): readonly string[] {
  const most = Math.max(0, ...entries.map(({ item }) => Number(item)));
  if (most > links.length)
    return [`fact ${links.length + 1}: the ledger knows ${most} facts, and there are ${links.length}; facts were deleted`];
  const other = entries.find(({ item, sha256: hash }) => links[Number(item) - 1]?.hash !== hash);
  if (other) return [`fact ${other.item}: the ledger knows it by another hash; the record was rewritten`];
  return most < links.length ? [`fact ${most + 1}: the ledger does not know it; it was added past Gapwatch`] : [];
}

function sentProblems(sent: readonly Sent[], known: ReadonlyMap<string, string>): readonly string[] {
  const there = new Set(sent.map(({ message, attempt }) => `${message}/${attempt}`));
  const gone = [...known.keys()]
    .filter((item) => !there.has(item))
    .map((item) => `${item}: the ledger knows it, and what was sent is gone`);
  const wrong = sent.flatMap((each) => {
    const item = `${each.message}/${each.attempt}`;
    const hash = known.get(item);
    if (hash === undefined) return [`${item}: the ledger does not know it; it was added past Gapwatch`];
    return hash === sentDigest(each) ? [] : [`${item}: the ledger knows another content or time; it was changed`];
  });
  return [...gone, ...wrong];
}

/** The SHA-256 by which the ledger knows something sent: of its time, a line break, and its content. */
function sentDigest({ at, content }: Sent): string {
  return sha256(`${at.toISOString()}\n${content}`);
}
