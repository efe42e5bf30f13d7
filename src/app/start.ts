import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { slackApp } from '#bot/app.ts';
import { catchUpMessages } from '#bot/channel-events.ts';
import { unreachableRoles } from '#domain/base/policy.ts';
import { TemplateError } from '#domain/messages/render.ts';
import { pagerDutyWebhook } from '#http/pagerduty-webhook.ts';
import { receiptPage } from '#http/receipt-page.ts';
import { listen, livez, metrics, readyz } from '#http/server.ts';
import { connectHeartbeat } from '#services/heartbeat.ts';
import { connectMail } from '#services/mail.ts';
import { connectPagerDuty } from '#services/pagerduty/rest.ts';
import { openReportFolder } from '#services/report-folder.ts';
import { connectSlack } from '#services/slack/slack.ts';
import { StoreUnavailable } from '#store/database.ts';
import { EmbeddedServerError } from '#store/embedded.ts';
import { UnreadableEvent } from '#store/hash-chain.ts';
import type { JobClock } from '#store/jobs.ts';
import { ownSecret } from '#store/secrets.ts';
import { readSigningKey } from '#store/signatures.ts';
import { keepChannel, knownChannel } from '#store/slack-channel.ts';
import type { AppContext } from '#workflows/context.ts';
import { detectStoreOutage, type Repeat } from '#workflows/upkeep/store-outage.ts';
import { startWork } from '#workflows/worker.ts';
import { connectInfrastructure } from './infrastructure.ts';
import { openMetrics } from './metrics.ts';
import { loadPolicy, PolicyError, withAddresses } from './policy-file.ts';
import { surviveRejections } from './rejections.ts';
import { type Settings, SettingsError } from './settings.ts';
import { loadTemplates } from './templates.ts';

/** Gapwatch, running. */
export type Gapwatch = { readonly port: number; readonly context: AppContext; readonly stop: () => Promise<void> };

/** Wires the rooms and starts: store, work, then the doors. `clock` is the system's unless given. */
export async function start(settings: Settings, log: Logger, clock?: JobClock): Promise<Gapwatch> {
  const policy = withAddresses(await loadPolicy(settings.RUNBOOK_FILE), settings);
  const templates = await loadTemplates(settings.TEMPLATES_DIR, policy);
  const signingKey = await loadSigningKey(settings);
  const infrastructure = await connectInfrastructure(settings, policy, log, clock);
  const { database } = infrastructure;
  const figures = openMetrics(database, infrastructure.jobs, infrastructure.now);
  const installation = (await ownSecret(database, 'installation')).replace(/[^A-Za-z0-9]/g, '').slice(0, 8);
  const context: AppContext = {
    ...infrastructure,
    templates,
    slack: connectSlack({
      token: settings.SLACK_BOT_TOKEN,
      apiUrl: settings.SLACK_API_URL,
      channel: settings.SLACK_CHANNEL,
      memory: {
        // Without the store the channel is looked for by its name.
        load: () => knownChannel(database, settings.SLACK_CHANNEL).catch(() => null),
        keep: (id) => keepChannel(database, settings.SLACK_CHANNEL, id, infrastructure.now()).catch(() => undefined),
      },
    }),
    channel: settings.SLACK_CHANNEL,
    pagerduty: connectPagerDuty({
      apiUrl: settings.PAGERDUTY_API_URL,
      token: settings.PAGERDUTY_API_TOKEN,
      fromEmail: settings.PAGERDUTY_FROM_EMAIL,
    }),
    installation,
    mail: connectMail({ url: settings.SMTP_URL, from: settings.MAIL_FROM, installation }),
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
  const stopSurviving = surviveRejections(log, (words) => {
    context.remembered.ownHealth.wrong = words;
  });
  const slack = slackApp(context, {
    botToken: settings.SLACK_BOT_TOKEN,
    signingSecret: settings.SLACK_SIGNING_SECRET,
    appToken: settings.SLACK_APP_TOKEN,
    apiUrl: settings.SLACK_API_URL,
  });
  await slack.start();
  await startWork(context, { hasWatch: policy.watch.mode !== 'off' });
  const stopGuarding = detectStoreOutage(context, repeatBy(clock), (since) => catchUpMessages(context, since));
  const secrets = settings.PAGERDUTY_WEBHOOK_SECRET.split(',').map((secret) => secret.trim());
  const routes = {
    'POST /pagerduty/webhook': pagerDutyWebhook(context, secrets),
    ...(slack.events ? { 'POST /slack/events': slack.events } : {}),
    ...receiptPage(context),
    'GET /livez': livez(() => context.remembered.ownHealth.wrong),
    'GET /readyz': readyz(() => whyNotReady(context)),
    'GET /metrics': metrics(figures.render),
  };
  const http = await listen(routes, { host: settings.HOST, port: settings.PORT, log });
  log.info({ port: http.port, host: settings.HOST, store: infrastructure.store, watch: policy.watch.mode }, 'Gapwatch is ready');
  return {
    port: http.port,
    context,
    stop: async () => {
      stopGuarding();
      // The doors first, then what runs may finish within its grace, then the connections.
      await Promise.all([http.close(), slack.stop()]);
      await infrastructure.close();
      stopSurviving();
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

async function whyNotReady(context: AppContext): Promise<string | null> {
  return context.database.query('select 1').then(
    () => null,
    (error: unknown) => `the store can't be reached: ${error instanceof Error ? error.name : 'unknown error'}`,
  );
}

/** What went wrong at the start, for the person who started it. */
export function explain(error: unknown): string {
  const isMistake =
    error instanceof SettingsError ||
    error instanceof PolicyError ||
    error instanceof TemplateError ||
    error instanceof EmbeddedServerError ||
    error instanceof StoreUnavailable ||
    error instanceof UnreadableEvent;
  if (isMistake) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
