import type { Silence, TableReading } from '#domain/audit-table/reading.ts';
import { between, MINUTE, SECOND } from '#domain/base/time.ts';

/** What a reading of a table with these records would be: the plain, slow way to the same answer. */
export function readingOf(
  records: readonly Date[],
  {
    at,
    countedFrom,
    since,
    inside = [],
    tolerance = 5 * MINUTE,
  }: {
    readonly at: Date;
    readonly countedFrom: Date;
    readonly since: Date;
    readonly inside?: readonly Silence[];
    readonly tolerance?: number;
  },
): TableReading {
  const seen = records.filter((record) => record <= at).toSorted((one, other) => between(other, one));
  const last = seen.at(-1) ?? null;
  const lastBefore = seen.findLast((record) => record <= countedFrom) ?? null;
  return {
    kind: 'seen',
    at,
    since,
    lastRecordAt: last,
    lastBefore,
    firstAfter: seen.find((record) => lastBefore === null || record > lastBefore) ?? null,
    lastMinute: seen.filter((record) => between(record, at) < MINUTE).length,
    silences: silencesOf(seen, at, tolerance).filter(({ end }) => end === 'ongoing' || end > since),
    recordsInside: inside.map(({ start, end }) => seen.filter((record) => record > start && (end === 'ongoing' || record < end)).length),
  };
}

/** Every stretch over the tolerance between neighbours, and from the last record on. */
export function silencesOf(records: readonly Date[], until: Date, tolerance = 5 * MINUTE): readonly Silence[] {
  return records.flatMap((record, index): readonly Silence[] => {
    const next = records[index + 1];
    if (between(record, next ?? until) <= tolerance) return [];
    return [{ start: record, end: next ?? 'ongoing' }];
  });
}

/** Records every twenty seconds from one moment to another, both included. */
export function recordsBetween(from: Date, until: Date): readonly Date[] {
  const count = Math.floor(between(from, until) / (20 * SECOND));
  return Array.from({ length: count + 1 }, (_, index) => new Date(from.getTime() + index * 20 * SECOND));
}
