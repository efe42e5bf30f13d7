import { z } from 'zod';
import { between, MINUTE, type Milliseconds } from '#domain/base/time.ts';

/** How a gap's edge is known: a record in the table, the alert's time, the rate of records, or a person's word. */
export const knownBySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('record') }),
  z.object({ kind: z.literal('alert') }),
  z.object({ kind: z.literal('rate') }),
  z.object({ kind: z.literal('person'), name: z.string() }),
]);

export type KnownBy = Readonly<z.infer<typeof knownBySchema>>;

/** A moment together with how it is known. */
export type Edge = { readonly at: Date; readonly knownBy: KnownBy };

/** A stretch of a gap that the table still lacks. */
export type Stretch = { readonly start: Date; readonly end: Date | 'ongoing' };

/** What a later measurement found: the stretches still without records, and how many records dated inside the gap had arrived by then. */
export type Remeasurement = { readonly at: Date; readonly remaining: readonly Stretch[]; readonly records: number };

/**
 * A stretch of time in which audit records were missing. `id` counts from 1 within its incident. `start` and `end` are the gap as it
 * happened; `remeasured` is what the table lacks of it since records arrived later, null while none has.
 */
export type Gap = {
  readonly id: number;
  readonly start: Edge;
  readonly end: Edge | 'ongoing';
  readonly remeasured: Remeasurement | null;
};

/** The gap's length so far: to its end, or to `now` while it is ongoing. */
export function gapLength(gap: Gap, now: Date): Milliseconds {
  return Math.max(0, between(gap.start.at, gap.end === 'ongoing' ? now : gap.end.at));
}

/** Returns how much of the gap the table does not account for: all of it, or what a later measurement left. */
export function unaccountedLength(gap: Gap, now: Date): Milliseconds {
  if (gap.remeasured === null) return gapLength(gap, now);
  return gap.remeasured.remaining.reduce((sum, { start, end }) => sum + Math.max(0, between(start, end === 'ongoing' ? now : end)), 0);
}

/** The gap that is still open, if any. */
export function ongoingGap(gaps: readonly Gap[]): Gap | undefined {
  return gaps.find((gap) => gap.end === 'ongoing');
}

/** How an edge is known, in words for people. */
export function knownByWords(knownBy: KnownBy): string {
  switch (knownBy.kind) {
    case 'record':
      return 'a record in the audit table';
    case 'alert':
      return "the alert's time";
    case 'rate':
      return 'the rate of records being back in its expected range';
    case 'person':
      return `declared by ${knownBy.name}`;
    default:
      return knownBy satisfies never;
  }
}

/** Class of a gap by length: low under 5 minutes, medium to 30, high beyond (runbook §16). */
export type DurationClass = 'Low' | 'Medium' | 'High';

/** The duration class of a gap's length (runbook §16). */
export function durationClass(length: Milliseconds): DurationClass {
  if (length < 5 * MINUTE) return 'Low';
  return length <= 30 * MINUTE ? 'Medium' : 'High';
}
