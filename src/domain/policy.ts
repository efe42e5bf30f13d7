import { DAY, HOUR, MINUTE, type Milliseconds, SECOND } from './time.ts';

/** How a person or group is reached. */
export type Contact = { readonly slack?: string | undefined; readonly email?: string | undefined };

/** A column that the audit table should have (runbook step 8). `enum`, `text` and `timestamp` are meant loosely. */
export type ExpectedColumn = { readonly name: string; readonly type: string; readonly notNull: boolean };

/** A request of runbook step 15, and the audit record that it must leave. Its URL names the only host it may go to. */
export type Operation = {
  readonly name: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly expect: { readonly action: string; readonly resource: string | null };
};

/** What the team decides about how Gapwatch behaves: `runbook.yaml`, parsed. Every default is the runbook's figure. */
export type Policy = {
  readonly alerts: readonly string[];
  readonly acknowledge: 'automatic' | 'on-claim';
  readonly claimWithin: Milliseconds;
  readonly updates: { readonly every: Milliseconds; readonly delivery: 'broadcast' | 'thread' | 'channel' };
  readonly target: Milliseconds;
  readonly gap: { readonly tolerance: Milliseconds; readonly alertAfter: Milliseconds };
  readonly watch: { readonly every: Milliseconds };
  /** Records a minute that count as usual, lowest and highest. */
  readonly expectedRate: { readonly environment: string; readonly lowest: number; readonly highest: number };
  readonly columns: readonly ExpectedColumn[];
  readonly contacts: Readonly<Record<string, Contact>>;
  /** Use of the database's disk at which a cleanup is due, and the one it should reach (runbook steps 6 and 9). */
  readonly disk: { readonly alertPercent: number; readonly targetPercent: number };
  /** Where the runbooks that this one points to can be read. */
  readonly runbooks: Readonly<Record<string, string>>;
  readonly operations: readonly Operation[];
  /** Files of the application that write audit records (runbook step 5). */
  readonly auditCode: readonly string[];
  /** Paths of the application's API that show or change patient data (runbook step 17). */
  readonly phiPaths: readonly string[];
  /** Other logging that still runs during a gap, told to the Privacy Officer. */
  readonly compensatingControls: readonly string[];
};

export const DEFAULT_POLICY: Policy = {
  alerts: ['AuditLogFailure', 'AuditLogWriteError'],
  acknowledge: 'automatic',
  claimWithin: 5 * MINUTE,
  updates: { every: 5 * MINUTE, delivery: 'broadcast' },
  target: 15 * MINUTE,
  gap: { tolerance: 5 * MINUTE, alertAfter: 2 * MINUTE },
  watch: { every: 15 * SECOND },
  expectedRate: { environment: 'production', lowest: 50, highest: 500 },
  columns: [
    { name: 'id', type: 'text', notNull: true },
    { name: 'userId', type: 'text', notNull: false },
    { name: 'userEmail', type: 'text', notNull: true },
    { name: 'ipAddress', type: 'text', notNull: true },
    { name: 'action', type: 'enum', notNull: true },
    { name: 'resource', type: 'text', notNull: true },
    { name: 'resourceId', type: 'text', notNull: true },
    { name: 'details', type: 'jsonb', notNull: false },
    { name: 'success', type: 'boolean', notNull: true },
    { name: 'timestamp', type: 'timestamp', notNull: true },
  ],
  contacts: {},
  disk: { alertPercent: 85, targetPercent: 75 },
  runbooks: {},
  operations: [],
  auditCode: ['apps/web/src/lib/audit.ts', 'apps/web/src/lib/api/middleware.ts'],
  phiPaths: ['/api/patients', '/api/prescriptions'],
  compensatingControls: [],
};

/** How long Gapwatch goes on trying a call before it gives up and says so. Mail waits longer: a greylisting server may take hours. */
export const GIVE_UP_AFTER: Readonly<Record<'slack' | 'pagerduty' | 'mail' | 'reports', Milliseconds>> = {
  slack: 6 * HOUR,
  pagerduty: 2 * HOUR,
  mail: DAY,
  reports: HOUR,
};

/** A notice still undelivered after this long is reported in the channel. */
export const NOTICE_LATE_AFTER: Milliseconds = 5 * MINUTE;
