import type { Blocker } from '#domain/audit-table/blockers.ts';
import { identifier } from '#domain/audit-table/sql.ts';
import { foreignLine } from '#domain/base/text/sanitize.ts';
import { ageText, blockerFigures, blockerText, withoutLiterals } from './blocker-text.ts';
import { byCommand, byRunbook } from './next-steps.ts';
import { terminateSql } from './repair.ts';
import type { Verdict } from './verdict.ts';

/** Long enough for the statistics of a session that has just written to arrive (PostgreSQL reports them at most once a second). */
export const SAMPLE_SECONDS = 4;

/** A diagnosis tests a write before, and this check another; both inserts, rolled back as well, may be counted within the sample. */
const OWN_PROBES = 2;

/** A session that holds a lock on the table or a partition; what our role may not see of it is null. */
export type Holder = {
  readonly pid: number;
  readonly mode: string;
  readonly relation: string;
  readonly role: string;
  readonly seconds: number | null;
  readonly state: string | null;
  readonly query: string;
};

/** The database's clients: those waiting for the table, all, the most, those idle in a transaction, those whose state our role can't see. */
export type Activity = {
  readonly waiting: number;
  readonly connections: number;
  readonly most: number;
  readonly idleInTransaction: number;
  readonly hidden: number;
  readonly role: string;
};

/** Inserts tried while the sample was taken, those of them that left a dead row, and records that stayed. */
export type Written = { readonly tried: number; readonly rolledBack: number; readonly kept: number };

/** What the verdict is made from. `written` is null when a lock was held: the table can't be sampled then. */
export type Locks = {
  readonly written: Written | null;
  readonly holders: readonly Holder[];
  readonly blockers: readonly Blocker[];
  readonly activity: Activity;
};

/** A held table is critical while somebody waits for it; records that are written and rolled back are high, as nothing else can show it. */
export function judgeLocks({ written, holders, blockers, activity }: Locks): Verdict {
  const figures = [...holderFigures(holders, blockers), ...activityFigures(activity, written)];
  const pid = blockers[0]?.pid ?? holders[0]?.pid;
  if (pid !== undefined) {
    const repair = terminateSql(pid);
    return {
      level: activity.waiting > 0 || blockers.length > 0 ? 'critical' : 'high',
      evidence: heldText(holders, blockers, activity.waiting),
      figures: [...figures, { name: 'Repaired by', value: repair }],
      ...byCommand('/audit probe', `see what the session does; if it may go, run \`${repair}\`, then test a write (runbook step 4)`),
    };
  }
  if (written !== null && written.rolledBack > OWN_PROBES && written.kept <= 0) {
    return {
      level: 'high',
      evidence: 'The application writes audit records and rolls them back: inserts are tried, and none stays.',
      figures,
      ...byCommand(
        '/audit deploys',
        'look for a transaction that fails after the audit record was written (runbook step 5), and roll the deployment back if it is new (step 11)',
      ),
    };
  }
  if (activity.connections >= activity.most * 0.9) {
    return {
      level: 'high',
      evidence: `${activity.connections} of ${activity.most} connections that the application may use are in use.`,
      figures,
      ...byRunbook('database-failure', 'look for a connection leak; restarting the application frees them (runbook step 12)'),
    };
  }
  return {
    level: 'ok',
    evidence: 'Nothing keeps writes out of the table.',
    figures,
    ...byCommand('/audit permissions', 'check rights and schema (runbook steps 7 and 8)'),
  };
}

function heldText(holders: readonly Holder[], blockers: readonly Blocker[], waiting: number): string {
  const [blocker] = blockers;
  if (holders.length === 0 && blocker) {
    const count = blocker.waiters > 1 ? `, and ${blocker.waiters} writers wait for it` : '';
    return `Writes wait: ${blockerText(blocker)}${count}.`;
  }
  const wait = waiting > 0 ? `, and ${waiting} wait${waiting === 1 ? 's' : ''} for it` : '';
  return `The table is locked against writes${wait}.`;
}

function holderFigures(holders: readonly Holder[], blockers: readonly Blocker[]): Verdict['figures'] {
  const own = holders.map(({ pid, mode, relation, role, seconds, state, query }) => ({
    name: `${mode} on ${relation}`,
    value: `session ${pid} as ${foreignLine(role, 40)}, ${ageText(seconds)}, ${state ?? 'state not visible to our role'}: ${withoutLiterals(query)}`,
  }));
  return [...own, ...blockerFigures(blockers.filter(({ pid }) => !holders.some((holder) => holder.pid === pid)))];
}

/** What our role may not see is said to be unseen, with the grant that shows it; it is never counted as none. */
function activityFigures(
  { waiting, connections, most, idleInTransaction, hidden, role }: Activity,
  written: Written | null,
): Verdict['figures'] {
  const unseen = `; of ${hidden} more it is not visible: GRANT pg_read_all_stats TO ${identifier(role)};`;
  return [
    { name: 'Waiting for the table', value: String(waiting) },
    { name: 'Connections', value: `${connections} of ${most} that the application may use` },
    { name: 'Idle in a transaction', value: hidden === 0 ? String(idleInTransaction) : `${idleInTransaction}${unseen}` },
    ...(written === null ? [] : [{ name: `Inserts tried in ${SAMPLE_SECONDS} seconds`, value: String(written.tried) }]),
  ];
}
