import { type Blocker, blockersQuery, parseBlockers } from '#domain/audit-table/blockers.ts';
import type { ProbeOutcome } from '#domain/audit-table/probe/outcome.ts';
import { type ProbeOptions, probeSession } from '#domain/audit-table/probe/session.ts';
import { asWriter, type CheckProgram, query, tryQuery } from '#domain/audit-table/query.ts';
import type { AuditTable } from '#domain/audit-table/sql.ts';
import { type Milliseconds, SECOND } from '#domain/base/time.ts';

/** A test write's outcome, and who kept it waiting when it waited. */
export type TriedWrite = { readonly outcome: ProbeOutcome; readonly blockers: readonly Blocker[] };

/**
 * Tries a write as the application. One that ends waiting for a lock is tried once more, while the reader asks the server whom it waits
 * for: only that names the holder of a lock that is not the table's own.
 */
export function* tryWrite(table: AuditTable, options: ProbeOptions): CheckProgram<TriedWrite> {
  const outcome = yield* asWriter(probeSession(table, options));
  if (!isWaiting(outcome)) return { outcome, blockers: [] };
  const found: { blockers: readonly Blocker[] } = { blockers: [] };
  const again = asWriter(probeSession(table, options));
  yield { kind: 'together', within: WITHIN, programs: [discarded(again), observed(table, found)] };
  return { outcome, blockers: found.blockers };
}

const WITHIN: Milliseconds = 10 * SECOND;
/** The second try waits up to two seconds for its lock; in between the server is asked. */
const LOOKS = [700, 700];

function isWaiting(outcome: ProbeOutcome): boolean {
  return outcome.kind === 'refused' && (outcome.failure.code === '55P03' || outcome.failure.code === '57014');
}

function* discarded(program: CheckProgram<unknown>): CheckProgram<void> {
  yield* tryQuery(program);
}

function* observed(table: AuditTable, found: { blockers: readonly Blocker[] }): CheckProgram<void> {
  for (const length of LOOKS) {
    yield { kind: 'wait', length };
    const asked = yield* tryQuery(query(blockersQuery(table)));
    if ('answer' in asked && asked.answer.length > 0) {
      found.blockers = parseBlockers(asked.answer);
      return;
    }
  }
}
