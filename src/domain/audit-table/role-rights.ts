import { z } from 'zod';
import type { AuditTable, Rows, Sql } from './sql.ts';

/**
 * What a role may do with the table, and what is set for the role itself: its login, its limits, its settings. `role` null: the role that
 * asks, whoever that is behind a pooler's user name. Catalogue only, and by name, as a role without the schema's USAGE may not cast it; a
 * role that is missing has no row.
 */
export function roleRightsQuery(table: AuditTable, role: string | null): Sql {
  return {
    text: `
      with target as (
        select c.oid, c.relowner, c.relnamespace, c.relacl from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = $1 and c.relname = $2),
      writer as (select r.* from pg_roles r where r.rolname = coalesce($3::text, current_user))
      select writer.rolname::text as role, session_user::text as login,
        has_schema_privilege(writer.oid, relnamespace, 'USAGE') as "mayUseSchema",
        (select nspname::text from pg_namespace n where n.oid = relnamespace) as schema,
        has_table_privilege(writer.oid, target.oid, 'INSERT') as "mayInsert",
        array(select a.attname::text from pg_attribute a
              where a.attrelid = target.oid and a.attnum > 0 and not a.attisdropped and has_column_privilege(writer.oid, target.oid, a.attnum, 'INSERT')
              order by a.attnum) as columns,
        array(select a.attname::text from pg_attribute a
              where a.attrelid = target.oid and a.attnum > 0 and not a.attisdropped and a.attnotnull and not a.atthasdef and a.attidentity = ''
                and not has_column_privilege(writer.oid, target.oid, a.attnum, 'INSERT')
              order by a.attnum) as "columnsDenied",
        pg_get_userbyid(relowner)::text as owner,
        array(select distinct case grantee when 0 then 'PUBLIC' else pg_get_userbyid(grantee)::text end from aclexplode(relacl)
              where privilege_type = 'INSERT' and (grantee = 0 or pg_has_role(writer.oid, grantee, 'USAGE'))) as "grantedTo",
        writer.rolcanlogin as "mayLogIn", writer.rolconnlimit as "connectionLimit",
        (select count(*)::int from pg_stat_activity a where a.usesysid = writer.oid) as connections,
        coalesce(writer.rolvaliduntil < now(), false) as "isExpired",
        array(select distinct setting from pg_db_role_setting s cross join unnest(s.setconfig) as setting
              where s.setrole in (0, writer.oid) and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
              order by setting) as settings,
        array(select m.rolname::text from pg_auth_members g join pg_roles m on m.oid = g.roleid where g.member = writer.oid order by 1) as "memberOf"
      from target, writer`,
    values: [table.schema, table.name, role],
  };
}

const names = z.array(z.string());
const rightsRow = z.object({
  role: z.string(),
  login: z.string(),
  mayUseSchema: z.boolean(),
  schema: z.string(),
  mayInsert: z.boolean(),
  columns: names,
  columnsDenied: names,
  owner: z.string(),
  grantedTo: names,
  mayLogIn: z.boolean(),
  connectionLimit: z.number(),
  connections: z.number(),
  isExpired: z.boolean(),
  settings: names,
  memberOf: names,
});

/** A role's rights on the table and what is set for it. */
export type RoleRights = Readonly<z.infer<typeof rightsRow>>;

/** {@link roleRightsQuery}'s answer; null when there is no such role. */
export function parseRoleRights(rows: Rows): RoleRights | null {
  return rows[0] === undefined ? null : rightsRow.parse(rows[0]);
}
