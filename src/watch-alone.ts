import type { Logger } from 'pino';
import { listen, livez, metrics, readyz } from '#bot/http.ts';
import type { JobClock } from '#store/jobs.ts';
import { startWatching } from '#workflows/start-watching.ts';
import { layFoundation } from './foundation.ts';
import { openMetrics } from './metrics.ts';
import { loadPolicy } from './policy.ts';
import type { WatchSettings } from './settings.ts';

/**
 * The watch by itself (`npm start -- --watch`): one process for each audited database, without Slack, mail or PagerDuty's REST API. It
 * tells PagerDuty by its Events API; with the DATABASE_URL of a bot, that bot's channel hears what PagerDuty does not take.
 */
export async function startWatchAlone(settings: WatchSettings, log: Logger, clock?: JobClock) {
  const foundation = await layFoundation(settings, await loadPolicy(settings.RUNBOOK_FILE), log, clock);
  const { database, jobs, now } = foundation;
  const figures = openMetrics(database, jobs, now);
  await startWatching({ ...foundation, observe: figures.observe, hasChannel: foundation.store === 'DATABASE_URL' });
  const whyNot = () =>
    database.query('select 1').then(
      () => null,
      () => "the store can't be reached",
    );
  const routes = { 'GET /livez': livez, 'GET /readyz': readyz(whyNot), 'GET /metrics': metrics(figures.render) };
  const http = await listen(routes, { host: settings.HOST, port: settings.PORT, log });
  log.info({ port: http.port, host: settings.HOST, store: foundation.store }, 'the watch is on');
  return {
    port: http.port,
    stop: async () => {
      await http.close();
      await foundation.close();
    },
  };
}
