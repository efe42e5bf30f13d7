import { withStore } from '#app/command-line.ts';
import { loadPolicy } from '#app/policy-file.ts';
import type { WatchSettings } from '#app/settings.ts';
import { formatUtc } from '#domain/base/time.ts';
import { raisedAlarms } from '#domain/watch/evaluate.ts';
import type { AuditDatabase } from '#services/database/reader.ts';
import { loadFindings } from '#store/findings.ts';
import { loadWatch } from '#store/watch.ts';
import type { Sources } from '#workflows/context.ts';
import { databaseFindings } from './database-doctor.ts';
import { type Finding, optionalFinding } from './finding.ts';

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
    ...databaseFindings(settings, audit, sources),
    { what: 'the watch (watch.mode, PAGERDUTY_ROUTING_KEY)', reading: () => watchWords(settings, of) },
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
