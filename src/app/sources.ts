import { readFile } from 'node:fs/promises';
import type { LimitFunction } from 'p-limit';
import type { Policy } from '#domain/base/policy.ts';
import { connectAuditArchive } from '#services/database/archive-source.ts';
import { connectAuditWriter } from '#services/database/probe.ts';
import { connectTableRecreation } from '#services/database/table-recreation.ts';
import { connectDeployments } from '#services/digitalocean/deployments.ts';
import { connectApp, connectCluster } from '#services/digitalocean/digitalocean.ts';
import { connectGitHub } from '#services/github/github.ts';
import { connectWorkflowRuns } from '#services/github/workflow-runs.ts';
import { connectHealth } from '#services/health.ts';
import { connectMigrations } from '#services/migrations-command.ts';
import { connectOperations } from '#services/operations.ts';
import { type ArchiveBucket, type ComplianceKey, connectArchiveBucket, readComplianceKey } from '#services/s3/archive-bucket.ts';
import { connectSentry } from '#services/sentry.ts';
import type { Optional, Sources } from '#workflows/context.ts';
import { SettingsError, type WatchSettings } from './settings.ts';

/**
 * What the checks and remedies ask, as far as it is configured; what is not names the settings that are missing. Throws a
 * SettingsError when the compliance key can't be read: better no start than a surprise when the disk is full.
 */
export async function connectSources(
  settings: WatchSettings,
  connections: LimitFunction,
  { migrations }: Pick<Policy, 'migrations'>,
): Promise<Sources> {
  const complianceKey = await loadComplianceKey(settings);
  const digitalOcean = (token: string) => ({ apiUrl: settings.DIGITALOCEAN_API_URL, token });
  return {
    auditWriter: optional(settings, ['AUDIT_WRITER_DATABASE_URL'], (url) =>
      connectAuditWriter(url, connections, settings.AUDIT_WRITER_ROLE),
    ),
    health: optional(settings, ['HEALTH_URL'], (url) => connectHealth(url)),
    sentry: optional(settings, ['SENTRY_AUTH_TOKEN', 'SENTRY_ORG', 'SENTRY_PROJECT'], (token, organization, project) =>
      connectSentry({ url: settings.SENTRY_URL, token, organization, project }),
    ),
    github: optional(settings, ['GITHUB_TOKEN', 'GITHUB_REPOSITORY'], (token, repository) =>
      connectGitHub({ apiUrl: settings.GITHUB_API_URL, token, repository }),
    ),
    app: optional(settings, ['DIGITALOCEAN_TOKEN', 'DIGITALOCEAN_APP_ID'], (token, id) => connectApp(digitalOcean(token), id)),
    cluster: optional(settings, ['DIGITALOCEAN_TOKEN', 'DIGITALOCEAN_DB_CLUSTER_ID'], (token, id) =>
      connectCluster(digitalOcean(token), id),
    ),
    deployments: optional(settings, ['DIGITALOCEAN_TOKEN', 'DIGITALOCEAN_APP_ID'], (token, id) =>
      connectDeployments(digitalOcean(token), id),
    ),
    workflows: optional(settings, ['GITHUB_TOKEN', 'GITHUB_REPOSITORY'], (token, repository) =>
      connectWorkflowRuns({ apiUrl: settings.GITHUB_API_URL, token, repository }),
    ),
    archive: optional(settings, ['AUDIT_WRITER_DATABASE_URL'], (url) =>
      connectAuditArchive(url, settings.AUDIT_TABLE, settings.AUDIT_TIMESTAMP_COLUMN, settings.AUDIT_TIMESTAMP_ZONE),
    ),
    bucket: bucketOf(settings, complianceKey),
    recreation: optional(settings, ['AUDIT_WRITER_DATABASE_URL'], (url) =>
      connectTableRecreation(url, settings.AUDIT_TABLE, settings.AUDIT_TIMESTAMP_COLUMN, settings.AUDIT_TIMESTAMP_ZONE),
    ),
    migrations:
      migrations === null
        ? { missing: ['recreate_table in runbook.yaml'] }
        : optional(settings, ['AUDIT_WRITER_DATABASE_URL'], (url) => connectMigrations(migrations, url)),
    operations: connectOperations(settings.OPERATIONS_SESSION),
    session: optional(settings, ['OPERATIONS_SESSION'], (session) => session),
  };
}

function bucketOf(settings: WatchSettings, complianceKey: ComplianceKey | null): Optional<ArchiveBucket> {
  const names = ['ARCHIVE_PGP_PUBLIC_KEY_FILE', 'ARCHIVE_S3_BUCKET', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
  const connected = optional(settings, names, (_file, bucket, accessKeyId, secretAccessKey) => ({ bucket, accessKeyId, secretAccessKey }));
  if ('missing' in connected || complianceKey === null) return 'missing' in connected ? connected : { missing: [names[0]] };
  const { ARCHIVE_S3_PREFIX: prefix, AWS_REGION: region, AWS_ENDPOINT_URL_S3: endpoint = null } = settings;
  return { service: connectArchiveBucket({ ...connected.service, complianceKey, prefix, region, endpoint }) };
}

async function loadComplianceKey({ ARCHIVE_PGP_PUBLIC_KEY_FILE: file }: WatchSettings): Promise<ComplianceKey | null> {
  if (file === undefined) return null;
  const name = `ARCHIVE_PGP_PUBLIC_KEY_FILE (${file})`;
  const armored = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new SettingsError(`${name} can't be read`, { cause });
  });
  return readComplianceKey(armored).catch((cause: Error) => {
    throw new SettingsError(`${name} ${cause.message}`, { cause });
  });
}

function optional<Service>(
  settings: WatchSettings,
  names: readonly (keyof WatchSettings)[],
  connect: (...values: readonly [string, string, string, string]) => Service,
): Optional<Service> {
  const missing = names.filter((name) => settings[name] === undefined);
  if (missing.length > 0) return { missing };
  const [first = '', second = '', third = '', fourth = ''] = names.map((name) => String(settings[name]));
  return { service: connect(first, second, third, fourth) };
}
