import type { Logger } from 'pino';
import type { Templates } from '#domain/messages/render.ts';
import type { Policy } from '#domain/policy.ts';
import type { AuditDatabase } from '#services/audit-database.ts';
import type { AuditWriter } from '#services/audit-writer.ts';
import type { HealthEndpoint } from '#services/health.ts';
import type { Mailer, Recipient } from '#services/mail.ts';
import type { PagerDuty } from '#services/pagerduty.ts';
import type { ReportFolder } from '#services/report-folder.ts';
import type { Slack } from '#services/slack.ts';
import type { Database } from '#store/database.ts';
import type { Jobs } from '#store/jobs.ts';

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
  readonly mail: Mailer;
  readonly privacyOfficer: Recipient;
  readonly reports: ReportFolder;
  readonly auditDatabase: AuditDatabase;
  /** The monitored table, and the role that writes it, as the settings name them. */
  readonly auditTable: { readonly tableName: string; readonly column: string; readonly writerRole: string | null };
  /** Null when no writer's role is configured. */
  readonly auditWriter: AuditWriter | null;
  /** Null when no health endpoint is configured. */
  readonly health: HealthEndpoint | null;
  readonly now: () => Date;
  readonly log: Logger;
  readonly observe: Observe;
};

/** Where figures about the work go. */
export type Observe = {
  readonly call: (service: string, outcome: 'succeeded' | 'refused' | 'unavailable' | 'unclear', seconds: number) => void;
  readonly deadJob: () => void;
};
