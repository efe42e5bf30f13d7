import { z } from 'zod';
import { query } from '#domain/audit-table/query.ts';
import { type AuditTable, type Sql, tableSql } from '#domain/audit-table/sql.ts';
import { type Check, takesNone, unknownVerdict, withTable } from './check.ts';
import { byCommand, TEST_A_WRITE } from './next-steps.ts';
import type { Verdict } from './verdict.ts';

/** Runbook step 7: may the application's role write, and what else on the table could refuse a record? */
export const permissions: Check = {
  name: 'permissions',
  step: '§7',
  help: 'may the application write? rights, row security, triggers, constraints',
  refuse: takesNone('permissions'),
  ask: (context) =>
    withTable(context, function* (table) {
      if (context.writerRole === null) return unknownVerdict('not configured: set AUDIT_WRITER_DATABASE_URL, whose role is checked');
      return judgePermissions(permissionsRow.parse((yield* query(permissionsQuery(table, context.writerRole)))[0]), context.writerRole);
    }),
};

/** Catalogue only; the role may be missing, so its rights are asked by OID. */
function permissionsQuery(table: AuditTable, role: string): Sql {
  return {
    text: `
      with target as (
        select c.oid, c.relowner, c.relnamespace, c.relacl, c.relrowsecurity, c.relforcerowsecurity, to_regrole(quote_ident($2)) as role
        from pg_class c where c.oid = $1::regclass)
      select role is not null as role_exists,
        coalesce(has_table_privilege(role, oid, 'INSERT'), false) as may_insert,
        coalesce(has_schema_privilege(role, relnamespace, 'USAGE'), false) as may_use_schema,
        pg_get_userbyid(relowner)::text as owner,
        array(select distinct pg_get_userbyid(grantee)::text from aclexplode(relacl)
              where privilege_type = 'INSERT' and (grantee = 0 or pg_has_role(role, grantee, 'USAGE'))) as granted_to,
        relrowsecurity and not coalesce((select rolbypassrls or rolsuper from pg_roles where pg_roles.oid = role), false)
          and (relforcerowsecurity or not coalesce(pg_has_role(role, relowner, 'USAGE'), false)) as row_security,
        (select count(*)::int from pg_policy where polrelid = target.oid and polpermissive and polcmd in ('a', '*')
          and (polroles = '{0}' or exists (select from unnest(polroles) as member where pg_has_role(role, member, 'USAGE')))) as insert_policies,
        array(select tgname::text from pg_trigger where tgrelid = target.oid and not tgisinternal and tgenabled <> 'D' order by 1) as triggers,
        array(select conname::text from pg_constraint where conrelid = target.oid and contype in ('c', 'f', 'u', 'x') order by 1) as constraints
      from target`,
    values: [tableSql(table), role],
  };
}

const names = z.array(z.string());
const permissionsRow = z.object({
  role_exists: z.boolean(),
  may_insert: z.boolean(),
  may_use_schema: z.boolean(),
  owner: z.string(),
  granted_to: names,
  row_security: z.boolean(),
  insert_policies: z.number(),
  triggers: names,
  constraints: names,
});
export type PermissionsRow = z.infer<typeof permissionsRow>;

/** No right is critical. With every right there may still be triggers and constraints that refuse a record: they are listed. */
export function judgePermissions(row: PermissionsRow, role: string): Verdict {
  const list = (name: string, values: readonly string[]) => (values.length === 0 ? [] : [{ name, value: values.slice(0, 15).join(', ') }]);
  const figures = [
    { name: 'Owner', value: row.owner },
    ...list('INSERT granted to', row.granted_to),
    ...list('Triggers', row.triggers),
    ...list('Constraints that may refuse a record', row.constraints),
  ];
  const problem = missingRight(row, role);
  if (problem !== null)
    return {
      level: 'critical',
      evidence: problem,
      figures,
      ...byCommand('/audit probe', 'give the right back to the application’s role, then test a write (runbook step 4)'),
    };
  const rest = row.triggers.length > 0 ? '; a trigger could still refuse a record' : '';
  return { level: 'ok', evidence: `Role ${role} may insert${rest}.`, figures, ...TEST_A_WRITE };
}

function missingRight(row: PermissionsRow, role: string): string | null {
  if (!row.role_exists) return `There is no role ${role}.`;
  if (!row.may_use_schema) return `Role ${role} has no USAGE on the table's schema.`;
  if (!row.may_insert) return `Role ${role} may not insert into the table.`;
  return row.row_security && row.insert_policies === 0 ? `Row-level security is on, and no policy lets role ${role} insert.` : null;
}
