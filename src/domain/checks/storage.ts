import { z } from 'zod';
import { type CheckProgram, type QueryOutcome, query, tryQuery } from '#domain/audit-table/query.ts';
import { type AuditTable, asColumn, columnSql, type Sql, tableSql } from '#domain/audit-table/sql.ts';
import type { Policy } from '#domain/base/policy.ts';
import { type Check, takesNone, withTable } from './check.ts';
import { byCommand, byRunbook, TEST_A_WRITE } from './next-steps.ts';
import type { Verdict } from './verdict.ts';

/** Runbook step 6: is the disk full, or when will it be? */
export const storage: Check = {
  name: 'storage',
  step: '§6',
  help: 'disk used, size of the audit table and its indexes, growth a day, days until full',
  refuse: takesNone('storage'),
  ask: (context) =>
    withTable(context, function* (table) {
      const disk = yield* tryQuery(queryDisk());
      const sizes = sizesRow.parse((yield* query(sizesQuery(table)))[0]);
      return judgeStorage(disk, sizes, context.policy.disk);
    }),
};

/** What the platform says: the disk's use as it measures it, or only how large the cluster's storage is. */
export const diskSchema = z.object({ usedPercent: z.number().nullable(), totalBytes: z.number().nullable() });
export type Disk = z.infer<typeof diskSchema>;

function* queryDisk(): CheckProgram<Disk> {
  return diskSchema.parse((yield { kind: 'disk' })[0]);
}

/**
 * Sizes from the files, not from the rows; partitions are added up, all indexes count. Growth: the rows of the last seven days by the
 * index, times the table's bytes a row, so only where an index leads with the timestamp.
 */
function sizesQuery(table: AuditTable): Sql {
  const week = `${columnSql(table)} > ${asColumn(table, `now() - interval '7 days'`)}`;
  return {
    text: `
      with part as (
        select relid from pg_partition_tree($1::regclass)
        union select oid from pg_class where oid = $1::regclass)
      select coalesce(sum(pg_table_size(relid)), 0)::float8 as table_bytes, coalesce(sum(pg_indexes_size(relid)), 0)::float8 as index_bytes,
        coalesce(sum(greatest(c.reltuples, 0)), 0)::float8 as rows_estimated,
        (select coalesce(sum(pg_database_size(oid)), 0)::float8 from pg_database
         where has_database_privilege(oid, 'CONNECT') and datallowconn) as database_bytes,
        ${table.isIndexed ? `(select count(*)::float8 from ${tableSql(table)} where ${week})` : 'null::float8'} as rows_of_week
      from part join pg_class c on c.oid = part.relid`,
    values: [tableSql(table)],
  };
}

const sizesRow = z.object({
  table_bytes: z.number(),
  index_bytes: z.number(),
  rows_estimated: z.number(),
  database_bytes: z.number(),
  rows_of_week: z.number().nullable(),
});
export type Sizes = z.infer<typeof sizesRow>;

/** Over the alert line critical, over the target high, else ok. Without a figure of the disk it is unknown, whatever the sizes say. */
export function judgeStorage(disk: QueryOutcome<Disk>, sizes: Sizes, { alertPercent, targetPercent }: Policy['disk']): Verdict {
  const total = 'answer' in disk ? disk.answer.totalBytes : null;
  const measured = 'answer' in disk ? disk.answer.usedPercent : null;
  const estimated = measured === null && total !== null && total > 0 ? (sizes.database_bytes / total) * 100 : null;
  const used = measured ?? estimated;
  const growth = growthADay(sizes);
  const figures = [
    ...(used === null ? [] : [{ name: 'Disk used', value: `${used.toFixed(1)} % (${sourceOf(measured)})` }]),
    ...('why' in disk ? [{ name: 'Disk used', value: disk.why }] : []),
    { name: 'Audit table', value: `${bytes(sizes.table_bytes)}, its indexes ${bytes(sizes.index_bytes)}` },
    { name: 'All databases we can see', value: bytes(sizes.database_bytes) },
    {
      name: 'Growth of the audit table',
      value: growth === null ? 'not known (no index on the timestamp, or no records)' : `${bytes(growth)} a day (last 7 days)`,
    },
    ...daysUntilFull(used, total, growth),
  ];
  if (used === null) {
    const evidence = "The disk's use is not known; only sizes could be read.";
    return { level: 'unknown', evidence, figures, ...byRunbook('database-failure', "look at the disk's use on the database's own page") };
  }
  const evidence = `The database's disk is ${used.toFixed(1)} % full${measured === null ? ', by an estimate' : ''}.`;
  const clean = (text: string) => byCommand('/audit storage', text);
  if (used > alertPercent) {
    return {
      level: 'critical',
      evidence,
      figures,
      ...clean('archive old audit records now (runbook step 9), then check the storage again'),
    };
  }
  if (used > targetPercent) {
    return {
      level: 'high',
      evidence,
      figures,
      ...clean(`plan the archive of old audit records (runbook step 9): it is over ${targetPercent} %`),
    };
  }
  return { level: 'ok', evidence, figures, ...TEST_A_WRITE };
}

function sourceOf(measured: number | null): string {
  return measured === null ? "an estimate: databases' sizes against the cluster's storage" : "the cluster's metrics";
}

function growthADay({ table_bytes, index_bytes, rows_estimated, rows_of_week }: Sizes): number | null {
  if (rows_of_week === null || rows_estimated <= 0) return null;
  return (rows_of_week / 7) * ((table_bytes + index_bytes) / Math.max(rows_estimated, rows_of_week));
}

function daysUntilFull(used: number | null, total: number | null, growth: number | null): Verdict['figures'] {
  if (used === null || total === null || growth === null || growth <= 0) return [];
  const days = (total * (1 - used / 100)) / growth;
  return [{ name: 'Full in', value: `${days > 3_650 ? 'over 10 years' : `${Math.floor(days)} days`}, if only the audit table grows` }];
}

/** A size for people, as pg_size_pretty writes it: 1,024 a step. */
export function bytes(size: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, size)) / 10)));
  const value = size / 1_024 ** step;
  return `${step === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[step]}`;
}
