import type { HealthAnswer } from '#domain/checks/health.ts';
import { ServiceFailure } from './failure.ts';
import { http } from './http.ts';

/** The application's health endpoint. */
export type HealthEndpoint = { readonly ask: () => Promise<HealthAnswer> };

const BODY_LIMIT = 64 * 1024;

/** Asks `url` once for each check. No answer is an answer too: it says what is wrong with the application. */
export function connectHealth(url: string): HealthEndpoint {
  return {
    ask: async () => {
      try {
        const { status, body, milliseconds } = await http('health', url, { headers: { accept: 'application/json' }, limit: BODY_LIMIT });
        return { kind: 'answered', status, milliseconds, body };
      } catch (error) {
        if (error instanceof ServiceFailure) return { kind: 'silent', text: error.message };
        throw error;
      }
    },
  };
}
