import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { askForTable, judgeTable } from '#domain/checks/audit-table.ts';
import { DEFAULT_POLICY, unreachableRoles } from '#domain/policy.ts';
import { DAY, formatUtc, HOUR, plus } from '#domain/time.ts';
import { raisedAlarms } from '#domain/watch/judge.ts';
import { openAuditDatabase } from '#services/audit-database.ts';
import { openGate } from '#services/gate.ts';
import { connectMail } from '#services/mail.ts';
import { connectPagerDuty } from '#services/pagerduty.ts';
import { connectSlack } from '#services/slack.ts';
import { lastDelivery } from '#store/deliveries.ts';
import { fingerprint, readSigningKey } from '#store/evidence.ts';
import { incidentNumbers } from '#store/facts.ts';
import { loadFindings } from '#store/findings.ts';
import { loadWatch } from '#store/watch.ts';
import type { Optional, Sources } from '#workflows/house.ts';
import { loadTexts, say, withStore } from './command-line.ts';
import { loadPolicy, withAddresses } from './policy.ts';
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
  const results: { isGood: boolean; line: string }[] = [];
  // One after the other: an embedded store can be started only once at a time.
  for (const finding of findings(settings, audit, await connectSources(settings, openGate(1), DEFAULT_POLICY))) {
    const result = await examine(finding);
    say(result.line);
    results.push(result);
  }
  await audit.close();
  const bad = results.filter(({ isGood }) => !isGood).length;
  say(bad === 0 ? '\nAll is well.' : `\n${bad} thing${bad === 1 ? '' : 's'} to fix.`);
  return bad === 0 ? 0 : 1;
}

function findings(settings: Settings, audit: ReturnType<typeof openAuditDatabase>, sources: Sources): readonly Finding[] {
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
    {
      what: 'Gapwatch itself (its findings on record)',
      look: () =>
        withStore(async (store) => {
          const findings = await loadFindings(store);
          if (findings.length > 0) throw new Error(findings.map(({ words, since }) => `${words} (since ${formatUtc(since)})`).join('; '));
          return 'nothing is known to be wrong';
        }),
    },
    {
      what: 'webhooks (the last one kept)',
      look: () =>
        withStore(async (store) => {
          const last = await lastDelivery(store);
          return last
            ? `came ${formatUtc(last)}`
            : 'none has come yet: send a test event from PagerDuty, Integrations, Generic Webhooks (v3)';
        }),
    },
    {
      what: 'rights in the monitored database (AUDIT_DATABASE_URL)',
      look: () => audit.read(ROLE_RIGHTS, 10_000).then(judgeRights),
    },
    { what: 'evidence (EVIDENCE_SIGNING_KEY_FILE)', look: () => signingKeyWords(settings) },
    { what: 'transport of mail (SMTP_URL)', look: async () => mailTransportWords(settings) },
    { what: 'the watch (watch.mode, PAGERDUTY_ROUTING_KEY)', look: () => watchWords(settings) },
    { what: 'Slack token (SLACK_BOT_TOKEN)', look: async () => `signed in as ${await slack.whoAmI()}` },
    {
      what: 'Slack channel (SLACK_CHANNEL)',
      look: async () => {
        const id = await slack.channelId();
        const members = await slack.channelMembers(id);
        const own = await slack.ownId();
        if (!members.includes(own)) throw new Error(`the bot is no member of ${id}: invite it with /invite in the channel`);
        return `found as ${id}, and the bot is in it`;
      },
    },
    { what: 'PagerDuty (PAGERDUTY_API_TOKEN)', look: () => pagerduty.ping().then(() => 'the token is accepted') },
    {
      what: 'webhook subscription in PagerDuty',
      look: async () => {
        const ours = (await pagerduty.subscriptions()).filter(({ url }) => url.endsWith('/pagerduty/webhook'));
        if (ours.length === 0) throw new Error('none points to /pagerduty/webhook: docs/pagerduty.md says how to make one');
        if (!ours.some(({ isActive }) => isActive)) throw new Error('it is switched off: switch it on again in PagerDuty');
        return 'it is active';
      },
    },
    {
      what: 'mail server (SMTP_URL)',
      look: () =>
        connectMail({ url: settings.SMTP_URL, from: settings.MAIL_FROM })
          .ping()
          .then(() => 'it takes our user'),
    },
    ...optionalFindings(sources),
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

async function signingKeyWords({ EVIDENCE_SIGNING_KEY_FILE: file }: Settings): Promise<string> {
  if (file === undefined) return 'not configured, optional: without it the record is chained but not signed';
  const key = readSigningKey(await readFile(file, 'utf8'), file);
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  return `signs with ${fingerprint(publicKey)}`;
}

/** Whether the watch is on and where its alarms go; a routing key can only be tried by raising an alarm, which a doctor does not do. */
async function watchWords({ PAGERDUTY_ROUTING_KEY, RUNBOOK_FILE }: Settings): Promise<string> {
  const { watch } = await loadPolicy(RUNBOOK_FILE);
  if (watch.mode === 'off') return 'off in the bot: alerts come from your own monitoring, or from `npm start -- --watch`';
  const to =
    watch.mode === 'measure' ? 'to /metrics alone' : PAGERDUTY_ROUTING_KEY === undefined ? 'straight into the channel' : 'to PagerDuty';
  const memory = await withStore(loadWatch);
  if (memory === null) return `on, its alarms go ${to}; it has made no round yet`;
  const raised = raisedAlarms(memory);
  return `on, its alarms go ${to}; last round ${formatUtc(memory.roundAt)}, ${raised.length === 0 ? 'no alarm' : `raised: ${raised.join(', ')}`}`;
}

function mailTransportWords({ SMTP_URL }: Settings): string {
  const { protocol, hostname } = new URL(SMTP_URL);
  if (protocol === 'smtps:') return 'TLS from the start';
  const isLocal = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
  return isLocal ? 'a server on this machine; TLS is used when it offers it' : 'STARTTLS, and no mail without it';
}

/** What is optional is only looked at when it is configured; what is not says which setting it wants. */
function optionalFindings({ health, sentry, github, app, cluster, vault }: Sources): readonly Finding[] {
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
    finding('archive (ARCHIVE_S3_BUCKET, ARCHIVE_PGP_PUBLIC_KEY_FILE)', vault, async (each) => {
      const { place, encryptedTo, hasObjectLock } = await each.describe();
      return `${place}, encrypted to ${encryptedTo}, ${hasObjectLock ? 'with' : 'without'} object lock`;
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
