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

/** What is stored as an event is none that this version of Gapwatch can read. */
export class UnreadableEvent extends Error {
  override readonly name = 'UnreadableEvent';
}

/** The recorded event inside a link's body. Throws an UnreadableEvent when the body isn't one that Gapwatch wrote. */
export function unlink(body: string): RecordedEvent {
  try {
    return fromStored(JSON.parse(body));
  } catch (cause) {
    throw new UnreadableEvent('a stored event can not be read: the store was changed, or a newer version wrote it', { cause });
  }
}

/** A place where a chain does not verify. */
export type BrokenLink = { readonly sequence: number; readonly problem: string };

/** The first place where a chain does not verify, or null when every link holds. */
export function firstBrokenLink(incident: number, links: readonly Link[]): BrokenLink | null {
  return brokenLinks(incident, links)[0] ?? null;
}

/** Every place where a chain does not verify, in order. Never throws, whatever the texts hold. */
export function brokenLinks(incident: number, links: readonly Link[]): readonly BrokenLink[] {
  const broken: BrokenLink[] = [];
  let previous = GENESIS;
  let expected = 1;
  for (const { sequence, body, hash } of links) {
    const problem = problemOf({ incident, previous, expected, sequence, body, hash });
    if (problem !== null) broken.push({ sequence: Math.min(expected, sequence), problem });
    previous = hash;
    expected = sequence + 1;
  }
  return broken;
}

type Checked = Link & { readonly incident: number; readonly previous: string; readonly expected: number };

function problemOf({ incident, previous, expected, sequence, body, hash }: Checked): string | null {
  if (sequence !== expected) return missing(expected, sequence);
  if (sha256(body) !== hash) return 'the text does not match its hash';
  const fields = fieldsOf(body);
  if (fields === null) return 'the text is no JSON object';
  if (fields.get('previous') !== previous) return 'it does not name the hash of the fact before it';
  if (fields.get('incident') !== incident) return 'it belongs to another incident';
  return fields.get('sequence') === sequence ? null : 'its number is not its place';
}

function missing(expected: number, found: number): string {
  if (found < expected) return `fact ${found} stands where fact ${expected} belongs`;
  if (found === expected + 1) return `fact ${expected} is missing; fact ${found} follows`;
  return `facts ${expected} to ${found - 1} are missing; fact ${found} follows`;
}

function fieldsOf(body: string): ReadonlyMap<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? new Map(Object.entries(parsed)) : null;
  } catch {
    return null;
  }
}

/** SHA-256 in lower-case hexadecimal. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
