import { z } from 'zod';
import { type AuditTable, type Rows, type Sql, tableSql } from './sql.ts';

/** Who our own test writes are, to the server. */
export const PROBE_NAME = 'gapwatch-probe';

/**
 * Who keeps writers of the table waiting, whatever lock it is that they wait for: a row of a parent table, an advisory lock, a partition.
 * Writers are our own waiting test write and every session that has begun an INSERT into the table or a partition. Catalogue views only.
 */
export function blockersQuery(table: AuditTable): Sql {
  return {
    text: `
      with recursive ${TREE},
      writers as (
        select pid from pg_stat_activity where application_name = '${PROBE_NAME}' and datname = current_database()
        union
        select pid from pg_locks where relation in (select relid from tree) and mode = 'RowExclusiveLock'),
      waiting as (
        select l.pid, l.locktype, l.relation, l.classid, l.objid, l.mode from pg_locks l
        where not l.granted and l.pid in (select pid from writers)),
      blocked (waiter, pid, depth) as (
        select w.pid, b.pid, 1 from waiting w cross join lateral unnest(pg_blocking_pids(w.pid)) as b(pid)
        union
        select blocked.waiter, b.pid, blocked.depth + 1
        from blocked cross join lateral unnest(pg_blocking_pids(blocked.pid)) as b(pid)
        where blocked.depth < 5)
      select distinct on (blocked.pid) blocked.pid, coalesce(a.usename, 'unknown')::text as role, coalesce(a.application_name, '') as application,
        a.state, extract(epoch from clock_timestamp() - a.xact_start)::float8 as seconds, coalesce(a.query, '') as query,
        (select count(distinct waiter)::int from blocked as other where other.pid = blocked.pid) as waiters,
        w.locktype as kind, w.relation::regclass::text as relation, (w.objid)::text as key
      from blocked join waiting w on w.pid = blocked.waiter left join pg_stat_activity a on a.pid = blocked.pid
      where not exists (select from pg_locks l where l.pid = blocked.pid and not l.granted)
        and coalesce(a.application_name, '') <> '${PROBE_NAME}'
      order by blocked.pid
      limit 5`,
    values: [tableSql(table)],
  };
}

/** The table with all its partitions and children, to the last level; `$1` is its name. */
export const TREE = `
  tree as (
    select $1::regclass::oid as relid
    union select i.inhrelid from tree join pg_inherits i on i.inhparent = tree.relid)`;

const blockerRow = z.object({
  pid: z.number(),
  role: z.string(),
  application: z.string(),
  state: z.string().nullable(),
  seconds: z.number().nullable(),
  query: z.string(),
  waiters: z.number(),
  kind: z.string(),
  relation: z.string().nullable(),
  key: z.string().nullable(),
});

/** A session that keeps writers waiting; what our role may not see of it is null. */
export type Blocker = Readonly<z.infer<typeof blockerRow>>;

/** {@link blockersQuery}'s answer. */
export function parseBlockers(rows: Rows): readonly Blocker[] {
  return rows.map((each) => blockerRow.parse(each));
}
