/** The last record's coming: how it is dated, and when it came by the database's clock. */
export type Arrival = { readonly recordAt: Date; readonly at: Date };

/**
 * When the last record came. Its own date says so when it lies between two looks; another date is not believed: a record dated earlier
 * or later, by an application whose clock is wrong, came when it was first seen. A newest record that is older than the one before (rows
 * were deleted) is no coming at all.
 */
export function arrivalOf(before: Arrival | null, lastLookAt: Date | null, newest: Date | null, readTable: Date): Arrival | null {
  if (newest === null) return before;
  if (before === null) return { recordAt: newest, at: newest };
  if (newest.getTime() === before.recordAt.getTime()) return before;
  if (newest < before.recordAt) return { recordAt: newest, at: before.at };
  const isBetween = (lastLookAt === null || newest > lastLookAt) && newest <= readTable;
  return { recordAt: newest, at: isBetween ? newest : readTable };
}
