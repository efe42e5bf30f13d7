import type { ProbeOutcome } from '#domain/audit-table/probe/outcome.ts';
import { plainName } from '#domain/audit-table/probe/refusal.ts';
import { type AuditTable, identifier, tableSql } from '#domain/audit-table/sql.ts';

type Refused = Extract<ProbeOutcome, { kind: 'refused' | 'unfit' }>;

/** The one statement that repairs what a write was refused for; null where no single one does. It is for a person to run, never run here. */
export function repairOf({ failure, cause, writer }: Refused, table: AuditTable): string | null {
  const role = identifier(writer.role === '' ? 'the_application' : writer.role);
  switch (cause?.kind) {
    case 'no-partition':
      return cause.create;
    case 'sequence':
      return sequenceRepair(cause.sequence, cause.what, role, table, failure.column);
    case 'policies':
    case 'own-timeout':
      return null;
    case 'read-only':
      return cause.by === 'user' ? `ALTER ROLE ${role} RESET default_transaction_read_only;` : null;
    default:
      return failure.code === '42501' && failure.object ? grantSql(failure.object, role, table) : null;
  }
}

/** Ends a session, whatever it holds. */
export function terminateSql(pid: number): string {
  return `SELECT pg_terminate_backend(${pid});`;
}

function grantSql({ kind, name }: { readonly kind: string; readonly name: string }, role: string, table: AuditTable): string | null {
  switch (kind) {
    case 'table':
    case 'relation':
    case 'view':
      return `GRANT INSERT ON ${plainName(name) === table.name ? sqlName(table) : identifier(name)} TO ${role};`;
    case 'sequence':
      return `GRANT USAGE ON SEQUENCE ${identifier(name)} TO ${role};`;
    case 'function':
      return `GRANT EXECUTE ON FUNCTION ${identifier(name)} TO ${role};`;
    case 'schema':
      return `GRANT USAGE ON SCHEMA ${identifier(name)} TO ${role};`;
    case 'type':
      return `GRANT USAGE ON TYPE ${identifier(name)} TO ${role};`;
    default:
      return null;
  }
}

function sequenceRepair(
  sequence: string,
  what: 'forbidden' | 'exhausted' | 'past-type' | 'behind',
  role: string,
  table: AuditTable,
  column: string | null,
): string | null {
  switch (what) {
    case 'forbidden':
      return `GRANT USAGE ON SEQUENCE ${sequence} TO ${role};`;
    case 'exhausted':
      return `ALTER SEQUENCE ${sequence} NO MAXVALUE;`;
    case 'past-type':
      return column === null ? null : `ALTER TABLE ${sqlName(table)} ALTER COLUMN ${identifier(column)} TYPE bigint;`;
    case 'behind':
      return column === null
        ? null
        : `SELECT setval('${sequence.replaceAll("'", "''")}', (SELECT max(${identifier(column)}) FROM ${sqlName(table)}));`;
    default:
      return what satisfies never;
  }
}

/** As short as it can be written: the schema `public` and quotes only where they are needed. */
export function sqlName(table: AuditTable): string {
  return table.schema === 'public' ? identifier(table.name) : tableSql(table);
}
