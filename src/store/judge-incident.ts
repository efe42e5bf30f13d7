import { DAY, HOUR, type Milliseconds } from '#domain/base/time.ts';
import type { RecordedEvent } from '#domain/incident/event.ts';
import { stateOf } from '#domain/incident/evolve.ts';
import { brokenLinks, type Link, sha256, unlink } from './hash-chain.ts';
import { judgeIncidentLedger } from './judge-incident-ledger.ts';
import type { LedgerEntry } from './ledger.ts';
import type { Sent } from './sent-messages.ts';
import { type Signature, signatureProblem } from './signatures.ts';
import { type Claim, readStatement } from './statement.ts';

/** Something that does not hold, or that can't be judged, in words that name the place within its subject. */
export type Problem = { readonly kind: 'broken' | 'unjudged'; readonly text: string };

/** What the index says of an incident. */
export type IndexRow = { readonly phase: string; readonly count: number; readonly head: string };

/** What an incident's record consists of, wherever it was read from. What an export does not have is undefined: it is not looked at. */
export type Evidence = {
  readonly incident: number;
  readonly links: readonly Link[];
  readonly sent: readonly Sent[];
  /** Null when its row is gone. */
  readonly index?: IndexRow | null;
  /** The ledger's lines about it. */
  readonly entries?: readonly LedgerEntry[];
  /** Attempts that were begun, as `call/attempt`. */
  readonly attempts?: ReadonlySet<string>;
};

/** What an incident's record is held against. */
export type Against = {
  /** A public key in PEM; signatures by any other key are broken. */
  readonly trusted?: string | null;
  /** Signed statements that stand beside the record, each with the place where it was found. */
  readonly statements?: readonly (Signature & { readonly place: string })[];
  /** What heads of the ledger and statements from outside say of this incident. */
  readonly claims?: readonly Claim[];
  /** The last entry of the ledger that a signed head covers. */
  readonly signedThrough?: number;
  /** When it is judged; null judges no signing time. */
  readonly now?: Date | null;
};

/**
 * Recomputes an incident's record: every link of the chain, every signature in it, every message and mail, the index and the ledger.
 * Returns everything that does not hold, in that order; nothing when all does. Never throws, whatever stands in the record.
 */
export function judgeIncident(evidence: Evidence, against: Against = {}): readonly Problem[] {
  const { incident, links, sent } = evidence;
  const chain = brokenLinks(incident, links);
  const read = links.map((each) => readLink(each));
  const events = read.flatMap((each) => ('event' in each ? [each.event] : []));
  const isWhole = chain.length === 0 && events.length === links.length;
  return [
    ...broken(firstFew(chain.map(({ sequence, problem }) => `fact ${sequence}: ${problem}`))),
    ...unreadable(read, new Set(chain.map(({ sequence }) => sequence))),
    ...broken(signatureProblems(evidence, events, against)),
    ...broken(contentProblems(events, sent)),
    ...broken(isWhole ? unaskedProblems(events, evidence) : []),
    ...broken(evidence.index === undefined ? [] : indexProblems(evidence, evidence.index, isWhole ? events : null)),
    ...broken(evidence.entries === undefined ? [] : judgeIncidentLedger(links, sent, evidence.entries)),
  ];
}

/** How many of the first facts of an incident are covered by a signature: one of its own, or a signed head of the ledger. */
export function signedCount({ links, entries }: Evidence, signedThrough: number): number {
  const own = links.flatMap((each) => {
    const read = readLink(each);
    if (!('event' in read) || read.event.event.type !== 'evidence.signed') return [];
    const statement = readStatement(read.event.event.statement);
    return statement?.kind === 'incident' ? [statement.claim.count] : [];
  });
  const covered = (entries ?? [])
    .filter(({ subject, entry }) => subject === 'facts' && entry <= signedThrough)
    .map(({ item }) => Number(item));
  return Math.min(links.length, Math.max(0, ...own, ...covered));
}

function broken(texts: readonly string[]): readonly Problem[] {
  return texts.map((text) => ({ kind: 'broken', text }));
}

const FEW = 5;

/** The first few, and how many more there are. */
export function firstFew(texts: readonly string[]): readonly string[] {
  return texts.length <= FEW ? texts : [...texts.slice(0, FEW), `${texts.length - FEW} more places`];
}

type Read = { readonly sequence: number } & ({ readonly event: RecordedEvent } | { readonly type: string });

function readLink({ sequence, body }: Link): Read {
  try {
    return { sequence, event: unlink(body) };
  } catch {
    return { sequence, type: /"type":"([\w.-]{1,60})"/.exec(body)?.[1] ?? 'unknown' };
  }
}

function unreadable(read: readonly Read[], told: ReadonlySet<number>): readonly Problem[] {
  const texts = read.flatMap((each) =>
    'event' in each || told.has(each.sequence)
      ? []
      : [`fact ${each.sequence}: this version of Gapwatch can't read it (${each.type}); a newer version, or somebody else, wrote it`],
  );
  return firstFew(texts).map((text) => ({ kind: 'unjudged', text }));
}

/** Signing is daily; one that is late by more than this is told. */
const SIGNED_WITHIN: Milliseconds = DAY + 2 * HOUR;

function signatureProblems(evidence: Evidence, events: readonly RecordedEvent[], against: Against): readonly string[] {
  const { incident, links } = evidence;
  const { trusted = null, statements = [], claims = [], now = null, signedThrough = 0 } = against;
  const own = events.flatMap(({ event, sequence }) => (event.type === 'evidence.signed' ? [{ ...event, place: `fact ${sequence}` }] : []));
  const first = events[0];
  const isOverdue = now !== null && first !== undefined && now.getTime() - first.at.getTime() > SIGNED_WITHIN;
  const isUnsigned = trusted !== null && isOverdue && signedCount(evidence, signedThrough) === 0;
  return [
    ...[...own, ...statements].flatMap((each) => statementProblems(each, each.place, incident, links, trusted)),
    ...claims.flatMap((claim) => claimProblem(claim, links) ?? []).slice(0, 1),
    ...(isUnsigned ? ['its signatures: there is none, though records are signed once a day; they were taken away, or no key was set'] : []),
  ];
}

function statementProblems(
  signature: Signature,
  place: string,
  incident: number,
  links: readonly Link[],
  trusted: string | null,
): readonly string[] {
  const problem = signatureProblem(signature, trusted);
  if (problem !== null) return [`${place}: ${problem}`];
  const statement = readStatement(signature.statement);
  if (statement === null) return [`${place}: its statement is none that Gapwatch makes`];
  if (statement.kind === 'ledger') return [];
  if (statement.claim.incident !== incident) return [`${place}: it speaks of another incident`];
  return claimProblem({ ...statement.claim, place }, links) ?? [];
}

function claimProblem({ place, count, head }: Claim, links: readonly Link[]): readonly string[] | null {
  if (count > links.length) return [`${place}: it speaks of ${count} facts, and there are ${links.length}; facts were deleted since`];
  if (links[count - 1]?.hash === head) return null;
  return [`${place}: it was signed when fact ${count} had another hash; the record was rewritten since`];
}

function contentProblems(events: readonly RecordedEvent[], sent: Evidence['sent']): readonly string[] {
  const kept = new Set(sent.map(({ message, content }) => `${message} ${sha256(content)}`));
  const altered = sent
    .filter(({ content, sha256: hash }) => sha256(content) !== hash)
    .map(({ message }) => `${message}: its content was changed`);
  const missing = events.flatMap(({ event }) => {
    if (event.type !== 'outbox.delivered' || event.answer.contentSha256 === undefined) return [];
    return kept.has(`${event.key} ${event.answer.contentSha256}`) ? [] : [`${event.key}: what was sent is missing or was changed`];
  });
  return [...altered, ...missing];
}

/** What is kept as sent, though nothing on record asked for it or tried it. */
function unaskedProblems(events: readonly RecordedEvent[], { sent, attempts }: Evidence): readonly string[] {
  const asked = new Set(events.flatMap(({ event }) => (event.type === 'outbox.queued' ? [event.key] : [])));
  return sent.flatMap(({ message, attempt }) => {
    if (!asked.has(message)) return [`${message}: nothing on record asked for it, so it was not sent by Gapwatch`];
    return attempts === undefined || wasTried(attempts, message, attempt)
      ? []
      : [`${message}: attempt ${attempt} was never begun by Gapwatch`];
  });
}

/** An attempt that was cut off and ran again has its content under a number a thousand higher. */
function wasTried(attempts: ReadonlySet<string>, message: string, attempt: number): boolean {
  return attempt > 0 && (attempts.has(`${message}/${attempt}`) || wasTried(attempts, message, attempt - 1_000));
}

function indexProblems({ links }: Evidence, index: IndexRow | null, events: readonly RecordedEvent[] | null): readonly string[] {
  if (index === null) return ['its row in the index (gapwatch.incidents) is gone'];
  const head = links.at(-1)?.hash ?? '';
  const counts =
    index.count === links.length && index.head === head
      ? []
      : [`the index says ${index.count} facts with the head ${short(index.head)}, and there are ${links.length} with ${short(head)}`];
  const phase = events === null ? null : phaseOf(events);
  return phase === null || phase === index.phase ? counts : [...counts, `the index says ${index.phase}, and by its facts it is ${phase}`];
}

function phaseOf(events: readonly RecordedEvent[]): string | null {
  try {
    return stateOf(events)?.phase.name ?? null;
  } catch {
    return null;
  }
}

function short(hash: string): string {
  return hash === '' ? 'of none' : `${hash.slice(0, 12)}…`;
}
