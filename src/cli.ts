import { readFile } from 'node:fs/promises';
import { config } from 'dotenv';
import { askForTable, judgeTable } from '#domain/checks/audit-table.ts';
import { incidentName } from '#domain/incident/state.ts';
import { samples } from '#domain/messages/sample.ts';
import { unreachableRoles } from '#domain/policy.ts';
import { DAY, HOUR, plus } from '#domain/time.ts';
import { openAuditDatabase } from '#services/audit-database.ts';
import { openGate } from '#services/gate.ts';
import { connectMail } from '#services/mail.ts';
import { connectPagerDuty } from '#services/pagerduty.ts';
import { connectSlack } from '#services/slack.ts';
import { firstBrokenLink } from '#store/chain.ts';
import { type Database, openDatabase } from '#store/database.ts';
import { startEmbedded } from '#store/embedded.ts';
import { incidentNumbers, loadLinks } from '#store/facts.ts';
import { migrate } from '#store/migrate.ts';
import type { Optional } from '#workflows/house.ts';
import { reportText } from '#workflows/report.ts';
import { explain } from './main.ts';
import { readPolicy, withAddresses } from './policy.ts';
import { readSettings, type Settings } from './settings.ts';
import { connectSources } from './sources.ts';
import { loadTemplates } from './templates.ts';

const HELP = `npm run gapwatch -- <command>

  doctor              checks every setting and connection and says what to fix
  verify              recomputes the hash chain of every incident and names the first broken link
  report <incident>   prints the gap report as it stands now, for example: report INC-1
  templates           checks all templates and shows each with sample data
  --help              this text
`;

/** Runs one command line; answers the exit code. */
async function run([command = '--help', ...rest]: readonly string[]): Promise<number> {
  switch (command) {
    case 'doctor':
      return doctor();
    case 'verify':
      return withStore(verify);
    case 'report':
      return report(rest[0] ?? '');
    case 'templates':
      return templates();
    case '--help':
    case 'help':
      say(HELP);
      return 0;
    default:
      say(`There is no command "${command}".\n\n${HELP}`);
      return 2;
  }
}

type Finding = { readonly what: string; readonly look: () => Promise<string> };

async function doctor(): Promise<number> {
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

async function verify(store: Database): Promise<number> {
  let broken = 0;
  for (const number of await incidentNumbers(store)) {
    const links = await loadLinks(store, number);
    const problem = firstBrokenLink(number, links);
    if (problem) broken += 1;
    say(
      problem
        ? `BROKEN ${incidentName(number)} at fact ${problem.sequence}: ${problem.problem}`
        : `ok     ${incidentName(number)}: ${links.length} facts, head ${links.at(-1)?.hash}`,
    );
  }
  say(
    broken === 0 ? 'Every chain verifies.' : `${broken} chain${broken === 1 ? '' : 's'} broken: the record was changed outside Gapwatch.`,
  );
  return broken === 0 ? 0 : 1;
}

async function report(name: string): Promise<number> {
  const number = Number(/^(?:INC-)?(\d{1,9})$/i.exec(name)?.[1]);
  if (!Number.isInteger(number)) {
    say(`Which incident? For example: npm run gapwatch -- report INC-1`);
    return 2;
  }
  const { RUNBOOK_FILE, TEMPLATES_DIR } = process.env;
  const texts = await loadTexts({ RUNBOOK_FILE: RUNBOOK_FILE || './runbook.yaml', TEMPLATES_DIR: TEMPLATES_DIR || './templates' });
  return withStore(async (database) => {
    if (!(await incidentNumbers(database)).includes(number)) {
      say(`There is no ${incidentName(number)} in this store.`);
      return 1;
    }
    say(await reportText({ database, ...texts, now: () => new Date() }, number));
    return 0;
  });
}

async function templates(): Promise<number> {
  const folder = process.env.TEMPLATES_DIR ?? './templates';
  const policy = readPolicy('');
  const loaded = await loadTemplates(folder, policy);
  for (const { template, variables } of samples(policy)) say(`── ${template}\n${loaded.render(template, variables)}\n`);
  say('Every template renders.');
  return 0;
}

async function loadTexts(settings: Pick<Settings, 'RUNBOOK_FILE' | 'TEMPLATES_DIR'>) {
  const policy = readPolicy(await readFile(settings.RUNBOOK_FILE, 'utf8'), settings.RUNBOOK_FILE);
  return { policy, templates: await loadTemplates(settings.TEMPLATES_DIR, policy) };
}

/** Works with the store that the bot uses; an embedded one is stopped again only if it was this command that started it. */
async function withStore<Result>(work: (database: Database) => Promise<Result>): Promise<Result> {
  // Only the store's settings: an auditor who verifies has no Slack token.
  const { DATABASE_URL, GAPWATCH_DATA_DIR } = process.env;
  const server = DATABASE_URL ? null : await startEmbedded(GAPWATCH_DATA_DIR || './data');
  const database = openDatabase(DATABASE_URL ?? (await server?.database('gapwatch')) ?? '', () => undefined);
  try {
    await migrate(database);
    return await work(database);
  } finally {
    await database.close();
    await (server?.isAdopted ? server.leave() : server?.stop());
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

config({ quiet: true });
// A reader such as `head` may close the pipe before we are done.
process.stdout.on('error', () => process.exit(0));
try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
