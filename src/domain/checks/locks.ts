import { z } from 'zod';
import { type CheckProgram, query } from '#domain/audit-table/query.ts';
import { type AuditTable, asColumn, columnSql, instantText, type Sql, tableSql } from '#domain/audit-table/sql.ts';
import { formatDuration, SECOND } from '#domain/base/time.ts';
import { withoutLiterals } from './blocker-text.ts';
import { type Check, takesNone, withTable } from './check.ts';
import { byCommand, byRunbook } from './next-steps.ts';
import type { Verdict } from './verdict.ts';

/** Long enough for the statistics of a session that has just written to arrive (PostgreSQL reports them at most once a second). */
const SAMPLE_SECONDS = 4;

/** A diagnosis tests a write right before, and that insert, rolled back as well, may be counted within the sample. */
const OWN_PROBES = 1;

/** Runbook step 5: who holds the table, and does the application write its records only to roll them back? */
export const locks: Check = {
  name: 'locks',
  step: '§5',
  help: 'who holds the table? are records written and rolled back? connections in use',
  refuse: takesNone('locks'),
  within: 20 * SECOND,
  ask: (context) =>
    withTable(context, function* (table) {
      // The catalogue answers also while the table is held, so it is asked first, and of a held table nothing else is.
      const holders = (yield* query(holdersQuery(table))).map((row) => holderRow.parse(row));
      const activity = activityRow.parse((yield* query(activityQuery(table)))[0]);
      const written = holders.length === 0 ? yield* sample(table) : null;
      return judgeLocks({ written, holders, activity });
    }),
};

function* sample(table: AuditTable): CheckProgram<Written> {
  const before = sampleRow.parse((yield* query(sampleQuery(table)))[0]);
  yield { kind: 'wait', length: SAMPLE_SECONDS * SECOND };
  const after = sampleRow.parse((yield* query(sampleQuery(table)))[0]);
  const { kept } = keptRow.parse((yield* query(keptQuery(table, before.at)))[0]);
  const tried = after.inserts - before.inserts;
  return { tried, rolledBack: Math.min(tried, after.dead - before.dead), kept };
}

/**
 * Inserts that were tried so far, rolled back or not, and dead rows: a rolled-back insert leaves one, a kept one none. So counts of kept
 * records that arrive late (an idle session reports only after ten seconds) don't look like a rollback.
 */
function sampleQuery(table: AuditTable): Sql {
  return {
    text: `
      select ${instantText('now()')} as at,
        coalesce(sum(n_tup_ins)::float8, 0) as inserts, coalesce(sum(n_dead_tup)::float8, 0) as dead
      from pg_stat_all_tables
      where relid = $1::regclass or relid in (select inhrelid from pg_inherits where inhparent = $1::regclass)`,
    values: [tableSql(table)],
  };
}

/** Records since shortly before the first sample: those that stayed. */
function keptQuery(table: AuditTable, since: string): Sql {
  const from = asColumn(table, `$1::timestamptz - interval '2 seconds'`);
  return { text: `select count(*)::int as kept from ${tableSql(table)} where ${columnSql(table)} > ${from}`, values: [since] };
}

/** Sessions that hold a lock which keeps an INSERT out. What they run is seen only with pg_read_all_stats. */
function holdersQuery(table: AuditTable): Sql {
  return {
    text: `
      select l.mode, coalesce(extract(epoch from clock_timestamp() - a.xact_start), 0)::float8 as seconds, coalesce(a.state, 'unknown') as state,
        coalesce(a.query, '') as query
      from pg_locks l left join pg_stat_activity a on a.pid = l.pid
      where l.relation = $1::regclass and l.granted and l.pid <> pg_backend_pid()
        and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
      order by 2 desc
      limit 5`,
    values: [tableSql(table)],
  };
}

function activityQuery(table: AuditTable): Sql {
  return {
    text: `
      select (select count(*)::int from pg_locks where relation = $1::regclass and not granted) as waiting,
        (select count(*)::int from pg_stat_activity where backend_type = 'client backend' or backend_type is null) as connections,
        current_setting('max_connections')::int as most,
        (select count(*)::int from pg_stat_activity where state like 'idle in transaction%') as idle_in_transaction`,
    values: [tableSql(table)],
  };
}

const sampleRow = z.object({ at: z.string(), inserts: z.number(), dead: z.number() });
const keptRow = z.object({ kept: z.number() });
const holderRow = z.object({ mode: z.string(), seconds: z.number(), state: z.string(), query: z.string() });
const activityRow = z.object({ waiting: z.number(), connections: z.number(), most: z.number(), idle_in_transaction: z.number() });

/** Inserts tried while the sample was taken, those of them that left a dead row, and records that stayed. */
type Written = { readonly tried: number; readonly rolledBack: number; readonly kept: number };
type Locks = {
  /** Null when the table was held: it can't be sampled then. */
  readonly written: Written | null;
  readonly holders: readonly z.infer<typeof holderRow>[];
  readonly activity: z.infer<typeof activityRow>;
};

/** A held table is critical while somebody waits for it; records that are written and rolled back are high, as nothing else can show it. */
export function judgeLocks({ written, holders, activity }: Locks): Verdict {
  const figures = [
    ...holders.map(({ mode, seconds, state, query }) => ({
      name: mode,
      value: `for ${formatDuration(seconds * SECOND)}, ${state}: ${withoutLiterals(query)}`,
    })),
    { name: 'Waiting for the table', value: String(activity.waiting) },
    { name: 'Connections', value: `${activity.connections} of ${activity.most}` },
    { name: 'Idle in a transaction', value: String(activity.idle_in_transaction) },
    ...(written === null ? [] : [{ name: `Inserts tried in ${SAMPLE_SECONDS} seconds`, value: String(written.tried) }]),
  ];
  if (holders.length > 0) {
    const waiting = activity.waiting > 0 ? `, and ${activity.waiting} wait${activity.waiting === 1 ? 's' : ''} for it` : '';
    return {
      level: activity.waiting > 0 ? 'critical' : 'high',
      evidence: `The table is locked against writes${waiting}.`,
      figures,
      ...byCommand('/audit probe', 'see what the session does before ending it; then test a write (runbook step 4)'),
    };
  }
  if (written !== null && written.rolledBack > OWN_PROBES && written.kept === 0) {
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
      evidence: `${activity.connections} of ${activity.most} connections are in use.`,
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
