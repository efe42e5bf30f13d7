import type { KeyObject } from 'node:crypto';
import type { Logger } from 'pino';
import type { Policy } from '#domain/base/policy.ts';
import type { Templates } from '#domain/messages/render.ts';
import type { AuditArchive } from '#services/database/archive-source.ts';
import type { AuditWriter } from '#services/database/probe.ts';
import type { AuditDatabase } from '#services/database/reader.ts';
import type { TableRecreation } from '#services/database/table-recreation.ts';
import type { Deployments } from '#services/digitalocean/deployments.ts';
import type { DigitalOceanApp, DigitalOceanCluster } from '#services/digitalocean/digitalocean.ts';
import type { GitHub } from '#services/github/github.ts';
import type { WorkflowRuns } from '#services/github/workflow-runs.ts';
import type { HealthEndpoint } from '#services/health.ts';
import type { Heartbeat } from '#services/heartbeat.ts';
import type { Mailer } from '#services/mail.ts';
import type { Migrations } from '#services/migrations-command.ts';
import type { Operations } from '#services/operations.ts';
import type { PagerDutyEvents } from '#services/pagerduty/events.ts';
import type { OnCall, PagerDuty } from '#services/pagerduty/rest.ts';
import type { ReportFolder } from '#services/report-folder.ts';
import type { ArchiveBucket } from '#services/s3/archive-bucket.ts';
import type { Sentry } from '#services/sentry.ts';
import type { SlackUser } from '#services/slack/people.ts';
import type { Slack } from '#services/slack/slack.ts';
import type { Database } from '#store/database.ts';
import type { Jobs } from '#store/jobs.ts';
import type { Remembered } from './remembered.ts';

export type { OnCall, SlackUser };

/** Everything a workflow works with. Made once, in main; `now` is the only clock. */
export type AppContext = {
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
  /** Names this store among others: part of what must be unique in the world, Message-IDs and Slack's keys. */
  readonly installation: string;
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
    /** The zone of a time column without one; UTC unless given. */
    readonly zone?: string | undefined;
    readonly writerRole: string | null;
  };
  readonly sources: Sources;
  /** What this process remembers between its jobs. */
  readonly remembered: Remembered;
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
  readonly bucket: Optional<ArchiveBucket>;
  readonly recreation: Optional<TableRecreation>;
  /** The application's own migrations; missing until the policy names their command. */
  readonly migrations: Optional<Migrations>;
  readonly operations: Operations;
  /** The session secret that some operations need. */
  readonly session: Optional<string>;
};

/** Where figures about the work go. */
export type Observe = {
  readonly delivery: (service: string, outcome: 'succeeded' | 'refused' | 'unavailable' | 'unclear', seconds: number) => void;
  readonly deadJob: () => void;
  /** A timer had not fired and its work was done late. */
  readonly repair: () => void;
};
