import type { Operation } from '#domain/base/policy.ts';
import { http } from './http.ts';

/** Sends the requests of runbook step 15. */
export type Operations = { readonly send: (operation: Operation) => Promise<{ readonly status: number }> };

/**
 * `$OPERATIONS_SESSION` in a header's value becomes the session secret. A request goes to the address that the policy names and to no
 * other: redirects are not followed. The answer's body, which may hold patients, is thrown away unread.
 */
export function connectOperations(session: string | undefined): Operations {
  return {
    send: async ({ method, url, headers, body }) => {
      const filled = Object.entries(headers).map(([name, value]) => [name, value.replaceAll('$OPERATIONS_SESSION', () => session ?? '')]);
      const { status } = await http('operations', url, { method, headers: Object.fromEntries(filled), body, limit: 1 });
      return { status };
    },
  };
}

/** Whether a request can only be sent with the session secret. */
export function needsSession({ headers }: Operation): boolean {
  return Object.values(headers).some((value) => value.includes('$OPERATIONS_SESSION'));
}
