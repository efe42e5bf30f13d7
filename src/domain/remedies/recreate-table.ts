import { z } from 'zod';
import { type AuditTable, quoteIdentifier, type Sql, tableSql } from '#domain/audit-table/sql.ts';
import type { Verdict } from '#domain/checks/verdict.ts';
import type { Planned } from './plan.ts';

/** The audit table as the remedy finds it. */
export type TableStatus =
  | { readonly kind: 'missing'; readonly lookalikes: readonly string[]; readonly mayCreate: boolean }
  | {
      readonly kind: 'there';
      readonly table: AuditTable;
      readonly isPlain: boolean;
      readonly isOwned: boolean;
      readonly mayCreate: boolean;
      readonly rows: number;
    };

/** The command that applies the application's own migrations. */
export type MigrationCommand = { readonly command: readonly string[]; readonly directory: string };

type Inventory = {
  readonly tableName: string;
  readonly status: TableStatus;
  readonly schema: Verdict;
  readonly migrations: MigrationCommand;
};

/**
 * Runbook step 10, the last resort: only when the table is missing or not as the application expects it. A table that is merely called
 * otherwise, or that the role may not see, is not missing; one that the schema check finds nothing wrong with is not recreated.
 */
export function planRecreation({ tableName, status, schema, migrations }: Inventory, typed: string): Planned {
  if (typed !== tableName) {
    return {
      impossible: `"${typed.slice(0, 60)}" is not the table's name. To confirm, type it exactly: \`/remedy recreate-table ${tableName}\`.`,
    };
  }
  if (!status.mayCreate) return { impossible: 'The role of AUDIT_WRITER_DATABASE_URL may not create tables.' };
  const command = migrations.command.join(' ');
  if (status.kind === 'missing') {
    if (status.lookalikes.length > 0) {
      return {
        impossible: `There is no ${tableName}, but there is ${status.lookalikes.join(', ')}: the table is there under another name, and AUDIT_TABLE may be wrong.`,
      };
    }
    return planned(
      tableName,
      `${tableName} is missing`,
      [{ name: 'Backup', value: 'none can be made: there is no table' }],
      command,
      migrations.directory,
    );
  }
  if (schema.level === 'unknown') return { impossible: `Whether the table is as it should be can't be told. ${schema.evidence}` };
  if (schema.level === 'ok' || schema.level === 'low') {
    return { impossible: `\`/audit schema\` finds the table as it should be (${schema.evidence}): nothing would be better after this.` };
  }
  const { isPlain, isOwned, rows } = status;
  if (!isPlain) return { impossible: `${tableName} is a view, a partitioned or a foreign table: only a plain table is recreated.` };
  if (!isOwned) return { impossible: `The role of AUDIT_WRITER_DATABASE_URL does not own ${tableName}.` };
  const differences = schema.figures.map(({ name, value }) => `${name}: ${value}`).join('; ');
  const figures = [
    { name: 'Found by /audit schema', value: differences || schema.evidence },
    {
      name: 'Backup',
      value: `${rows} records, into a table beside it, with keys, defaults, constraints and indexes; counted and compared`,
    },
  ];
  return planned(tableName, differences || schema.evidence, figures, command, migrations.directory);
}

function planned(
  tableName: string,
  why: string,
  figures: readonly { readonly name: string; readonly value: string }[],
  command: string,
  directory: string,
): Planned {
  return {
    plan: {
      target: tableName,
      what: `LAST RESORT: recreate ${tableName} by the application's own migrations, after a backup, and bring its records back (runbook step 10).`,
      figures: [...figures, { name: 'Command', value: `${command}, in ${directory}, without a shell` }],
      takes: 'a few minutes for each million records, and the time of the migrations, ten minutes at most',
      risks: [
        'The migrations change the database of the application, and Gapwatch does not know all that they do: read them first.',
        'What is written between the backup and the migrations, about a second, is in the table alone; stop the application if you can.',
        'The backup needs as much room again on the database’s disk.',
        ...(figures.some(({ value }) => value.startsWith('none'))
          ? ['Earlier records come back from the backups of your database alone, and so do the rights of other roles on the table.']
          : []),
      ],
      back: 'the backup stays in the database until somebody drops it; once the migrations began there is no other way back',
      basis: `${why}, by ${command}`,
    },
  };
}

/** Tables that may be the audit table under another name: the same but for case and underscores, a plural, or in another schema. */
export function askForLookalikes(tableName: string): Sql {
  return {
    text: `
      select coalesce(json_agg(n.nspname || '.' || c.relname order by 1), '[]') as lookalikes,
        exists (select from unnest(current_schemas(false)) as each where has_schema_privilege(each, 'CREATE')) as "mayCreate"
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
        and rtrim(lower(replace(c.relname, '_', '')), 's') = rtrim(lower(replace($1, '_', '')), 's')`,
    values: [tableName.split('.').at(-1) ?? tableName],
  };
}

export const lookalikesSchema = z.object({ lookalikes: z.array(z.string()), mayCreate: z.boolean() });

/** Asks what recreating an existing table needs: whether it is plain, whose it is, and whether a table may be made beside it. Catalogue only. */
export function askForStanding(table: AuditTable): Sql {
  return {
    text: `
      select c.relkind = 'r' as "isPlain", pg_has_role(c.relowner, 'USAGE') as "isOwned", has_schema_privilege(c.relnamespace, 'CREATE') as "mayCreate"
      from pg_class c where c.oid = $1::regclass`,
    values: [tableSql(table)],
  };
}

export const standingSchema = z.object({ isPlain: z.boolean(), isOwned: z.boolean(), mayCreate: z.boolean() });

/** The backup's name beside the table: bounded, as PostgreSQL cuts names at 63 bytes. */
export function backupOf(table: AuditTable, request: string): AuditTable {
  return { ...table, name: `${table.name.slice(0, 40)}_backup_${request.slice(0, 8)}` };
}

/** How many rows, and a digest of all of them that no change of a single value survives. One scan. */
export function contentsSql(table: AuditTable): string {
  return `select count(*)::float8 as rows, coalesce(sum(hashtextextended(each::text, 0)), 0)::text as digest from ${tableSql(table)} as each`;
}

export const contentsSchema = z.object({ rows: z.number(), digest: z.string() });

/** Columns of a table, those of its primary key, and who may do what with it. Generated columns are left out: they fill themselves. */
export function askForShape(table: AuditTable): Sql {
  return {
    text: `
      select
        (select coalesce(json_agg(a.attname order by a.attnum), '[]') from pg_attribute a
          where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
        (select coalesce(json_agg(a.attname), '[]') from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
          where i.indrelid = c.oid and i.indisprimary) as key,
        (select coalesce(json_agg(json_build_object('role', case when g.grantee = 0 then null else g.grantee::regrole::text end, 'right', g.privilege_type)), '[]')
          from aclexplode(c.relacl) g where g.grantee <> c.relowner) as rights
      from pg_class c where c.oid = $1::regclass`,
    values: [tableSql(table)],
  };
}

const rightSchema = z.object({ role: z.string().nullable(), right: z.string() });
export const shapeSchema = z.object({ columns: z.array(z.string()), key: z.array(z.string()), rights: z.array(rightSchema) });
export type Shape = z.infer<typeof shapeSchema>;

/** Gives a role, quoted already by the catalogue, a right that it had. Null stands for everybody. */
export function grantSql(table: AuditTable, { role, right }: Shape['rights'][number]): string {
  if (!/^[A-Z ]+$/.test(right)) throw new TypeError(`${right} is no right on a table`);
  return `grant ${right} on ${tableSql(table)} to ${role ?? 'public'}`;
}

/** Brings back what the table does not have already, column by column: `select *` would swap values where their order has changed. */
export function restoreSql(table: AuditTable, backup: AuditTable, columns: readonly string[]): string {
  const names = columns.map(quoteIdentifier).join(', ');
  return `insert into ${tableSql(table)} (${names}) overriding system value select ${names} from ${tableSql(backup)} on conflict do nothing`;
}

/** How many rows of the backup the table does not have: told by the key, else by their number. */
export function missingSql(table: AuditTable, backup: AuditTable, key: readonly string[]): string {
  if (key.length === 0)
    return `select greatest((select count(*) from ${tableSql(backup)}) - (select count(*) from ${tableSql(table)}), 0)::float8 as missing`;
  const same = key.map((name) => `t.${quoteIdentifier(name)} = b.${quoteIdentifier(name)}`).join(' and ');
  return `select count(*)::float8 as missing from ${tableSql(backup)} b where not exists (select from ${tableSql(table)} t where ${same})`;
}
