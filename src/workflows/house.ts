import type { KeyObject } from 'node:crypto';
import type { Logger } from 'pino';
import type { Templates } from '#domain/messages/render.ts';
import type { Policy } from '#domain/policy.ts';
import type { AuditArchive } from '#services/audit-archive.ts';
import type { AuditDatabase } from '#services/audit-database.ts';
import type { AuditWriter } from '#services/audit-writer.ts';
import type { Deployments } from '#services/deployments.ts';
import type { DigitalOceanApp, DigitalOceanCluster } from '#services/digitalocean.ts';
import type { GitHub } from '#services/github.ts';
import type { HealthEndpoint } from '#services/health.ts';
import type { Heartbeat } from '#services/heartbeat.ts';
import type { Mailer } from '#services/mail.ts';
import type { Migrations } from '#services/migrations.ts';
import type { Operations } from '#services/operations.ts';
import type { PagerDutyEvents } from '#services/pagerduty/events.ts';
import type { OnCall, PagerDuty } from '#services/pagerduty/rest.ts';
import type { ReportFolder } from '#services/report-folder.ts';
import type { Sentry } from '#services/sentry.ts';
import type { Slack, SlackUser } from '#services/slack.ts';
import type { TableRecreation } from '#services/table-recreation.ts';
import type { Vault } from '#services/vault.ts';
import type { WorkflowRuns } from '#services/workflow-runs.ts';
import type { Database } from '#store/database.ts';
import type { Jobs } from '#store/jobs.ts';

export type { OnCall, SlackUser };

/** Everything a workflow works with. Made once, in main; `now` is the only clock. */
export type House = {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly policy: Policy;
  readonly templates: Templates;
  readonly slack: Slack;
  /** The channel as the settings name it: by name or ID. */
  readonly channel: string;
  readonly pagerduty: PagerDuty;
  /** Where the watch raises its alarms; null without PAGERDUTY_ROUTING_KEY, and they go straight into the channel. */
  readonly events: PagerDutyEvents | null;
  readonly mail: Mailer;
  /** Where others reach Gapwatch; null when nobody outside can. */
  readonly publicUrl: string | null;
  /** Signs the links that Gapwatch sends. */
  readonly linkSecret: string;
  /** Signs the evidence; null without EVIDENCE_SIGNING_KEY_FILE. */
  readonly signingKey: KeyObject | null;
  /** The outside dead-man's switch; null when none is set. */
  readonly heartbeat: Heartbeat | null;
  readonly reports: ReportFolder;
  readonly auditDatabase: AuditDatabase;
  /** The monitored table, and the role that writes it, as the settings name them. */
  readonly auditTable: {
    readonly database: string;
    readonly tableName: string;
    readonly column: string;
    readonly writerRole: string | null;
  };
  readonly sources: Sources;
  readonly now: () => Date;
  readonly log: Logger;
  readonly observe: Observe;
};

/** What may be absent: a service, or the settings that are missing for it. */
export type Optional<Service> = { readonly service: Service } | { readonly missing: readonly string[] };

/** What the checks and the remedies ask besides the audit database. */
export type Sources = {
  readonly auditWriter: Optional<AuditWriter>;
  readonly health: Optional<HealthEndpoint>;
  readonly sentry: Optional<Sentry>;
  readonly github: Optional<GitHub>;
  readonly app: Optional<DigitalOceanApp>;
  readonly cluster: Optional<DigitalOceanCluster>;
  readonly deployments: Optional<Deployments>;
  readonly workflows: Optional<WorkflowRuns>;
  readonly archive: Optional<AuditArchive>;
  readonly vault: Optional<Vault>;
  readonly recreation: Optional<TableRecreation>;
  /** The application's own migrations; missing until the policy names their command. */
  readonly migrations: Optional<Migrations>;
  readonly operations: Operations;
  /** The session secret that some operations need. */
  readonly session: Optional<string>;
};

/** Where figures about the work go. */
export type Observe = {
  readonly call: (service: string, outcome: 'succeeded' | 'refused' | 'unavailable' | 'unclear', seconds: number) => void;
  readonly deadJob: () => void;
  /** A timer had not fired and its work was done late. */
  readonly repair: () => void;
};
