import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import type { RecordedEvent } from '#domain/incident/event.ts';
import { firstBrokenLink, type Link, sha256, unlink } from './hash-chain.ts';
import type { Sent } from './sent-messages.ts';

/** A signed statement: "the first `count` events of this incident end in the hash `head`". */
export type Signature = { readonly statement: string; readonly signature: string; readonly publicKey: string };

const statementSchema = z.object({ incident: z.number().int(), count: z.number().int(), head: z.string(), at: z.string() });

/** Reads an Ed25519 private key in PEM. Throws an Error with a message for the person who set it. */
export function readSigningKey(pem: string, from: string): KeyObject {
  const hint = 'Make one with: openssl genpkey -algorithm ed25519 -out evidence.pem';
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new Error(`${from} holds no private key. ${hint}`, { cause });
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`${from} holds a key of type ${key.asymmetricKeyType}, not Ed25519. ${hint}`);
  return key;
}

/** Signs the head of a chain. */
export function signHead(key: KeyObject, incident: number, links: readonly Link[], at: Date): Signature {
  const statement = canonicalize({ incident, count: links.length, head: links.at(-1)?.hash ?? '', at: at.toISOString() }) ?? '';
  return {
    statement,
    signature: sign(null, Buffer.from(statement), key).toString('base64'),
    publicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(),
  };
}

/** What an incident's record consists of, wherever it was read from. */
export type Evidence = {
  readonly incident: number;
  readonly links: readonly Link[];
  readonly sent: readonly Pick<Sent, 'message' | 'content' | 'sha256'>[];
};

/**
 * Recomputes an incident's record: every link of the chain, every signature in it, every message and mail that it says was sent. Returns
 * what does not hold, worst first; nothing when everything does. With `trusted` (a public key in PEM) signatures by another key count
 * as broken; `statements` are signed statements kept elsewhere, such as in a mail.
 */
export function verifyEvidence(
  { incident, links, sent }: Evidence,
  { trusted = null, statements = [] }: { readonly trusted?: string | null; readonly statements?: readonly Signature[] } = {},
): readonly string[] {
  const broken = firstBrokenLink(incident, links);
  if (broken) return [`fact ${broken.sequence}: ${broken.problem}`];
  const events = links.map(({ body }) => unlink(body));
  const own = events.flatMap(({ event, sequence }) => (event.type === 'evidence.signed' ? [{ ...event, place: `fact ${sequence}` }] : []));
  const outside = statements.map((statement) => ({ ...statement, place: 'the statement kept elsewhere' }));
  return [
    ...[...own, ...outside].flatMap((signature) => problemsOf(signature, signature.place, incident, links, trusted)),
    ...contentProblems(events, sent),
  ];
}

function problemsOf(
  { statement, signature, publicKey }: Signature,
  place: string,
  incident: number,
  links: readonly Link[],
  trusted: string | null,
): readonly string[] {
  const key = createPublicKey(publicKey);
  if (!verify(null, Buffer.from(statement), key, Buffer.from(signature, 'base64')))
    return [`${place}: the signature does not match its statement`];
  if (trusted !== null && fingerprint(publicKey) !== fingerprint(trusted))
    return [`${place}: signed by another key (${fingerprint(publicKey)})`];
  const said = statementSchema.parse(JSON.parse(statement));
  if (said.incident !== incident) return [`${place}: it speaks of another incident`];
  const head = links[said.count - 1]?.hash;
  return head === said.head ? [] : [`${place}: it was signed when fact ${said.count} had another hash; the record was rewritten since`];
}

/** SHA-256 of a public key's DER form: its short name. */
export function fingerprint(publicKey: string): string {
  return sha256(createPublicKey(publicKey).export({ type: 'spki', format: 'der' }));
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
