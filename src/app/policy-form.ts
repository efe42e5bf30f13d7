import { z } from 'zod';
import { policySchema } from '#domain/base/policy/schema.ts';

/** What one place of `runbook.yaml` may hold, as JSON Schema says it; `expected` in words. */
export type Form = {
  readonly type?: string | undefined;
  readonly description?: string | undefined;
  readonly expected?: string | undefined;
  readonly default?: unknown;
  readonly enum?: readonly string[] | undefined;
  /** The keys of a place that has its own. */
  readonly properties?: Readonly<Record<string, Form>> | undefined;
  readonly required?: readonly string[] | undefined;
  /** What every value holds where the keys are the team's choice (false: there are none of these). */
  readonly additionalProperties?: Form | boolean | undefined;
  readonly propertyNames?: Form | undefined;
  readonly items?: Form | boolean | undefined;
};

const formSchema: z.ZodType<Form> = z.lazy(() =>
  z.object({
    type: z.string().optional(),
    description: z.string().optional(),
    expected: z.string().optional(),
    default: z.unknown().optional(),
    enum: z.array(z.string()).optional(),
    properties: z.record(z.string(), formSchema).optional(),
    required: z.array(z.string()).optional(),
    additionalProperties: z.union([z.boolean(), formSchema]).optional(),
    propertyNames: formSchema.optional(),
    items: z.union([z.boolean(), formSchema]).optional(),
  }),
);

/** Returns what `runbook.yaml` may hold, derived from the policy's schema. */
export function policyForm(): Form {
  return formSchema.parse(z.toJSONSchema(policySchema, { io: 'input' }));
}

/** Returns the keys that are known at a place of `runbook.yaml`; none where the keys are the team's own choice, or there can be none. */
export function knownKeys(path: readonly PropertyKey[], form: Form | undefined = policyForm()): readonly string[] {
  const [step, ...rest] = path;
  if (step === undefined) return Object.keys(form?.properties ?? {}).concat(form?.propertyNames?.enum ?? []);
  return form === undefined ? [] : knownKeys(rest, within(form, step));
}

function within(form: Form, step: PropertyKey): Form | undefined {
  const inner = typeof step === 'number' ? form.items : (form.properties?.[String(step)] ?? form.additionalProperties);
  return typeof inner === 'object' ? inner : undefined;
}
