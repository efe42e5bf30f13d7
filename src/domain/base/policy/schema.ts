import { z } from 'zod';
import { alertName, contact, duration, role, text } from './formats.ts';
import {
  approvals,
  archive,
  columns,
  disk,
  escalation,
  expectedRate,
  gap,
  hotfix,
  operation,
  phiPaths,
  probe,
  recreateTable,
  runbooks,
  updates,
  watch,
} from './parts.ts';

/** The runbook's own ("Escalation"). */
const ESCALATIONS: readonly z.input<typeof escalation>[] = [
  {
    when: 'incident',
    after: '15m',
    notify: ['senior-engineer', 'privacy-officer'],
    say: 'consider disabling PHI access until audit is restored',
  },
  { when: 'gap', after: '30m', notify: ['security-officer', 'incident-response-team'], say: 'prepare the compliance report' },
  { when: 'gap', after: '24h', notify: ['compliance-counsel', 'privacy-officer'], say: 'prepare the breach assessment' },
];

/**
 * `runbook.yaml`: its keys, what each means, what it may hold, and the runbook's figure where it is left out. What comes out has the
 * program's own names, with durations in milliseconds.
 */
export const policySchema = z
  .strictObject({
    alerts: z
      .array(alertName)
      .min(1)
      .prefault(['AuditLogFailure', 'AuditLogWriteError'])
      .describe("An alert starts an incident when its title, its service's name or its details carry one of these"),
    acknowledge: z
      .enum(['automatic', 'on-claim'])
      .prefault('automatic')
      .describe('automatic: acknowledge in PagerDuty at once; on-claim: when somebody presses "I\'m on it"'),
    claim_within: duration
      .prefault('5m')
      .describe('Nobody pressed "I\'m on it" for so long: page the next PagerDuty level and say so in the channel'),
    updates: updates.describe('Progress messages'),
    target: duration.prefault('15m').describe('Time to resolution; an update says when it has passed'),
    gap: gap.describe('What counts as a gap'),
    watch: watch.describe('How Gapwatch looks at the audit table by itself ([watch.md](watch.md))'),
    probe: probe.describe('What a test write is made of (`/audit probe`, the watch)'),
    expected_rate: expectedRate.describe('Records a minute that are usual, lowest and highest (`/audit rate`)'),
    columns: columns
      .prefault({})
      .describe(
        "The audit table's columns as the application expects them (`/audit schema`): `text` is any string type, `enum` any enum, " +
          '`timestamp` with or without time zone; other types as PostgreSQL names them. Left out, nothing is compared',
      ),
    disk: disk.describe("Use of the database's disk, in percent (`/audit storage`)"),
    audit_code: z
      .array(text)
      .prefault(['apps/web/src/lib/audit.ts', 'apps/web/src/lib/api/middleware.ts'])
      .describe('Files of the application that write audit records: `/audit deploys` marks the commits that touch them'),
    phi_paths: phiPaths
      .prefault(['/api/patients', '/api/prescriptions'])
      .describe("Paths of the application's API that show or change patient data: `/audit reconstruct` counts them"),
    operations: z
      .array(operation)
      .prefault([])
      .describe('The requests of runbook step 15; `/audit operations` really sends them: name a test user and a test patient'),
    runbooks: runbooks.describe('Where the runbooks that this one points to can be read; a verdict that ends in one offers it as a button'),
    escalations: z
      .array(escalation)
      .prefault([...ESCALATIONS])
      .describe('When time passes without an end: who is told, and what is asked of them'),
    approvals: approvals.describe('Who may do what is hard to undo'),
    archive: archive.describe('What `/remedy archive` takes out of the table'),
    recreate_table: recreateTable
      .optional()
      .describe(
        "The application's own migrations, for `/remedy recreate-table` ([remedies.md](remedies.md)); left out, it is not configured",
      ),
    hotfix: hotfix.describe('What `/remedy hotfix` starts'),
    contacts: z
      .record(role, contact)
      .prefault({})
      .describe(
        'Whom to reach for a role, by Slack ID, e-mail or both. The addresses of privacy-officer, security-officer and ' +
          'compliance-counsel come from the [settings](settings.md) unless they are given here',
      ),
    compensating_controls: z
      .array(text)
      .prefault([])
      .describe('Other logging that still runs when the audit log does not, told to the Privacy Officer'),
  })
  .transform(({ claim_within, expected_rate, approvals: { approvers, two_person }, recreate_table, hotfix: { workflow }, ...rest }) => {
    const { audit_code, phi_paths, compensating_controls, ...same } = rest;
    return {
      ...same,
      claimWithin: claim_within,
      expectedRate: expected_rate,
      approvers,
      // Where nobody is named, anybody's word could be one person's: it then takes two.
      twoPerson: two_person || approvers.length === 0,
      migrations: recreate_table ?? null,
      hotfixWorkflow: workflow,
      auditCode: audit_code,
      phiPaths: phi_paths,
      compensatingControls: compensating_controls,
    };
  });
