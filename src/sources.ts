import { connectAuditWriter } from '#services/audit-writer.ts';
import { connectDeployments } from '#services/deployments.ts';
import { connectApp, connectCluster } from '#services/digitalocean.ts';
import type { Gate } from '#services/gate.ts';
import { connectGitHub } from '#services/github.ts';
import { connectHealth } from '#services/health.ts';
import { connectOperations } from '#services/operations.ts';
import { connectSentry } from '#services/sentry.ts';
import { connectWorkflowRuns } from '#services/workflow-runs.ts';
import type { Optional, Sources } from '#workflows/house.ts';
import type { Settings } from './settings.ts';

/** What the checks ask, as far as it is configured; what is not names the settings that are missing. */
export function connectSources(settings: Settings, gate: Gate): Sources {
  const digitalOcean = (token: string) => ({ apiUrl: settings.DIGITALOCEAN_API_URL, token });
  return {
    auditWriter: optional(settings, ['AUDIT_WRITER_DATABASE_URL'], (url) => connectAuditWriter(url, gate)),
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
    operations: connectOperations(settings.OPERATIONS_SESSION),
    session: optional(settings, ['OPERATIONS_SESSION'], (session) => session),
  };
}

function optional<Service>(
  settings: Settings,
  names: readonly (keyof Settings)[],
  connect: (...values: readonly [string, string, string]) => Service,
): Optional<Service> {
  const missing = names.filter((name) => settings[name] === undefined);
  if (missing.length > 0) return { missing };
  const [first = '', second = '', third = ''] = names.map((name) => String(settings[name]));
  return { service: connect(first, second, third) };
}
