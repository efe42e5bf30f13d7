import { z } from 'zod';
import { loadPolicy } from '#app/policy-file.ts';
import type { WatchSettings } from '#app/settings.ts';
import { probeSession } from '#domain/audit-table/probe/session.ts';
import {
  type AuditTable,
  asColumn,
  asText,
  columnSql,
  EARLIEST,
  identifier,
  instantColumn,
  instantText,
  tableSql,
} from '#domain/audit-table/sql.ts';
import { filteredText, parseTable, tableQuery } from '#domain/audit-table/table.ts';
import { between, formatDuration, formatUtc, MINUTE, SECOND } from '#domain/base/time.ts';
import { judgeProbe } from '#domain/checks/probe-verdict.ts';
import { parseDatabaseUrl, transportWarning } from '#services/database/address.ts';
import type { AuditWriter } from '#services/database/probe.ts';
import type { AuditDatabase } from '#services/database/reader.ts';
import type { Sources } from '#workflows/context.ts';
import { type Finding, optionalFinding } from './finding.ts';

const DEADLINE = 10 * SECOND;

/** What the monitored database must be like, each thing proved by doing it once, with the SQL that repairs what is found. */
export function databaseFindings(settings: WatchSettings, audit: AuditDatabase, sources: Sources): readonly Finding[] {
  return [
    ...(['AUDIT_DATABASE_URL', 'AUDIT_WRITER_DATABASE_URL', 'DATABASE_URL'] as const).flatMap((name) =>
      transportFinding(name, settings[name]),
    ),
    { what: 'audit table (AUDIT_DATABASE_URL, AUDIT_TABLE)', reading: async () => tableText(await tableOf(settings, audit), audit) },
    {
      what: 'clocks and time zones (AUDIT_TIMESTAMP_COLUMN, AUDIT_TIMESTAMP_ZONE)',
      reading: async () => clockText(await tableOf(settings, audit), audit),
    },
    { what: 'rights in the monitored database (AUDIT_DATABASE_URL)', reading: () => audit.read(ROLE_RIGHTS, DEADLINE).then(judgeRights) },
    optionalFinding('write probe (AUDIT_WRITER_DATABASE_URL, AUDIT_WRITER_ROLE)', sources.auditWriter, async (writer) =>
      probeText(settings, await tableOf(settings, audit), writer),
    ),
  ];
}

function transportFinding(name: string, url: string | undefined): readonly Finding[] {
  const address = url === undefined ? null : parseDatabaseUrl(url);
  if (address === null || 'mistake' in address) return [];
  const warning = transportWarning(address);
  const reading = async () => {
    if (warning !== null) throw new Error(warning);
    return address.transport === 'verified'
      ? 'TLS, and the certificate is verified'
      : address.transport === 'trusted'
        ? 'no TLS (sslmode=disable)'
        : 'on this machine';
  };
  return [{ what: `way to the database (${name})`, reading }];
}

async function tableOf(settings: WatchSettings, audit: AuditDatabase): Promise<AuditTable> {
  const { AUDIT_TABLE, AUDIT_TIMESTAMP_COLUMN, AUDIT_TIMESTAMP_ZONE } = settings;
  const table = parseTable(
    await audit.read(tableQuery(AUDIT_TABLE, AUDIT_TIMESTAMP_COLUMN), DEADLINE),
    AUDIT_TABLE,
    AUDIT_TIMESTAMP_COLUMN,
    AUDIT_TIMESTAMP_ZONE,
  );
  if ('missing' in table) throw new Error(table.missing);
  return table;
}

async function tableText(table: AuditTable, audit: AuditDatabase): Promise<string> {
  const found = `${table.schema}.${table.name} found`;
  if (table.isFiltered) {
    throw new Error(
      `${filteredText(table)}: CREATE POLICY gapwatch_reads ON ${tableSql(table)} FOR SELECT TO gapwatch_reader USING (true);`,
    );
  }
  if (!table.isIndexed)
    return `${found}; no index leads with ${table.column}: gap scans will be slow. CREATE INDEX CONCURRENTLY ON ${tableSql(table)} (${identifier(table.column)});`;
  const newest = `select max(${columnSql(table)}) from ${tableSql(table)} where ${columnSql(table)} <= ${asColumn(table, 'now()')}`;
  const plan = planSchema.parse((await audit.read({ text: `explain (format json) ${newest}`, values: [] }, DEADLINE))[0]);
  // A table of a few pages is read as quickly without its index.
  const isRead = readsWhole(plan['QUERY PLAN'][0]?.Plan);
  return isRead
    ? `${found}; the newest record is found by reading it whole although an index leads with ${table.column}: ANALYZE ${tableSql(table)};`
    : found;
}

type Plan = { readonly 'Node Type': string; readonly 'Plan Rows': number; readonly Plans?: readonly Plan[] | undefined };
const node: z.ZodType<Plan> = z.lazy(() => z.object({ 'Node Type': z.string(), 'Plan Rows': z.number(), Plans: z.array(node).optional() }));
const planSchema = z.object({ 'QUERY PLAN': z.array(z.object({ Plan: node })) });
const FEW_ROWS = 10_000;

function readsWhole(plan: Plan | undefined): boolean {
  if (plan === undefined) return false;
  return (plan['Node Type'] === 'Seq Scan' && plan['Plan Rows'] > FEW_ROWS) || (plan.Plans ?? []).some(readsWhole);
}

/** Our clock against the database's, the newest record against it, and whose zone a time without one is. */
async function clockText(table: AuditTable, audit: AuditDatabase): Promise<string> {
  const at = columnSql(table);
  const from = tableSql(table);
  const text = `
    select ${instantText('clock_timestamp()')} as clock, ${instantText('now()')} as at, (select reset_val from pg_settings where name = 'TimeZone') as zone,
      ${asText(table, `(select max(${at}) from ${from} where ${at} <= ${asColumn(table, `now() + interval '26 hours'`)} and ${at} >= ${asColumn(table, EARLIEST)})`)} as newest`;
  const { clock, at: now, zone, newest } = clockRow.parse((await audit.read({ text, values: [] }, DEADLINE))[0]);
  const skew = between(new Date(), clock);
  if (Math.abs(skew) > MINUTE)
    throw new Error(`our clock is ${formatDuration(Math.abs(skew))} ${skew > 0 ? 'behind' : 'ahead of'} the database's: set both by NTP`);
  const ahead = newest === null ? 0 : between(now, newest);
  if (ahead > MINUTE) {
    throw new Error(
      `the newest record is dated ${formatDuration(Math.round(ahead / MINUTE) * MINUTE)} ahead of the database's clock: set AUDIT_TIMESTAMP_ZONE to the zone that ${table.column} is written in, or correct the application's clock`,
    );
  }
  const last = newest === null ? 'no record yet' : `the newest record is of ${formatUtc(newest)}`;
  const isLocal = table.time.kind === 'timestamp' && table.time.zone === 'UTC' && !/^(?:UTC|Etc\/UTC|GMT|Etc\/GMT)$/i.test(zone);
  const advice = isLocal
    ? `; ${table.column} has no zone and is read as UTC, while the database's own zone is ${zone}: if the application writes local time, set AUDIT_TIMESTAMP_ZONE=${zone}`
    : '';
  return `the clocks agree, ${last}${advice}`;
}

const clockRow = z.object({ clock: instantColumn, at: instantColumn, zone: z.string(), newest: instantColumn.nullable() });

/** Tries a write once and undoes it, as the checks and the watch will. */
async function probeText({ RUNBOOK_FILE }: WatchSettings, table: AuditTable, writer: AuditWriter): Promise<string> {
  const { probe } = await loadPolicy(RUNBOOK_FILE);
  const verdict = judgeProbe(await writer.run(probeSession(table, { insert: probe.insert, isForced: false })), table);
  if (verdict.level === 'ok') return `a test write was taken and undone. ${verdict.evidence}`;
  const repair = verdict.figures.find(({ name }) => name === 'Repaired by')?.value;
  throw new Error(`${verdict.evidence}${repair === undefined ? '' : ` ${repair}`}`);
}

/** What a role that only reads must not be able to do; asked of the catalogue. BYPASSRLS is no such thing: it shows every record. */
const ROLE_RIGHTS = {
  text: `
    select current_user::text as role, rolsuper as super, rolcreaterole as create_role, rolcreatedb as create_database, rolreplication as replication,
      current_setting('default_transaction_read_only') = 'on' as read_only, pg_has_role(oid, 'pg_read_all_stats', 'USAGE') as sees_all
    from pg_roles where rolname = current_user`,
  values: [],
};
const rightsRow = z.object({
  role: z.string(),
  super: z.boolean(),
  create_role: z.boolean(),
  create_database: z.boolean(),
  replication: z.boolean(),
  read_only: z.boolean(),
  sees_all: z.boolean(),
});

function judgeRights(rows: readonly unknown[]): string {
  const { role, read_only, sees_all, ...rights } = rightsRow.parse(rows[0]);
  const held = Object.entries(rights).flatMap(([name, isHeld]) => (isHeld ? [name.replace('_', ' ')] : []));
  if (held.length > 0)
    throw new Error(`the role may do too much (${held.join(', ')}); docs/database-roles.sql makes one that can only read`);
  const unseen = sees_all ? '' : `; what other sessions run is not visible to it: GRANT pg_read_all_stats TO ${identifier(role)};`;
  const reads = read_only
    ? 'it can only read'
    : 'no special right; its transactions are read-only because Gapwatch asks for it, not by the role itself';
  return `${reads}${unseen}`;
}
