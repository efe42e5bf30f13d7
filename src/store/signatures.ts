import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import canonicalize from 'canonicalize';
import { type Link, sha256 } from './hash-chain.ts';

/** A signed statement: canonical JSON, its Ed25519 signature in base64, and the public key in PEM that belongs to it. */
export type Signature = { readonly statement: string; readonly signature: string; readonly publicKey: string };

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

/** Signs the head of a chain: "the first `count` events of this incident end in the hash `head`". */
export function signHead(key: KeyObject, incident: number, links: readonly Link[], at: Date): Signature {
  return signText(key, canonicalize({ incident, count: links.length, head: links.at(-1)?.hash ?? '', at: at.toISOString() }) ?? '');
}

/** Signs a text as it stands. */
export function signText(key: KeyObject, statement: string): Signature {
  return { statement, signature: sign(null, Buffer.from(statement), key).toString('base64'), publicKey: publicKeyOf(key) };
}

/** The public half of a key, in PEM. */
export function publicKeyOf(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
}

/** SHA-256 of a public key's DER form: its short name. Throws for text that holds no key. */
export function fingerprint(publicKey: string): string {
  return sha256(createPublicKey(publicKey).export({ type: 'spki', format: 'der' }));
}

/**
 * What is wrong with a signature, in words; null when it holds. With `trusted` (a public key in PEM) one by any other key does not.
 * Never throws for what stands in the signature.
 */
export function signatureProblem({ statement, signature, publicKey }: Signature, trusted: string | null): string | null {
  const key = readPublicKey(publicKey);
  if (key === null) return 'its public key is no Ed25519 key';
  if (!verify(null, Buffer.from(statement), key, Buffer.from(signature, 'base64'))) return 'the signature does not match its statement';
  if (trusted !== null && fingerprint(publicKey) !== fingerprint(trusted)) return `signed by another key (${fingerprint(publicKey)})`;
  return null;
}

/** A public key in PEM; null for text that holds no Ed25519 key. */
export function readPublicKey(pem: string): KeyObject | null {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? key : null;
  } catch {
    return null;
  }
}
