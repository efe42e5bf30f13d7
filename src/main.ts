import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { config } from 'dotenv';
import type { Logger } from 'pino';
import { slackApp } from '#bot/app.ts';
import { type HttpServer, listen, livez, metrics, readyz } from '#bot/http.ts';
import { pagerDutyWebhook } from '#bot/pagerduty-webhook.ts';
import { receiptPage } from '#bot/receipt-page.ts';
import { figuresOf } from '#domain/incident/figures.ts';
import { TemplateError } from '#domain/messages/render.ts';
import { unreachableRoles } from '#domain/policy.ts';
import { openAuditDatabase } from '#services/audit-database.ts';
import { openGate } from '#services/gate.ts';
import { connectHeartbeat } from '#services/heartbeat.ts';
import { connectMail } from '#services/mail.ts';
import { connectPagerDuty } from '#services/pagerduty.ts';
import { openReportFolder } from '#services/report-folder.ts';
import { connectSlack } from '#services/slack.ts';
import { openDatabase, StoreUnavailable } from '#store/database.ts';
import { EmbeddedServerError, startEmbedded } from '#store/embedded.ts';
import { readSigningKey } from '#store/evidence.ts';
import { currentIncident, incidentNumbers, loadFacts } from '#store/facts.ts';
import { loadFindings } from '#store/findings.ts';
import { type JobClock, startJobs } from '#store/jobs.ts';
import { migrate } from '#store/migrate.ts';
import { ownSecret } from '#store/secrets.ts';
import { guardStore, type Repeat } from '#workflows/guard-store.ts';
import type { House } from '#workflows/house.ts';
import { startWork } from '#workflows/worker.ts';
import { openLog } from './log.ts';
import { openMetrics } from './metrics.ts';
import { PolicyError, readPolicy, withAddresses } from './policy.ts';
import { readSettings, type Settings, SettingsError } from './settings.ts';
import { connectSources } from './sources.ts';
import { loadTemplates } from './templates.ts';

/** Gapwatch, running. */
export type Gapwatch = { readonly port: number; readonly house: House; readonly stop: () => Promise<void> };

/** The most connections to the monitored database at the same time. */
const AUDIT_CONNECTIONS = 2;

/** Wires the rooms and starts: store, work, then the doors. `clock` is the system's unless given. */
export async function start(settings: Settings, log: Logger, clock?: JobClock): Promise<Gapwatch> {
  const policy = withAddresses(
    readPolicy(await readFile(settings.RUNBOOK_FILE, 'utf8').catch(missingPolicy), settings.RUNBOOK_FILE),
    settings,
  );
  const templates = await loadTemplates(settings.TEMPLATES_DIR, policy);
  const signingKey = await loadSigningKey(settings);
  const gate = openGate(AUDIT_CONNECTIONS);
  const sources = await connectSources(settings, gate, policy);
  await trustPrivateCa(settings);
  const onError = tellOfFailures(log);
  const server = settings.DATABASE_URL ? null : await startEmbedded(settings.GAPWATCH_DATA_DIR);
  const url = settings.DATABASE_URL ?? (await server?.database('gapwatch')) ?? '';
  const database = openDatabase(url, onError);
  await migrate(database);
  const jobs = await startJobs(url, onError, clock);
  const now = () => new Date(clock?.now() ?? Date.now());
  const figures = openMetrics(jobs, {
    openIncidents: async () => (await incidentNumbers(database, 'open')).length,
    lastFigures: async () => {
      const latest = await currentIncident(database);
      return latest === null ? null : figuresOf(await loadFacts(database, latest), now());
    },
    findings: async () => (await loadFindings(database)).length,
  });
  const auditDatabase = openAuditDatabase(
    { gate, url: settings.AUDIT_DATABASE_URL, table: settings.AUDIT_TABLE, timestampColumn: settings.AUDIT_TIMESTAMP_COLUMN },
    onError,
  );
  const house: House = {
    database,
    jobs,
    policy,
    templates,
    auditDatabase,
    auditTable: {
      tableName: settings.AUDIT_TABLE,
      column: settings.AUDIT_TIMESTAMP_COLUMN,
      writerRole: roleOf(settings.AUDIT_WRITER_DATABASE_URL),
    },
    sources,
    slack: connectSlack({ token: settings.SLACK_BOT_TOKEN, apiUrl: settings.SLACK_API_URL, channel: settings.SLACK_CHANNEL }),
    channel: settings.SLACK_CHANNEL,
    pagerduty: connectPagerDuty({
      apiUrl: settings.PAGERDUTY_API_URL,
      token: settings.PAGERDUTY_API_TOKEN,
      fromEmail: settings.PAGERDUTY_FROM_EMAIL,
    }),
    mail: connectMail({ url: settings.SMTP_URL, from: settings.MAIL_FROM }),
    publicUrl: settings.PUBLIC_URL ?? null,
    linkSecret: await ownSecret(database, 'links'),
    signingKey,
    heartbeat: settings.HEARTBEAT_URL ? connectHeartbeat(settings.HEARTBEAT_URL) : null,
    reports: openReportFolder(settings.REPORTS_DIR),
    now,
    log,
    observe: figures.observe,
  };
  const unreachable = unreachableRoles(policy);
  if (unreachable.length > 0)
    log.warn({ roles: unreachable }, 'escalations name roles for which no address is known: contacts in runbook.yaml');
  const slack = slackApp(house, {
    botToken: settings.SLACK_BOT_TOKEN,
    signingSecret: settings.SLACK_SIGNING_SECRET,
    appToken: settings.SLACK_APP_TOKEN,
    apiUrl: settings.SLACK_API_URL,
  });
  await slack.start();
  await startWork(house);
  const stopGuarding = guardStore(house, repeatBy(clock));
  const secrets = settings.PAGERDUTY_WEBHOOK_SECRET.split(',').map((secret) => secret.trim());
  const routes = {
    'POST /pagerduty/webhook': pagerDutyWebhook(house, secrets),
    ...(slack.events ? { 'POST /slack/events': slack.events } : {}),
    ...receiptPage(house),
    'GET /livez': livez,
    'GET /readyz': readyz(() => whyNotReady(house)),
    'GET /metrics': metrics(figures.render),
  };
  const http = await listen(routes, { host: settings.HOST, port: settings.PORT, log });
  log.info({ port: http.port, host: settings.HOST, store: server ? 'embedded' : 'DATABASE_URL' }, 'Gapwatch is ready');
  return {
    port: http.port,
    house,
    stop: () => {
      stopGuarding();
      return stop(http, slack.stop, house, server);
    },
  };
}

function repeatBy(clock: JobClock | undefined): Repeat {
  return (run, milliseconds) => {
    if (clock) {
      const timer = clock.setInterval(run, milliseconds);
      return () => clock.clearInterval(timer);
    }
    const timer = setInterval(run, milliseconds);
    return () => clearInterval(timer);
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

/** The key that signs the record. Throws a SettingsError when the file can't be used: better no start than unsigned evidence. */
async function loadSigningKey({ EVIDENCE_SIGNING_KEY_FILE: file }: Settings): Promise<KeyObject | null> {
  if (file === undefined) return null;
  try {
    return readSigningKey(await readFile(file, 'utf8'), `EVIDENCE_SIGNING_KEY_FILE (${file})`);
  } catch (cause) {
    const message = cause instanceof Error && 'code' in cause ? `EVIDENCE_SIGNING_KEY_FILE (${file}) can't be read` : String(cause);
    throw new SettingsError(message.replace(/^Error: /, ''), { cause });
  }
}

/** A private CA is trusted besides the public ones, by everything that speaks TLS here: databases, SMTP, HTTPS. */
async function trustPrivateCa({ CA_FILE: file }: Settings): Promise<void> {
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

/** The role in a database address. */
function roleOf(url: string | undefined): string | null {
  const name = url === undefined ? '' : decodeURIComponent(new URL(url).username);
  return name === '' ? null : name;
}

/** Closes the doors first, then lets what runs finish within its grace, then the connections. */
async function stop(
  http: HttpServer,
  stopSlack: () => Promise<void>,
  house: House,
  server: { readonly stop: () => Promise<void> } | null,
): Promise<void> {
  await Promise.all([http.close(), stopSlack()]);
  await house.jobs.stop();
  await Promise.all([house.auditDatabase.close(), house.database.close()]);
  await server?.stop();
}

async function whyNotReady(house: House): Promise<string | null> {
  return house.database.query('select 1').then(
    () => null,
    (error: unknown) => `the store can't be reached: ${error instanceof Error ? error.name : 'unknown error'}`,
  );
}

function missingPolicy(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
  throw error;
}

/** Runs until SIGTERM or SIGINT. A mistake in the set-up is told in one message, without a stack. */
async function main(): Promise<void> {
  config({ quiet: true });
  try {
    const settings = readSettings(process.env);
    const log = openLog(settings.LOG_LEVEL);
    const gapwatch = await start(settings, log);
    const end = (signal: string) => {
      log.info({ signal }, 'Gapwatch stops');
      gapwatch.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, 'Gapwatch did not stop cleanly');
          process.exit(1);
        },
      );
    };
    process.once('SIGTERM', end);
    process.once('SIGINT', end);
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  }
}

/** What went wrong at the start, for the person who started it. */
export function explain(error: unknown): string {
  const isMistake =
    error instanceof SettingsError ||
    error instanceof PolicyError ||
    error instanceof TemplateError ||
    error instanceof EmbeddedServerError ||
    error instanceof StoreUnavailable;
  if (isMistake) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

if (import.meta.main) await main();
