import type { z } from 'zod';
import { policySchema } from './policy/schema.ts';

type DeepReadonly<Value> = Value extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> }
    : Value;

/** What the team decides about how Gapwatch behaves: `runbook.yaml`, parsed. The meaning of each field stands in {@link policySchema}. */
export type Policy = DeepReadonly<z.output<typeof policySchema>>;

/** The runbook's figures: what an empty `runbook.yaml` means. */
export const DEFAULT_POLICY: Policy = policySchema.parse({});

/** How a person or group is reached. */
export type Contact = Policy['contacts'][string];

/** When time has passed without an end, who is told, and what the runbook asks of them. */
export type Escalation = Policy['escalations'][number];

/** A column that the audit table should have. */
export type ExpectedColumn = Policy['columns'][number];

/** A request of runbook step 15, and the audit record that it must leave. */
export type Operation = Policy['operations'][number];

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
