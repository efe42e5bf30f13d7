import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { policySchema } from '#domain/base/policy/schema.ts';
import { DEFAULT_POLICY, type Policy } from '#domain/base/policy.ts';
import { inPlainWords, mistakes } from './policy-mistakes.ts';
import { DEFAULT_RUNBOOK_FILE } from './settings/process.ts';
import type { Settings } from './settings.ts';

/** `runbook.yaml` can't be used; the message names every mistake. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}

/** The policy in a file. Throws a {@link PolicyError} when it has mistakes, can't be read, or was named and is not there. */
export async function loadPolicy(file: string): Promise<Policy> {
  const text = await readRunbook(file);
  return text === null ? DEFAULT_POLICY : readPolicy(text, file);
}

/** The text of `runbook.yaml`; null when it has the default name and is not there. Throws like {@link loadPolicy}. */
export async function readRunbook(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    const isAbsent = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    if (isAbsent && file === DEFAULT_RUNBOOK_FILE) return null;
    const words = isAbsent ? 'there is no such file: correct the name, or leave RUNBOOK_FILE empty' : "it can't be read as a file";
    throw new PolicyError(`RUNBOOK_FILE names ${file}, and ${words}.`, { cause });
  });
}

/** Reads `runbook.yaml`'s text. Every key is optional; all mistakes are told at once in a {@link PolicyError}. */
export function readPolicy(text: string, file = 'runbook.yaml'): Policy {
  const parsed = policySchema.safeParse(contentOf(text, file), { error: inPlainWords });
  if (!parsed.success) throw new PolicyError(`${file} has mistakes:\n${mistakes(parsed.error.issues).join('\n')}`);
  return Object.freeze(parsed.data);
}

function contentOf(text: string, file: string): unknown {
  const document = parseDocument(text);
  if (document.errors.length > 0) throw new PolicyError(document.errors.map(({ message }) => `${file}: ${message}`).join('\n'));
  try {
    const content: unknown = document.toJS();
    return content ?? {};
  } catch (cause) {
    throw new PolicyError(`${file}: ${cause instanceof Error ? cause.message : 'its aliases can not be resolved'}`, { cause });
  }
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
