import type { Policy } from '#domain/base/policy.ts';

/** Whether a title, a service's name or an alert's details carry one of the policy's alert names. Case does not matter. */
export function matchesAlert(text: string, policy: Pick<Policy, 'alerts'>): boolean {
  const haystack = text.toLowerCase();
  return policy.alerts.some((name) => haystack.includes(name.toLowerCase()));
}
