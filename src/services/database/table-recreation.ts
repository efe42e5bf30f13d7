import type pg from 'pg';
import { z } from 'zod';
import type { AuditTable, Sql } from '#domain/audit-table/sql.ts';
import { tableNamed, tableSql } from '#domain/audit-table/sql.ts';
import { parseTable, tableQuery } from '#domain/audit-table/table.ts';
import {
  askForLookalikes,
  askForShape,
  askForStanding,
  contentsSchema,
  contentsSql,
  grantSql,
  lookalikesSchema,
  missingSql,
  restoreSql,
  type Shape,
  shapeSchema,
  standingSchema,
  type TableStatus,
} from '#domain/remedies/recreate-table.ts';
import { ServiceFailure } from '#services/failure.ts';
import { inTransaction, withWriter } from './writer-connection.ts';

/** What is done with the audit table's records when it is recreated. Every method throws a {@link ServiceFailure}. */
export type TableRecreation = {
  readonly status: () => Promise<TableStatus>;
  /** Copies every row into `backup` and compares count and digest; all of it, or nothing is left behind. */
  readonly backUp: (table: AuditTable, backup: AuditTable) => Promise<{ readonly rows: number; readonly rights: Shape['rights'] }>;
  /** Brings back what the table lacks, and the rights that roles had. Doing it twice does no harm. */
  readonly restore: (backup: AuditTable, rights: Shape['rights']) => Promise<Restored>;
};

/** `missing`: rows of the backup that the table still lacks; `leftOut`: columns of the backup that the new table does not have. */
export type Restored = { readonly inserted: number; readonly missing: number; readonly rows: number; readonly leftOut: readonly string[] };

const SHORT_MILLISECONDS = 60_000;

/** With the application's own role, which must own the table. */
export function connectTableRecreation(url: string, tableName: string, column: string, zone = 'UTC'): TableRecreation {
  return {
    status: () =>
      withWriter(url, (client) =>
        inTransaction(client, { mode: 'read only', statementMilliseconds: SHORT_MILLISECONDS }, async () =>
          status(client, await findAny(client, tableName, column), tableName),
        ),
      ),
    backUp: (table, backup) => withWriter(url, (client) => inTransaction(client, {}, () => backUp(client, table, backup))),
    restore: (backup, rights) =>
      withWriter(url, (client) =>
        inTransaction(client, {}, async () => {
          const table = parseTable((await ask(client, tableQuery(tableName, column))).rows, tableName, column, zone);
          if ('missing' in table) throw new ServiceFailure('audit-database', 'refused', table.missing);
          return restore(client, table, backup, rights);
        }),
      ),
  };
}

/** The table even when its timestamp column is lost, which is a reason to recreate it. */
async function findAny(client: pg.Client, tableName: string, column: string): Promise<AuditTable | null> {
  const { rows } = await ask(client, tableQuery(tableName, column));
  const { schema, name } = z.object({ schema: z.string().nullable(), name: z.string().nullable() }).parse(rows[0]);
  return schema === null || name === null ? null : tableNamed(schema, name, column);
}

async function status(client: pg.Client, table: AuditTable | null, tableName: string): Promise<TableStatus> {
  if (table === null) {
    const { lookalikes, mayCreate } = lookalikesSchema.parse((await ask(client, askForLookalikes(tableName))).rows[0]);
    return { kind: 'missing', lookalikes, mayCreate };
  }
  const found = standingSchema.parse((await ask(client, askForStanding(table))).rows[0]);
  const { rows } = found.isOwned ? contentsSchema.parse((await client.query(contentsSql(table))).rows[0]) : { rows: 0 };
  return { kind: 'there', table, ...found, rows };
}

async function backUp(client: pg.Client, table: AuditTable, backup: AuditTable) {
  const { columns, rights } = await shapeOf(client, table);
  // Nothing is written while it is copied, so that both sides can be compared.
  await client.query(`lock table ${tableSql(table)} in share mode`);
  await client.query(`drop table if exists ${tableSql(backup)}`);
  await client.query(`create table ${tableSql(backup)} (like ${tableSql(table)} including all)`);
  await client.query(restoreSql(backup, table, columns));
  const original = contentsSchema.parse((await client.query(contentsSql(table))).rows[0]);
  const copy = contentsSchema.parse((await client.query(contentsSql(backup))).rows[0]);
  if (original.rows !== copy.rows || original.digest !== copy.digest) {
    throw new ServiceFailure(
      'audit-database',
      'refused',
      `the backup is not the same: ${copy.rows} of ${original.rows} rows, or other values`,
    );
  }
  return { rows: copy.rows, rights };
}

async function restore(client: pg.Client, table: AuditTable, backup: AuditTable, rights: Shape['rights']): Promise<Restored> {
  const [now, before] = [await shapeOf(client, table), await shapeOf(client, backup)];
  const common = before.columns.filter((name) => now.columns.includes(name));
  const inserted = (await client.query(restoreSql(table, backup, common))).rowCount ?? 0;
  const key = before.key.length > 0 && before.key.every((name) => now.key.includes(name)) ? before.key : [];
  const { missing } = z.object({ missing: z.number() }).parse((await client.query(missingSql(table, backup, key))).rows[0]);
  const { rows } = contentsSchema.parse((await client.query(contentsSql(table))).rows[0]);
  const had = new Set(now.rights.map(({ role, right }) => `${role}/${right}`));
  for (const each of rights) if (!had.has(`${each.role}/${each.right}`)) await client.query(grantSql(table, each));
  return { inserted, missing, rows, leftOut: before.columns.filter((name) => !now.columns.includes(name)) };
}

async function shapeOf(client: pg.Client, table: AuditTable): Promise<Shape> {
  return shapeSchema.parse((await ask(client, askForShape(table))).rows[0]);
}

function ask(client: pg.Client, { text, values }: Sql) {
  return client.query(text, [...values]);
}
