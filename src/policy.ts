import { closest } from 'fastest-levenshtein';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { DEFAULT_POLICY, type ExpectedColumn, type Policy } from '#domain/policy.ts';
import { parseDuration } from '#domain/time.ts';

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
const contact = z.strictObject({
  slack: z
    .string()
    .regex(/^[UWS][A-Z0-9]+$/, 'expected a Slack ID such as U0123456789')
    .optional(),
  email: z.email().optional(),
});

const schema = z.strictObject({
  alerts: z.array(z.string().min(3)).min(1).optional(),
  acknowledge: z.enum(['automatic', 'on-claim']).optional(),
  claim_within: duration.optional(),
  updates: z.strictObject({ every: duration.optional(), delivery: z.enum(['broadcast', 'thread', 'channel']).optional() }).optional(),
  target: duration.optional(),
  gap: z.strictObject({ tolerance: duration.optional(), alert_after: duration.optional() }).optional(),
  watch: z.strictObject({ every: duration.optional() }).optional(),
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
  contacts: z.record(z.string(), contact).optional(),
  compensating_controls: z.array(z.string().min(1)).optional(),
});

/** The runbook's expected records a minute (step 13). */
const RATES = { development: [1, 10], staging: [10, 50], production: [50, 500] } as const;

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
    watch: { every: raw.watch?.every ?? DEFAULT_POLICY.watch.every },
    expectedRate: { environment, lowest, highest },
    columns: raw.columns === undefined ? DEFAULT_POLICY.columns : Object.entries(raw.columns).map(expectedColumn),
    contacts: raw.contacts ?? {},
    compensatingControls: raw.compensating_controls ?? [],
  };
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
  watch: ['every'],
  expected_rate: ['environment', 'development', 'staging', 'production'],
};

function explain(issue: z.core.$ZodIssue): string {
  const place = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return `  ${place}: ${issue.message}`;
  const known = KEYS[place] ?? ['slack', 'email'];
  return issue.keys
    .map(
      (key) =>
        `  ${place === '' ? key : `${place}.${key}`}: unknown key. Did you mean "${closest(key, [...known])}"? Known: ${known.join(', ')}`,
    )
    .join('\n');
}
