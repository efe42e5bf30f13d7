import { askForTable, judgeTable } from '#domain/checks/audit-table.ts';
import { unreachableRoles } from '#domain/policy.ts';
import { DAY, HOUR, plus } from '#domain/time.ts';
import { openAuditDatabase } from '#services/audit-database.ts';
import { openGate } from '#services/gate.ts';
import { connectMail } from '#services/mail.ts';
import { connectPagerDuty } from '#services/pagerduty.ts';
import { connectSlack } from '#services/slack.ts';
import { incidentNumbers } from '#store/facts.ts';
import type { Optional } from '#workflows/house.ts';
import { loadTexts, say, withStore } from './command-line.ts';
import { withAddresses } from './policy.ts';
import { readSettings, type Settings } from './settings.ts';
import { connectSources } from './sources.ts';

type Finding = { readonly what: string; readonly look: () => Promise<string> };

/** Checks every setting and connection and says what to fix; answers the exit code. */
export async function doctor(): Promise<number> {
  const settings = readSettings(process.env);
  say('ok    settings: every one is there and well formed');
  const audit = openAuditDatabase(
    { gate: openGate(1), url: settings.AUDIT_DATABASE_URL, table: settings.AUDIT_TABLE, timestampColumn: settings.AUDIT_TIMESTAMP_COLUMN },
    () => undefined,
  );
  const results = await Promise.all(findings(settings, audit).map(examine));
  await audit.close();
  for (const { line } of results) say(line);
  const bad = results.filter(({ isGood }) => !isGood).length;
  say(bad === 0 ? '\nAll is well.' : `\n${bad} thing${bad === 1 ? '' : 's'} to fix.`);
  return bad === 0 ? 0 : 1;
}

function findings(settings: Settings, audit: ReturnType<typeof openAuditDatabase>): readonly Finding[] {
  const slack = connectSlack({ token: settings.SLACK_BOT_TOKEN, apiUrl: settings.SLACK_API_URL, channel: settings.SLACK_CHANNEL });
  const pagerduty = connectPagerDuty({
    apiUrl: settings.PAGERDUTY_API_URL,
    token: settings.PAGERDUTY_API_TOKEN,
    fromEmail: settings.PAGERDUTY_FROM_EMAIL,
  });
  return [
    {
      what: 'policy and templates (RUNBOOK_FILE, TEMPLATES_DIR)',
      look: () => loadTexts(settings).then(() => 'every key is known, every template renders'),
    },
    {
      what: 'escalation contacts (contacts in runbook.yaml)',
      look: async () => {
        const { policy } = await loadTexts(settings);
        const missing = unreachableRoles(withAddresses(policy, settings));
        if (missing.length > 0) throw new Error(`no address is known for ${missing.join(', ')}`);
        return 'everybody whom an escalation names can be reached';
      },
    },
    {
      what: 'store (DATABASE_URL or GAPWATCH_DATA_DIR)',
      look: () => withStore(async (store) => `${(await incidentNumbers(store)).length} incidents on record`),
    },
    {
      what: 'audit table (AUDIT_DATABASE_URL, AUDIT_TABLE)',
      look: () =>
        audit.read(askForTable(settings.AUDIT_TABLE, settings.AUDIT_TIMESTAMP_COLUMN), 10_000).then((rows) => {
          const table = judgeTable(rows, settings.AUDIT_TABLE, settings.AUDIT_TIMESTAMP_COLUMN);
          if ('missing' in table) throw new Error(table.missing);
          return `${table.schema}.${table.name} found${table.isIndexed ? '' : `; no index leads with ${table.column}: gap scans will be slow`}`;
        }),
    },
    { what: 'Slack token (SLACK_BOT_TOKEN)', look: async () => `signed in as ${await slack.whoAmI()}` },
    { what: 'Slack channel (SLACK_CHANNEL)', look: async () => `found as ${await slack.channelId()}` },
    { what: 'PagerDuty (PAGERDUTY_API_TOKEN)', look: () => pagerduty.ping().then(() => 'the token is accepted') },
    {
      what: 'mail server (SMTP_URL)',
      look: () =>
        connectMail({ url: settings.SMTP_URL, from: settings.MAIL_FROM })
          .ping()
          .then(() => 'it takes our user'),
    },
    ...optionalFindings(settings),
  ];
}

/** What is optional is only looked at when it is configured; what is not says which setting it wants. */
function optionalFindings(settings: Settings): readonly Finding[] {
  const { health, sentry, github, app, cluster } = connectSources(settings, openGate(1));
  const finding = <Service>(what: string, optional: Optional<Service>, look: (service: Service) => Promise<string>): Finding => ({
    what,
    look: async () => ('missing' in optional ? `not configured, optional: set ${optional.missing.join(', ')}` : look(optional.service)),
  });
  return [
    finding('health endpoint (HEALTH_URL)', health, async (endpoint) => {
      const answer = await endpoint.ask();
      if (answer.kind === 'silent') throw new Error(answer.words);
      return `it answers ${answer.status}`;
    }),
    finding('Sentry (SENTRY_AUTH_TOKEN)', sentry, async (each) => `${(await each.recentIssues(HOUR)).length} issues in the last hour`),
    finding(
      'GitHub (GITHUB_TOKEN)',
      github,
      async (each) => `${(await each.commits(plus(new Date(), -DAY), [])).length} commits in the last day`,
    ),
    finding('DigitalOcean app (DIGITALOCEAN_APP_ID)', app, async (each) => `${(await each.deployments()).length} deployments listed`),
    finding('DigitalOcean cluster (DIGITALOCEAN_DB_CLUSTER_ID)', cluster, async (each) => {
      const { usedPercent } = await each.disk();
      return usedPercent === null
        ? 'found; its metrics name no disk, so the use of the disk is estimated'
        : `its disk is ${usedPercent} % full`;
    }),
  ];
}

async function examine({ what, look }: Finding): Promise<{ readonly isGood: boolean; readonly line: string }> {
  try {
    return { isGood: true, line: `ok    ${what}: ${await look()}` };
  } catch (error) {
    return { isGood: false, line: `WRONG ${what}: ${error instanceof Error ? error.message : String(error)}` };
  }
}
