import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { config } from 'dotenv';
import type { Logger } from 'pino';
import { slackApp } from '#bot/app.ts';
import { listen, livez, metrics, readyz } from '#bot/http.ts';
import { pagerDutyWebhook } from '#bot/pagerduty-webhook.ts';
import { receiptPage } from '#bot/receipt-page.ts';
import { TemplateError } from '#domain/messages/render.ts';
import { unreachableRoles } from '#domain/policy.ts';
import { connectHeartbeat } from '#services/heartbeat.ts';
import { connectMail } from '#services/mail.ts';
import { connectPagerDuty } from '#services/pagerduty/rest.ts';
import { openReportFolder } from '#services/report-folder.ts';
import { connectSlack } from '#services/slack.ts';
import { StoreUnavailable } from '#store/database.ts';
import { EmbeddedServerError } from '#store/embedded.ts';
import { readSigningKey } from '#store/evidence.ts';
import type { JobClock } from '#store/jobs.ts';
import { ownSecret } from '#store/secrets.ts';
import { guardStore, type Repeat } from '#workflows/guard-store.ts';
import type { House } from '#workflows/house.ts';
import { startWork } from '#workflows/worker.ts';
import { layFoundation } from './foundation.ts';
import { openLog } from './log.ts';
import { openMetrics } from './metrics.ts';
import { loadPolicy, PolicyError, withAddresses } from './policy.ts';
import { readSettings, readWatchSettings, type Settings, SettingsError } from './settings.ts';
import { loadTemplates } from './templates.ts';
import { startWatchAlone } from './watch-alone.ts';

/** Gapwatch, running. */
export type Gapwatch = { readonly port: number; readonly house: House; readonly stop: () => Promise<void> };

/** Wires the rooms and starts: store, work, then the doors. `clock` is the system's unless given. */
export async function start(settings: Settings, log: Logger, clock?: JobClock): Promise<Gapwatch> {
  const policy = withAddresses(await loadPolicy(settings.RUNBOOK_FILE), settings);
  const templates = await loadTemplates(settings.TEMPLATES_DIR, policy);
  const signingKey = await loadSigningKey(settings);
  const foundation = await layFoundation(settings, policy, log, clock);
  const { database } = foundation;
  const figures = openMetrics(database, foundation.jobs, foundation.now);
  const house: House = {
    ...foundation,
    templates,
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
  await startWork(house, { hasWatch: policy.watch.mode !== 'off' });
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
  log.info({ port: http.port, host: settings.HOST, store: foundation.store, watch: policy.watch.mode }, 'Gapwatch is ready');
  return {
    port: http.port,
    house,
    stop: async () => {
      stopGuarding();
      // The doors first, then what runs may finish within its grace, then the connections.
      await Promise.all([http.close(), slack.stop()]);
      await foundation.close();
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

async function whyNotReady(house: House): Promise<string | null> {
  return house.database.query('select 1').then(
    () => null,
    (error: unknown) => `the store can't be reached: ${error instanceof Error ? error.name : 'unknown error'}`,
  );
}

/** Runs until SIGTERM or SIGINT. A mistake in the set-up is told in one message, without a stack. */
async function main(): Promise<void> {
  config({ quiet: true });
  try {
    const { log, program: gapwatch } = await startAsAsked(process.argv.slice(2));
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

/** `npm start` is the bot; `npm start -- --watch` the watch by itself. */
async function startAsAsked(options: readonly string[]) {
  const unknown = options.find((option) => option !== '--watch');
  if (unknown !== undefined)
    throw new SettingsError(`unknown option ${unknown}: expected none (the bot), or --watch (the watch by itself)`);
  if (options.length > 0) {
    const settings = readWatchSettings(process.env);
    const log = openLog(settings.LOG_LEVEL);
    return { log, program: await startWatchAlone(settings, log) };
  }
  const settings = readSettings(process.env);
  const log = openLog(settings.LOG_LEVEL);
  return { log, program: await start(settings, log) };
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
