import { GENESIS, sha256 } from './hash-chain.ts';
import { firstFew } from './judge-incident.ts';
import { type Digest, type HeadBody, type LedgerHead, readHeadBody, type Segment } from './ledger.ts';
import { signatureProblem } from './signatures.ts';
import { type Claim, claimsOf } from './statement.ts';

/** The lines that each head says it covers: from the last of the head before to its own. One a head, in order. */
export function segmentsOf(heads: readonly LedgerHead[]): readonly Segment[] {
  let after = 0;
  return heads.map(({ body }) => {
    const segment = { after, through: readHeadBody(body)?.through ?? after };
    after = segment.through;
    return segment;
  });
}

/** What a head says of incidents, one claim each. */
export function claimsOfHead({ sequence, body }: LedgerHead): readonly Claim[] {
  const said = readHeadBody(body);
  return said === null ? [] : claimsOf({ kind: 'ledger', at: said.at, head: said }, `head ${sequence} of the ledger (${said.at})`);
}

/** Whether the heads still have the one that a statement was made of: `text` is its body. */
export function headProblems(heads: readonly LedgerHead[], sequence: number, text: string): readonly string[] {
  const kept = heads.find((head) => head.sequence === sequence);
  if (kept === undefined) return [`the ledger had a head ${sequence}, and its last is ${heads.at(-1)?.sequence ?? 'none'}; it was cut`];
  return kept.body === text ? [] : [`the ledger's head ${sequence} says something else; it was rewritten`];
}

/** What the heads come to: what does not hold, and up to which entry a signature that holds covers the ledger. */
export type JudgedHeads = { readonly problems: readonly string[]; readonly signedThrough: number };

/**
 * Recomputes the chain of heads, their signatures, and with `digests` (one a head) the lines that each covers. With `trusted` signatures
 * by any other key are broken.
 */
export function judgeHeads(heads: readonly LedgerHead[], digests: readonly Digest[], trusted: string | null): JudgedHeads {
  let previous = GENESIS;
  let signedThrough = 0;
  const problems = heads.flatMap((head, index) => {
    const expected = index + 1;
    const body = readHeadBody(head.body);
    const problem = linkProblem(head, body, { expected, previous }) ?? signingProblem(head, body, trusted);
    const lines = linesProblem(body, digests[index]);
    previous = head.hash;
    if (problem === null && lines === null && head.signature !== null) signedThrough = body?.through ?? signedThrough;
    return [problem, lines].flatMap((text) => (text === null ? [] : [`head ${head.sequence}: ${text}`]));
  });
  return { problems: firstFew(problems), signedThrough };
}

function linkProblem(
  { sequence, hash, body: text }: LedgerHead,
  body: HeadBody | null,
  { expected, previous }: { readonly expected: number; readonly previous: string },
): string | null {
  if (sha256(text) !== hash) return 'the text does not match its hash';
  if (body === null) return 'the text is none that Gapwatch writes';
  if (sequence !== expected) return `it stands where head ${expected} belongs; heads were deleted`;
  if (body.ledger !== sequence) return 'its number is not its place';
  return body.previous === previous ? null : 'it does not name the hash of the head before it';
}

function signingProblem(
  { body: statement, signature, publicKey }: LedgerHead,
  body: HeadBody | null,
  trusted: string | null,
): string | null {
  if (body === null || body.key === null) return null;
  if (signature === null || publicKey === null) return `it was signed by the key ${body.key}, and its signature is gone`;
  return signatureProblem({ statement, signature, publicKey }, trusted);
}

function linesProblem(body: HeadBody | null, digest: Digest | undefined): string | null {
  if (body === null || digest === undefined) return null;
  const { count, sha256: hash } = body.entries;
  if (digest.count !== count)
    return `it closed ${count} lines up to entry ${body.through}, and there are ${digest.count}; lines of the ledger were deleted or added`;
  return digest.sha256 === hash ? null : `the lines up to entry ${body.through} are not the ones it closed; the ledger was changed`;
}
