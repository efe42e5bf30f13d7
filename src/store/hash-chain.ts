import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { RecordedEvent } from '#domain/incident/event.ts';
import { fromStored, toStored } from './stored-event.ts';

/** The hash before the first event. */
export const GENESIS = '0'.repeat(64);

/** An event as stored: its canonical JSON (RFC 8785), which carries the hash of the one before, and the SHA-256 of that text. */
export type Link = { readonly sequence: number; readonly body: string; readonly hash: string };

/** Links events of one incident to the chain that ends in `head`. */
export function link(incident: number, head: string, recorded: readonly RecordedEvent[]): readonly Link[] {
  let previous = head;
  return recorded.map((event) => {
    const body = canonicalize({ ...toStored(event), incident, previous });
    if (body === undefined) throw new TypeError('a fact has no canonical form');
    previous = sha256(body);
    return { sequence: event.sequence, body, hash: previous };
  });
}

/** The recorded event inside a link's body. Throws when the body isn't one that Gapwatch wrote. */
export function unlink(body: string): RecordedEvent {
  return fromStored(JSON.parse(body));
}

/** The first place where a chain does not verify, or null when every link holds. */
export function firstBrokenLink(incident: number, links: readonly Link[]): { readonly sequence: number; readonly problem: string } | null {
  let previous = GENESIS;
  for (const [index, { sequence, body, hash }] of links.entries()) {
    const problem = problemOf({ incident, previous, expected: index + 1, sequence, body, hash });
    if (problem !== null) return { sequence: index + 1, problem };
    previous = hash;
  }
  return null;
}

type Checked = Link & { readonly incident: number; readonly previous: string; readonly expected: number };

function problemOf({ incident, previous, expected, sequence, body, hash }: Checked): string | null {
  if (sequence !== expected) return `fact ${expected} is missing; fact ${sequence} follows`;
  if (sha256(body) !== hash) return 'the text does not match its hash';
  const parsed: unknown = JSON.parse(body);
  const fields = new Map(typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : []);
  if (fields.get('previous') !== previous) return 'it does not name the hash of the fact before it';
  if (fields.get('incident') !== incident) return 'it belongs to another incident';
  return fields.get('sequence') === sequence ? null : 'its number is not its place';
}

/** SHA-256 in lower-case hexadecimal. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
