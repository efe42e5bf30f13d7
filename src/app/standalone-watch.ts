import type { Logger } from 'pino';
import type { Policy } from '#domain/base/policy.ts';
import { listen, livez, metrics, readyz } from '#http/server.ts';
import { connectHeartbeat } from '#services/heartbeat.ts';
import type { JobClock } from '#store/jobs.ts';
import { startStandaloneWatch } from '#workflows/watch/standalone.ts';
import { connectInfrastructure } from './infrastructure.ts';
import { openMetrics } from './metrics.ts';
import { loadPolicy } from './policy-file.ts';
import { surviveRejections } from './rejections.ts';
import { SettingsError, type WatchSettings } from './settings.ts';

/**
 * The watch by itself (`npm start -- --watch`): one process for each audited database, without Slack, mail or PagerDuty's REST API. It
 * tells PagerDuty by its Events API; with the DATABASE_URL of a bot, that bot's channel hears what PagerDuty does not take.
 */
export async function runStandaloneWatch(settings: WatchSettings, log: Logger, clock?: JobClock) {
  const policy = withMode(await loadPolicy(settings.RUNBOOK_FILE));
  requireSomebodyToTell(settings, policy);
  const infrastructure = await connectInfrastructure(settings, policy, log, clock);
  const { database, jobs, now } = infrastructure;
  const { ownHealth } = infrastructure.remembered;
  const stopSurviving = surviveRejections(log, (words) => {
    ownHealth.wrong = words;
  });
  const figures = openMetrics(database, jobs, now);
  const heartbeat = settings.HEARTBEAT_URL ? connectHeartbeat(settings.HEARTBEAT_URL) : null;
  await startStandaloneWatch(
    { ...infrastructure, observe: figures.observe, hasChannel: infrastructure.store === 'DATABASE_URL' },
    heartbeat,
  );
  const whyNot = () =>
    database.query('select 1').then(
      () => null,
      () => "the store can't be reached",
    );
  const routes = { 'GET /livez': livez(() => ownHealth.wrong), 'GET /readyz': readyz(whyNot), 'GET /metrics': metrics(figures.render) };
  const http = await listen(routes, { host: settings.HOST, port: settings.PORT, log });
  log.info({ port: http.port, host: settings.HOST, store: infrastructure.store }, 'the watch is on');
  return {
    port: http.port,
    stop: async () => {
      await http.close();
      await infrastructure.close();
      stopSurviving();
    },
  };
}

/** Whoever starts the watch wants it on; `measure` stays. */
function withMode(policy: Policy): Policy {
  return policy.watch.mode === 'off' ? { ...policy, watch: { ...policy.watch, mode: 'alert' } } : policy;
}

function requireSomebodyToTell({ PAGERDUTY_ROUTING_KEY, DATABASE_URL }: WatchSettings, { watch }: Policy): void {
  if (watch.mode === 'measure' || PAGERDUTY_ROUTING_KEY !== undefined || DATABASE_URL !== undefined) return;
  throw new SettingsError(
    'PAGERDUTY_ROUTING_KEY is missing: the watch by itself has nobody to tell. Set it (PagerDuty → the service → Integrations → Events API V2), ' +
      'or DATABASE_URL to the store of a bot that watches the same database, or `watch: { mode: measure }` in runbook.yaml.',
  );
}
