import { readFile } from 'node:fs/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import pLimit from 'p-limit';
import type { Logger } from 'pino';
import type { Policy } from '#domain/base/policy.ts';
import { driverUrl, parseDatabaseUrl, transportWarning } from '#services/database/address.ts';
import { openAuditDatabase } from '#services/database/reader.ts';
import { connectPagerDutyEvents } from '#services/pagerduty/events.ts';
import { openDatabase } from '#store/database.ts';
import { startEmbedded } from '#store/embedded.ts';
import { type JobClock, startJobs } from '#store/jobs.ts';
import { migrate } from '#store/migrate.ts';
import type { AppContext } from '#workflows/context.ts';
import { nothingRemembered } from '#workflows/remembered.ts';
import { SettingsError, type WatchSettings } from './settings.ts';
import { connectSources } from './sources.ts';

/** What the bot and the watch by itself both stand on: the store, the monitored database, and what the checks ask. */
export type Infrastructure = Pick<
  AppContext,
  'database' | 'jobs' | 'policy' | 'auditDatabase' | 'auditTable' | 'sources' | 'events' | 'remembered' | 'now' | 'log'
> & {
  readonly store: 'embedded' | 'DATABASE_URL';
  readonly close: () => Promise<void>;
};

/** The most connections to the monitored database at the same time. */
const AUDIT_CONNECTIONS = 2;

/** Opens the store and connects. `clock` is the system's unless given. */
export async function connectInfrastructure(
  settings: WatchSettings,
  policy: Policy,
  log: Logger,
  clock?: JobClock,
): Promise<Infrastructure> {
  const connections = pLimit(AUDIT_CONNECTIONS);
  const sources = await connectSources(settings, connections, policy);
  await trustPrivateCa(settings);
  warnOfOpenWays(log, settings);
  const onError = tellOfFailures(log);
  const server = settings.DATABASE_URL ? null : await startEmbedded(settings.GAPWATCH_DATA_DIR);
  const url = driverUrl(settings.DATABASE_URL ?? (await server?.database('gapwatch')) ?? '');
  const database = openDatabase(url, onError);
  await migrate(database);
  const jobs = await startJobs(url, onError, clock);
  const { AUDIT_DATABASE_URL, AUDIT_TABLE: tableName, AUDIT_TIMESTAMP_COLUMN: column, AUDIT_TIMESTAMP_ZONE: zone } = settings;
  const auditDatabase = openAuditDatabase(
    { connections, url: AUDIT_DATABASE_URL, table: tableName, timestampColumn: column, zone },
    onError,
  );
  const { PAGERDUTY_ROUTING_KEY: routingKey, PAGERDUTY_EVENTS_URL } = settings;
  return {
    ...{ database, jobs, policy, auditDatabase, sources, log },
    remembered: nothingRemembered(),
    auditTable: {
      database: namesIn(AUDIT_DATABASE_URL).database,
      tableName,
      column,
      zone,
      writerRole: settings.AUDIT_WRITER_ROLE ?? namesIn(settings.AUDIT_WRITER_DATABASE_URL ?? '').role,
    },
    events: routingKey === undefined ? null : connectPagerDutyEvents({ url: PAGERDUTY_EVENTS_URL, routingKey }),
    now: () => new Date(clock?.now() ?? Date.now()),
    store: server ? 'embedded' : 'DATABASE_URL',
    close: async () => {
      await jobs.stop();
      await Promise.all([auditDatabase.close(), database.close()]);
      await server?.stop();
    },
  };
}

const TOLD_EVERY_MILLISECONDS = 10_000;

/** A database that is away fails every poll of every worker: the log hears it at most once in ten seconds, with the count. */
function tellOfFailures(log: Logger): (error: Error) => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  let untold = 0;
  return (error) => {
    untold += 1;
    const now = performance.now();
    if (now - toldAt < TOLD_EVERY_MILLISECONDS) return;
    log.warn({ err: error, count: untold }, 'database connections failed; they are opened again when needed');
    toldAt = now;
    untold = 0;
  };
}

/** A private CA is trusted besides the public ones, by everything that speaks TLS here: databases, SMTP, HTTPS. */
export async function trustPrivateCa({ CA_FILE: file }: WatchSettings): Promise<void> {
  if (file === undefined) return;
  const pem = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new SettingsError(`CA_FILE (${file}) can't be read`, { cause });
  });
  try {
    setDefaultCACertificates([...getCACertificates('default'), pem]);
  } catch (cause) {
    throw new SettingsError(`CA_FILE (${file}) holds no certificates in PEM`, { cause });
  }
}

/** The role and the database's name in an address; the name is what alerts say they are about. */
function namesIn(url: string): { readonly role: string | null; readonly database: string } {
  const address = parseDatabaseUrl(url);
  if ('mistake' in address) return { role: null, database: 'audit database' };
  return { role: address.role, database: address.database ?? 'audit database' };
}

/** A way to a database that is open to others is told at every start. */
function warnOfOpenWays(log: Logger, settings: WatchSettings): void {
  for (const name of ['AUDIT_DATABASE_URL', 'AUDIT_WRITER_DATABASE_URL', 'DATABASE_URL'] as const) {
    const address = parseDatabaseUrl(settings[name] ?? '');
    const warning = 'mistake' in address ? null : transportWarning(address);
    if (warning !== null) log.warn({ setting: name }, warning);
  }
}
