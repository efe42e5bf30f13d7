import { readFile } from 'node:fs/promises';
import { closest } from 'fastest-levenshtein';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { DEFAULT_POLICY, type ExpectedColumn, type Operation, type Policy } from '#domain/base/policy.ts';
import { parseDuration } from '#domain/base/time.ts';
import type { Settings } from './settings.ts';

/** `runbook.yaml` can't be used; the message names every mistake. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}

const duration = z.string('expected a duration with its unit, such as 30s, 5m, 24h or 90d').transform((text, context) => {
  const length = parseDuration(text);
  if (length !== null && length > 0) return length;
  context.addIssue(`expected a duration with its unit, such as 30s, 5m, 24h or 90d, not "${text}"`);
  return z.NEVER;
});

const range = z
  .tuple([z.number().min(0), z.number().min(0)])
  .refine(([lowest, highest]) => lowest <= highest, 'expected [lowest, highest]');
const slackId = z.string().regex(/^[UWS][A-Z0-9]+$/, 'expected a Slack ID such as U0123456789, or S0123456789 for a user group');
const role = z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, 'expected a role in lower case, such as senior-engineer');
const escalation = z.strictObject({
  when: z.enum(['incident', 'gap']),
  after: duration,
  notify: z.array(role).min(1),
  say: z.string().min(1).max(300),
});
const contact = z.strictObject({
  slack: slackId.optional(),
  email: z.email().optional(),
});

const count = z.number().int().min(1).max(10_000);
const percent = z.number().min(1).max(99);
const httpUrl = z.url({ protocol: /^https?$/, error: 'expected an http(s) URL' });

/** A request of runbook step 15. A body that is no text is sent as JSON. */
const operation = z
  .strictObject({
    name: z.string().min(1).max(80),
    method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).optional(),
    url: httpUrl,
    headers: z.record(z.string().regex(/^[\w-]+$/, 'expected a header name'), z.string()).optional(),
    body: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
    expect: z.strictObject({ action: z.string().min(1), resource: z.string().min(1).optional() }),
  })
  .transform(({ name, method, url, headers, body, expect }): Operation => {
    const isJson = typeof body === 'object';
    return {
      name,
      method: method ?? 'GET',
      url,
      headers: { ...(isJson ? { 'content-type': 'application/json' } : {}), ...headers },
      body: isJson ? JSON.stringify(body) : (body ?? null),
      expect: { action: expect.action, resource: expect.resource ?? null },
    };
  });

const schema = z.strictObject({
  alerts: z.array(z.string().min(3)).min(1).optional(),
  acknowledge: z.enum(['automatic', 'on-claim']).optional(),
  claim_within: duration.optional(),
  updates: z.strictObject({ every: duration.optional(), delivery: z.enum(['broadcast', 'thread', 'channel']).optional() }).optional(),
  target: duration.optional(),
  gap: z.strictObject({ tolerance: duration.optional(), alert_after: duration.optional() }).optional(),
  watch: z
    .strictObject({
      every: duration.optional(),
      mode: z.enum(['off', 'measure', 'alert']).optional(),
      probe_every: duration.optional(),
      time_zone: z.string().refine(isTimeZone, 'expected a time zone such as America/New_York').optional(),
      quiet_floor: count.optional(),
      drop_floor: count.optional(),
    })
    .optional(),
  expected_rate: z
    .strictObject({
      environment: z.enum(['development', 'staging', 'production']).optional(),
      development: range.optional(),
      staging: range.optional(),
      production: range.optional(),
    })
    .optional(),
  columns: z
    .record(z.string(), z.string().regex(/^[a-z][a-z0-9 ()[\],]*$/, 'expected a type, such as "text" or "text not null"'))
    .optional(),
  escalations: z.array(escalation).optional(),
  contacts: z.record(role, contact).optional(),
  approvals: z.strictObject({ approvers: z.union([slackId, z.array(slackId)]).optional(), two_person: z.boolean().optional() }).optional(),
  archive: z.strictObject({ older_than: duration.optional() }).optional(),
  recreate_table: z
    .strictObject({
      command: z.array(z.string().min(1)).min(1, 'expected a program and its arguments, each an item of a list'),
      directory: z.string().min(1),
      accept_data_loss: z.boolean().optional(),
    })
    .refine(
      ({ command, accept_data_loss: accepted = false }) => accepted || !command.includes('--accept-data-loss'),
      '--accept-data-loss drops what no longer fits, audit records too. If that is meant, set accept_data_loss: true beside it',
    )
    .refine(({ command }) => !command.includes('--force-reset'), '--force-reset drops the whole database; it is never run')
    .optional(),
  hotfix: z
    .strictObject({
      workflow: z
        .string()
        .regex(/^[\w.-]+$/, 'expected the file name of a workflow, such as deploy-production.yml')
        .optional(),
    })
    .optional(),
  disk: z.strictObject({ alert_percent: percent.optional(), target_percent: percent.optional() }).optional(),
  runbooks: z.partialRecord(z.enum(['database-failure', 'api-server-down', 'security-incident']), httpUrl).optional(),
  operations: z.array(operation).optional(),
  audit_code: z.array(z.string().min(1)).optional(),
  phi_paths: z.array(z.string().startsWith('/', 'expected a path that begins with /')).optional(),
  compensating_controls: z.array(z.string().min(1)).optional(),
});

/** The runbook's expected records a minute (step 13). */
const RATES = { development: [1, 10], staging: [10, 50], production: [50, 500] } as const;

/** The policy in a file; a file that is not there leaves everything at the runbook's figures. Throws a {@link PolicyError}. */
export async function loadPolicy(file: string): Promise<Policy> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  });
  return readPolicy(text, file);
}

/** Reads `runbook.yaml`'s text. Every key is optional; all mistakes are told at once in a {@link PolicyError}. */
export function readPolicy(text: string, file = 'runbook.yaml'): Policy {
  const document = parseDocument(text);
  if (document.errors.length > 0) throw new PolicyError(document.errors.map(({ message }) => `${file}: ${message}`).join('\n'));
  const content: unknown = document.toJS() ?? {};
  const parsed = schema.safeParse(content);
  if (!parsed.success) throw new PolicyError(`${file} has mistakes:\n${parsed.error.issues.map(explain).join('\n')}`);
  return Object.freeze(normalise(parsed.data));
}

function normalise(raw: z.infer<typeof schema>): Policy {
  const environment = raw.expected_rate?.environment ?? 'production';
  const [lowest, highest] = raw.expected_rate?.[environment] ?? RATES[environment];
  return {
    alerts: raw.alerts ?? DEFAULT_POLICY.alerts,
    acknowledge: raw.acknowledge ?? DEFAULT_POLICY.acknowledge,
    claimWithin: raw.claim_within ?? DEFAULT_POLICY.claimWithin,
    updates: {
      every: raw.updates?.every ?? DEFAULT_POLICY.updates.every,
      delivery: raw.updates?.delivery ?? DEFAULT_POLICY.updates.delivery,
    },
    target: raw.target ?? DEFAULT_POLICY.target,
    gap: {
      tolerance: raw.gap?.tolerance ?? DEFAULT_POLICY.gap.tolerance,
      alertAfter: raw.gap?.alert_after ?? DEFAULT_POLICY.gap.alertAfter,
    },
    watch: {
      every: raw.watch?.every ?? DEFAULT_POLICY.watch.every,
      mode: raw.watch?.mode ?? DEFAULT_POLICY.watch.mode,
      probeEvery: raw.watch?.probe_every ?? DEFAULT_POLICY.watch.probeEvery,
      timeZone: raw.watch?.time_zone ?? DEFAULT_POLICY.watch.timeZone,
      quietFloor: raw.watch?.quiet_floor ?? DEFAULT_POLICY.watch.quietFloor,
      dropFloor: raw.watch?.drop_floor ?? DEFAULT_POLICY.watch.dropFloor,
    },
    expectedRate: { environment, lowest, highest },
    columns: raw.columns === undefined ? DEFAULT_POLICY.columns : Object.entries(raw.columns).map(expectedColumn),
    escalations: raw.escalations ?? DEFAULT_POLICY.escalations,
    contacts: raw.contacts ?? {},
    approvers: [raw.approvals?.approvers ?? []].flat(),
    twoPerson: raw.approvals?.two_person ?? DEFAULT_POLICY.twoPerson,
    archive: { olderThan: raw.archive?.older_than ?? DEFAULT_POLICY.archive.olderThan },
    migrations:
      raw.recreate_table === undefined
        ? DEFAULT_POLICY.migrations
        : { command: raw.recreate_table.command, directory: raw.recreate_table.directory },
    hotfixWorkflow: raw.hotfix?.workflow ?? DEFAULT_POLICY.hotfixWorkflow,
    disk: {
      alertPercent: raw.disk?.alert_percent ?? DEFAULT_POLICY.disk.alertPercent,
      targetPercent: raw.disk?.target_percent ?? DEFAULT_POLICY.disk.targetPercent,
    },
    runbooks: raw.runbooks ?? {},
    operations: raw.operations ?? [],
    auditCode: raw.audit_code ?? DEFAULT_POLICY.auditCode,
    phiPaths: raw.phi_paths ?? DEFAULT_POLICY.phiPaths,
    compensatingControls: raw.compensating_controls ?? [],
  };
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function expectedColumn([name, text]: readonly [string, string]): ExpectedColumn {
  const type = text.replace(/\s+not null$/, '');
  return { name, type, notNull: type !== text };
}

/** The keys known at each place, for the nearest one to a misspelt key. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(schema.shape),
  updates: ['every', 'delivery'],
  gap: ['tolerance', 'alert_after'],
  watch: ['every', 'mode', 'probe_every', 'time_zone', 'quiet_floor', 'drop_floor'],
  expected_rate: ['environment', 'development', 'staging', 'production'],
  disk: ['alert_percent', 'target_percent'],
  approvals: ['approvers'],
  escalation: ['when', 'after', 'notify', 'say'],
  operation: ['name', 'method', 'url', 'headers', 'body', 'expect'],
};

function explain(issue: z.core.$ZodIssue): string {
  const place = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return `  ${place}: ${issue.message}`;
  const known = KEYS[place.replace(/^(operation|escalation)s\.\d+$/, '$1')] ?? ['slack', 'email'];
  return issue.keys
    .map(
      (key) =>
        `  ${place === '' ? key : `${place}.${key}`}: unknown key. Did you mean "${closest(key, [...known])}"? Known: ${known.join(', ')}`,
    )
    .join('\n');
}

type OfficerSettings = Pick<Settings, 'PRIVACY_OFFICER_EMAIL' | 'SECURITY_OFFICER_EMAIL' | 'COMPLIANCE_COUNSEL_EMAIL'>;

/** The officers' addresses are settings; the policy's contacts may add Slack IDs to them, or replace them. */
export function withAddresses(policy: Policy, settings: OfficerSettings): Policy {
  const officers = {
    'privacy-officer': settings.PRIVACY_OFFICER_EMAIL,
    'security-officer': settings.SECURITY_OFFICER_EMAIL,
    'compliance-counsel': settings.COMPLIANCE_COUNSEL_EMAIL,
  };
  const addressed = Object.entries(officers).flatMap(([role, email]) =>
    email ? [[role, { email, ...policy.contacts[role] }] as const] : [],
  );
  return { ...policy, contacts: { ...policy.contacts, ...Object.fromEntries(addressed) } };
}
