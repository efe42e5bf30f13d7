import { DAY, HOUR, MINUTE, type Milliseconds, SECOND } from './time.ts';

/** How a person or group is reached. */
export type Contact = { readonly slack?: string | undefined; readonly email?: string | undefined };

/** When time has passed without an end, who is told, and what the runbook asks of them (runbook, "Escalation"). */
export type Escalation = {
  readonly when: 'incident' | 'gap';
  readonly after: Milliseconds;
  readonly notify: readonly string[];
  readonly say: string;
};

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
  /** How Gapwatch looks at the audit table by itself. `measure`: it looks and tells /metrics; `alert`: it raises alerts as well. */
  readonly watch: {
    readonly every: Milliseconds;
    readonly mode: 'off' | 'measure' | 'alert';
    /** How often a write is tried and undone. */
    readonly probeEvery: Milliseconds;
    /** The clinic's, in which days and weeks are compared. */
    readonly timeZone: string;
    /** Fewer records than this in the same stretch of the weeks before: such a silence is usual. */
    readonly quietFloor: number;
    /** Fewer records than this in a compared stretch: too few for a comparison. */
    readonly dropFloor: number;
  };
  /** Records a minute that count as usual, lowest and highest. */
  readonly expectedRate: { readonly environment: string; readonly lowest: number; readonly highest: number };
  readonly columns: readonly ExpectedColumn[];
  readonly escalations: readonly Escalation[];
  readonly contacts: Readonly<Record<string, Contact>>;
  /** Slack IDs of the people and groups who may correct the gap and approve remedies; empty: every member of the channel. */
  readonly approvers: readonly string[];
  /** Whether a remedy needs a second person's approval. */
  readonly twoPerson: boolean;
  /** Records older than this go when somebody archives (runbook step 9). */
  readonly archive: { readonly olderThan: Milliseconds };
  /** The command by which `/remedy recreate-table` applies the application's migrations; null when none is named. */
  readonly migrations: { readonly command: readonly string[]; readonly directory: string } | null;
  /** The GitHub workflow that `/remedy hotfix` runs. */
  readonly hotfixWorkflow: string;
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
  watch: { every: 15 * SECOND, mode: 'off', probeEvery: 5 * MINUTE, timeZone: 'UTC', quietFloor: 30, dropFloor: 100 },
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
  escalations: [
    {
      when: 'incident',
      after: 15 * MINUTE,
      notify: ['senior-engineer', 'privacy-officer'],
      say: 'consider disabling PHI access until audit is restored',
    },
    {
      when: 'gap',
      after: 30 * MINUTE,
      notify: ['security-officer', 'incident-response-team'],
      say: 'prepare the compliance report',
    },
    { when: 'gap', after: 24 * HOUR, notify: ['compliance-counsel', 'privacy-officer'], say: 'prepare the breach assessment' },
  ],
  contacts: {},
  approvers: [],
  twoPerson: true,
  archive: { olderThan: 90 * DAY },
  migrations: null,
  hotfixWorkflow: 'deploy-production.yml',
  disk: { alertPercent: 85, targetPercent: 75 },
  runbooks: {},
  operations: [],
  auditCode: ['apps/web/src/lib/audit.ts', 'apps/web/src/lib/api/middleware.ts'],
  phiPaths: ['/api/patients', '/api/prescriptions'],
  compensatingControls: [],
};

/** How a role is reached; empty when the policy names no way. */
export function contactOf({ contacts }: Pick<Policy, 'contacts'>, role: string): Contact {
  return contacts[role] ?? {};
}

/** Whether there is any way to reach a contact. */
export function isReachable({ slack, email }: Contact): boolean {
  return slack !== undefined || email !== undefined;
}

/** Roles that an escalation names and that nobody can be reached by. */
export function unreachableRoles(policy: Pick<Policy, 'contacts' | 'escalations'>): readonly string[] {
  const roles = new Set(policy.escalations.flatMap(({ notify }) => notify));
  return [...roles].filter((role) => !isReachable(contactOf(policy, role)));
}

/** `privacy-officer` as people read it: "Privacy Officer". */
export function roleName(role: string): string {
  return role
    .split('-')
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join(' ');
}
