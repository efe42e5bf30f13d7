import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import pLimit from 'p-limit';
import { loadTexts, say, withStore } from '#app/command-line.ts';
import { trustPrivateCa } from '#app/infrastructure.ts';
import { withAddresses } from '#app/policy-file.ts';
import { readSettings, readWatchSettings, type Settings, type WatchSettings } from '#app/settings.ts';
import { connectSources } from '#app/sources.ts';
import { DEFAULT_POLICY, unreachableRoles } from '#domain/base/policy.ts';
import { DAY, formatUtc, HOUR, plus } from '#domain/base/time.ts';
import { type AuditDatabase, openAuditDatabase } from '#services/database/reader.ts';
import { connectMail } from '#services/mail.ts';
import { connectPagerDuty } from '#services/pagerduty/rest.ts';
import { connectSlack, NEEDED_SCOPES } from '#services/slack/slack.ts';
import { lastDelivery } from '#store/deliveries.ts';
import { incidentNumbers } from '#store/event-store.ts';
import { fingerprint, readSigningKey } from '#store/signatures.ts';
import type { Sources } from '#workflows/context.ts';
import { type Finding, optionalFinding } from './finding.ts';
import { watchFindings } from './watch-doctor.ts';

/** Checks every setting and connection, of the bot or of the watch by itself, and says what to fix; answers the exit code. */
export async function doctor(of: 'bot' | 'watch'): Promise<number> {
  return of === 'watch' ? ofWatch(readWatchSettings(process.env)) : ofBot(readSettings(process.env));
}

async function ofBot(settings: Settings): Promise<number> {
  const sources = await connectSources(settings, pLimit(1), DEFAULT_POLICY);
  return examineAll(settings, (audit) => [...botFindings(settings, sources), ...watchFindings(settings, audit, sources, 'bot')]);
}

async function ofWatch(settings: WatchSettings): Promise<number> {
  const sources = await connectSources(settings, pLimit(1), DEFAULT_POLICY);
  return examineAll(settings, (audit) => watchFindings(settings, audit, sources, 'watch'));
}

async function examineAll(settings: WatchSettings, findings: (audit: AuditDatabase) => readonly Finding[]): Promise<number> {
  say('ok    settings: every one is there and well formed');
  await trustPrivateCa(settings);
  const audit = openAuditDatabase(
    {
      connections: pLimit(1),
      url: settings.AUDIT_DATABASE_URL,
      table: settings.AUDIT_TABLE,
      timestampColumn: settings.AUDIT_TIMESTAMP_COLUMN,
      zone: settings.AUDIT_TIMESTAMP_ZONE,
    },
    () => undefined,
  );
  let bad = 0;
  // One after the other: an embedded store can be started only once at a time.
  for (const finding of findings(audit)) {
    const { isGood, line } = await classifyAlert(finding);
    say(line);
    if (!isGood) bad += 1;
  }
  await audit.close();
  say(bad === 0 ? '\nAll is well.' : `\n${bad} thing${bad === 1 ? '' : 's'} to fix.`);
  return bad === 0 ? 0 : 1;
}

/** What only the bot needs. */
function botFindings(settings: Settings, sources: Sources): readonly Finding[] {
  const slack = connectSlack({ token: settings.SLACK_BOT_TOKEN, apiUrl: settings.SLACK_API_URL, channel: settings.SLACK_CHANNEL });
  const pagerduty = connectPagerDuty({
    apiUrl: settings.PAGERDUTY_API_URL,
    token: settings.PAGERDUTY_API_TOKEN,
    fromEmail: settings.PAGERDUTY_FROM_EMAIL,
  });
  return [
    {
      what: 'policy and templates (RUNBOOK_FILE, TEMPLATES_DIR)',
      reading: () => loadTexts(settings).then(() => 'every key is known, every template renders'),
    },
    {
      what: 'escalation contacts (contacts in runbook.yaml)',
      reading: async () => {
        const { policy } = await loadTexts(settings);
        const missing = unreachableRoles(withAddresses(policy, settings));
        if (missing.length > 0) throw new Error(`no address is known for ${missing.join(', ')}`);
        return 'everybody whom an escalation names can be reached';
      },
    },
    {
      what: 'store (DATABASE_URL or GAPWATCH_DATA_DIR)',
      reading: () => withStore(settings, async (store) => `${(await incidentNumbers(store)).length} incidents on record`),
    },
    {
      what: 'webhooks (the last one kept)',
      reading: () =>
        withStore(settings, async (store) => {
          const last = await lastDelivery(store);
          return last
            ? `came ${formatUtc(last)}`
            : 'none has come yet: send a test event from PagerDuty, Integrations, Generic Webhooks (v3)';
        }),
    },
    { what: 'evidence (EVIDENCE_SIGNING_KEY_FILE)', reading: () => signingKeyWords(settings) },
    { what: 'transport of mail (SMTP_URL)', reading: async () => mailTransportWords(settings) },
    { what: 'Slack token (SLACK_BOT_TOKEN)', reading: async () => `signed in as ${(await slack.whoAmI()).name}` },
    { what: 'Slack scopes (manifest.yml)', reading: async () => scopesWords((await slack.whoAmI()).scopes) },
    {
      what: 'Slack channel (SLACK_CHANNEL)',
      reading: async () => {
        const id = await slack.channelId();
        const members = await slack.channelMembers(id);
        const { userId: own } = await slack.whoAmI();
        const { name, isArchived } = await slack.channel(id);
        if (isArchived) throw new Error(`#${name} is archived`);
        if (!members.includes(own)) throw new Error(`the bot is no member of ${id}: invite it with /invite in the channel`);
        return `found as ${id} (#${name}), and the bot is in it`;
      },
    },
    { what: 'PagerDuty (PAGERDUTY_API_TOKEN)', reading: () => pagerduty.ping().then(() => 'the token is accepted') },
    {
      what: 'webhook subscription in PagerDuty',
      reading: async () => {
        const ours = (await pagerduty.subscriptions()).filter(({ url }) => url.endsWith('/pagerduty/webhook'));
        if (ours.length === 0) throw new Error('none points to /pagerduty/webhook: docs/pagerduty.md says how to make one');
        if (!ours.some(({ isActive }) => isActive)) throw new Error('it is switched off: switch it on again in PagerDuty');
        return 'it is active';
      },
    },
    {
      what: 'mail server (SMTP_URL)',
      reading: () =>
        connectMail({ url: settings.SMTP_URL, from: settings.MAIL_FROM })
          .ping()
          .then(() => 'it takes our user'),
    },
    optionalFinding(
      'Sentry (SENTRY_AUTH_TOKEN)',
      sources.sentry,
      async (each) => `${(await each.recentIssues(HOUR)).length} issues in the last hour`,
    ),
    optionalFinding(
      'GitHub (GITHUB_TOKEN)',
      sources.github,
      async (each) => `${(await each.commits(plus(new Date(), -DAY), [])).length} commits in the last day`,
    ),
    optionalFinding(
      'DigitalOcean app (DIGITALOCEAN_APP_ID)',
      sources.app,
      async (each) => `${(await each.deployments()).length} deployments listed`,
    ),
    optionalFinding('archive (ARCHIVE_S3_BUCKET, ARCHIVE_PGP_PUBLIC_KEY_FILE)', sources.bucket, async (each) => {
      const { place, encryptedTo, hasObjectLock } = await each.describe();
      return `${place}, encrypted to ${encryptedTo}, ${hasObjectLock ? 'with' : 'without'} object lock`;
    }),
  ];
}

function scopesWords(scopes: readonly string[] | null): string {
  if (scopes === null) return 'Slack does not say which the token has';
  const missing = NEEDED_SCOPES.filter((scope) => !scopes.includes(scope));
  if (missing.length > 0) throw new Error(`the token lacks ${missing.join(', ')}: add them to the app (manifest.yml) and reinstall it`);
  return 'every one that is needed is there';
}

async function signingKeyWords({ EVIDENCE_SIGNING_KEY_FILE: file }: Settings): Promise<string> {
  if (file === undefined) return 'not configured, optional: without it the record is chained but not signed';
  const key = readSigningKey(await readFile(file, 'utf8'), file);
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  return `signs with ${fingerprint(publicKey)}`;
}

function mailTransportWords({ SMTP_URL }: Settings): string {
  const { protocol, hostname } = new URL(SMTP_URL);
  if (protocol === 'smtps:') return 'TLS from the start';
  const isLocal = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
  return isLocal ? 'a server on this machine; TLS is used when it offers it' : 'STARTTLS, and no mail without it';
}

async function classifyAlert({ what, reading }: Finding): Promise<{ readonly isGood: boolean; readonly line: string }> {
  try {
    return { isGood: true, line: `ok    ${what}: ${await reading()}` };
  } catch (error) {
    return { isGood: false, line: `WRONG ${what}: ${error instanceof Error ? error.message : String(error)}` };
  }
}
