import { z } from 'zod';
import { type Blocker, blockersQuery, parseBlockers, TREE } from '#domain/audit-table/blockers.ts';
import { type CheckProgram, query, tryQuery } from '#domain/audit-table/query.ts';
import { type AuditTable, type Sql, tableSql } from '#domain/audit-table/sql.ts';
import { SECOND } from '#domain/base/time.ts';
import { type Check, takesNone, withTable } from './check.ts';
import { judgeLocks, SAMPLE_SECONDS, type Written } from './locks-verdict.ts';
import { tryWrite } from './try-write.ts';

/** Runbook step 5: who holds the table, and does the application write its records only to roll them back? */
export const locks: Check = {
  name: 'locks',
  step: '§5',
  help: 'who holds the table, or what a write needs? are records written and rolled back? connections in use',
  refuse: takesNone('locks'),
  within: 25 * SECOND,
  ask: (context) =>
    withTable(context, function* (table) {
      // The catalogue answers also while the table is held, so it is asked first, and of a held table nothing else is.
      const holders = (yield* query(holdersQuery(table))).map((row) => holderRow.parse(row));
      const seen = parseBlockers(yield* query(blockersQuery(table)));
      const isHeld = holders.length > 0 || seen.length > 0;
      const blockers = isHeld ? seen : yield* blockersOfWrite(table, context.policy.probe.insert);
      const activity = activityRow.parse((yield* query(activityQuery(table)))[0]);
      const written = isHeld || blockers.length > 0 ? null : yield* sample(table);
      return judgeLocks({ written, holders, blockers, activity });
    }),
};

/** Nobody waits at the moment: whether a write would wait, only a write shows. Where none is configured, nothing more is known. */
function* blockersOfWrite(table: AuditTable, insert: string | null): CheckProgram<readonly Blocker[]> {
  const tried = yield* tryQuery(tryWrite(table, { insert, isForced: false }));
  return 'answer' in tried ? tried.answer.blockers : [];
}

function* sample(table: AuditTable): CheckProgram<Written> {
  const before = sampleRow.parse((yield* query(sampleQuery(table)))[0]);
  yield { kind: 'wait', length: SAMPLE_SECONDS * SECOND };
  const after = sampleRow.parse((yield* query(sampleQuery(table)))[0]);
  const change = (key: keyof typeof before) => after[key] - before[key];
  // A rolled-back insert leaves a dead row; so does every update and deletion, which are counted apart.
  const rolledBack = Math.min(change('inserts'), change('dead') - change('updates') - change('deletes'));
  return { tried: change('inserts'), rolledBack, kept: change('live') + change('deletes') };
}

/**
 * Rows that were inserted, rolled back or not, updated and deleted so far, and those that live and are dead, through the whole tree of
 * partitions. Counts of kept records that arrive late (an idle session reports only after ten seconds) don't look like a rollback.
 */
function sampleQuery(table: AuditTable): Sql {
  return {
    text: `
      with recursive ${TREE}
      select coalesce(sum(n_tup_ins)::float8, 0) as inserts, coalesce(sum(n_tup_upd)::float8, 0) as updates, coalesce(sum(n_tup_del)::float8, 0) as deletes,
        coalesce(sum(n_live_tup)::float8, 0) as live, coalesce(sum(n_dead_tup)::float8, 0) as dead
      from pg_stat_all_tables where relid in (select relid from tree)`,
    values: [tableSql(table)],
  };
}

/** Sessions that hold a lock which keeps an INSERT out of the table or a partition. What they run is seen only with pg_read_all_stats. */
function holdersQuery(table: AuditTable): Sql {
  return {
    text: `
      with recursive ${TREE}
      select l.pid, l.mode, l.relation::regclass::text as relation, coalesce(a.usename, 'unknown')::text as role,
        extract(epoch from clock_timestamp() - a.xact_start)::float8 as seconds, a.state, coalesce(a.query, '') as query
      from pg_locks l left join pg_stat_activity a on a.pid = l.pid
      where l.relation in (select relid from tree) and l.granted and l.pid <> pg_backend_pid()
        and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
      order by a.xact_start nulls last
      limit 5`,
    values: [tableSql(table)],
  };
}

/**
 * Connections of clients alone: a session with a database and a role is one, whatever else our role may see of it. Those reserved for
 * superusers are none for the application.
 */
function activityQuery(table: AuditTable): Sql {
  return {
    text: `
      with recursive ${TREE},
      client as (select * from pg_stat_activity where datid is not null and usesysid is not null)
      select (select count(distinct pid)::int from pg_locks where relation in (select relid from tree) and not granted) as waiting,
        (select count(*)::int from client) as connections,
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
          - coalesce(current_setting('reserved_connections', true), '0')::int as most,
        (select count(*)::int from client where state like 'idle in transaction%') as "idleInTransaction",
        (select count(*)::int from client where state is null) as hidden,
        current_user::text as role`,
    values: [tableSql(table)],
  };
}

const sampleRow = z.object({ inserts: z.number(), updates: z.number(), deletes: z.number(), live: z.number(), dead: z.number() });
const holderRow = z.object({
  pid: z.number(),
  mode: z.string(),
  relation: z.string(),
  role: z.string(),
  seconds: z.number().nullable(),
  state: z.string().nullable(),
  query: z.string(),
});
const activityRow = z.object({
  waiting: z.number(),
  connections: z.number(),
  most: z.number(),
  idleInTransaction: z.number(),
  hidden: z.number(),
  role: z.string(),
});
