import { z } from 'zod';
import { withStore } from '#app/command-line.ts';
import { loadPolicy } from '#app/policy-file.ts';
import type { WatchSettings } from '#app/settings.ts';
import { parseTable, tableQuery } from '#domain/audit-table/table.ts';
import { formatUtc } from '#domain/base/time.ts';
import { raisedAlarms } from '#domain/watch/evaluate.ts';
import type { AuditDatabase } from '#services/database/reader.ts';
import { loadFindings } from '#store/findings.ts';
import { loadWatch } from '#store/watch.ts';
import type { Optional, Sources } from '#workflows/context.ts';

/** Something that the doctor looks at; what is wrong is thrown, in words. */
export type Finding = { readonly what: string; readonly reading: () => Promise<string> };

/** What is optional is only looked at when it is configured; what is not says which setting it wants. */
export function optionalFinding<Service>(
  what: string,
  optional: Optional<Service>,
  reading: (service: Service) => Promise<string>,
): Finding {
  return {
    what,
    reading: async () =>
      'missing' in optional ? `not configured, optional: set ${optional.missing.join(', ')}` : reading(optional.service),
  };
}

/** What the watch needs, in the bot or by itself. */
export function watchFindings(settings: WatchSettings, audit: AuditDatabase, sources: Sources, of: 'bot' | 'watch'): readonly Finding[] {
  return [
    {
      what: 'Gapwatch itself (its findings on record)',
      reading: () =>
        withStore(settings, async (store) => {
          const findings = await loadFindings(store);
          if (findings.length > 0) throw new Error(findings.map(({ text, since }) => `${text} (since ${formatUtc(since)})`).join('; '));
          return 'nothing is known to be wrong';
        }),
    },
    {
      what: 'audit table (AUDIT_DATABASE_URL, AUDIT_TABLE)',
      reading: () =>
        audit.read(tableQuery(settings.AUDIT_TABLE, settings.AUDIT_TIMESTAMP_COLUMN), 10_000).then((rows) => {
          const table = parseTable(rows, settings.AUDIT_TABLE, settings.AUDIT_TIMESTAMP_COLUMN);
          if ('missing' in table) throw new Error(table.missing);
          return `${table.schema}.${table.name} found${table.isIndexed ? '' : `; no index leads with ${table.column}: gap scans will be slow`}`;
        }),
    },
    {
      what: 'rights in the monitored database (AUDIT_DATABASE_URL)',
      reading: () => audit.read(ROLE_RIGHTS, 10_000).then(judgeRights),
    },
    { what: 'the watch (watch.mode, PAGERDUTY_ROUTING_KEY)', reading: () => watchWords(settings, of) },
    optionalFinding(
      'write probe (AUDIT_WRITER_DATABASE_URL)',
      sources.auditWriter,
      async () => 'configured; the role is tried by `/audit probe` and by the watch',
    ),
    optionalFinding('health endpoint (HEALTH_URL)', sources.health, async (endpoint) => {
      const answer = await endpoint.ask();
      if (answer.kind === 'silent') throw new Error(answer.text);
      return `it answers ${answer.status}`;
    }),
    optionalFinding('DigitalOcean cluster (DIGITALOCEAN_DB_CLUSTER_ID)', sources.cluster, async (each) => {
      const { usedPercent } = await each.disk();
      return usedPercent === null
        ? 'found; its metrics name no disk, so the use of the disk is estimated'
        : `its disk is ${usedPercent} % full`;
    }),
  ];
}

/** What a role that only reads must not be able to do; asked of the catalogue. */
const ROLE_RIGHTS = {
  text: `
    select rolsuper as super, rolcreaterole as create_role, rolcreatedb as create_database, rolreplication as replication,
      rolbypassrls as bypass, current_setting('default_transaction_read_only') = 'on' as read_only
    from pg_roles where rolname = current_user`,
  values: [],
};
const rightsRow = z.object({
  super: z.boolean(),
  create_role: z.boolean(),
  create_database: z.boolean(),
  replication: z.boolean(),
  bypass: z.boolean(),
  read_only: z.boolean(),
});

function judgeRights(rows: readonly unknown[]): string {
  const { read_only, ...rights } = rightsRow.parse(rows[0]);
  const held = Object.entries(rights).flatMap(([name, isHeld]) => (isHeld ? [name.replace('_', ' ')] : []));
  if (held.length > 0)
    throw new Error(`the role may do too much (${held.join(', ')}); docs/database-roles.sql makes one that can only read`);
  return read_only
    ? 'it can only read'
    : 'no special right; its transactions are read-only because Gapwatch asks for it, not by the role itself';
}

/** Whether the watch is on and where its alarms go; a routing key can only be tried by raising an alarm, which a doctor does not do. */
async function watchWords(settings: WatchSettings, of: 'bot' | 'watch'): Promise<string> {
  const { PAGERDUTY_ROUTING_KEY, RUNBOOK_FILE, DATABASE_URL } = settings;
  const { watch } = await loadPolicy(RUNBOOK_FILE);
  if (of === 'bot' && watch.mode === 'off') return 'off in the bot: alerts come from your own monitoring, or from `npm start -- --watch`';
  const isMute = watch.mode !== 'measure' && PAGERDUTY_ROUTING_KEY === undefined && DATABASE_URL === undefined;
  if (of === 'watch' && isMute) throw new Error('it has nobody to tell: set PAGERDUTY_ROUTING_KEY, or the DATABASE_URL of a bot');
  const to =
    watch.mode === 'measure' ? 'to /metrics alone' : PAGERDUTY_ROUTING_KEY === undefined ? 'straight into the channel' : 'to PagerDuty';
  const memory = await withStore(settings, loadWatch);
  if (memory === null) return `on, its alarms go ${to}; it has made no round yet`;
  const raised = raisedAlarms(memory);
  return `on, its alarms go ${to}; last round ${formatUtc(memory.roundAt)}, ${raised.length === 0 ? 'no alarm' : `raised: ${raised.join(', ')}`}`;
}
