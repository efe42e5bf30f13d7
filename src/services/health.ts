import type { HealthAnswer } from '#domain/checks/health.ts';

/** The application's health endpoint. */
export type HealthEndpoint = { readonly ask: () => Promise<HealthAnswer> };

const DEADLINE_MILLISECONDS = 10_000;
const BODY_LIMIT = 64 * 1024;

/** Asks `url` once for each check; follows no redirect, so that nothing is asked of a host that nobody named. */
export function connectHealth(url: string): HealthEndpoint {
  return { ask: () => ask(url).catch((error: unknown): HealthAnswer => ({ kind: 'silent', words: wordsFor(error) })) };
}

async function ask(url: string): Promise<HealthAnswer> {
  const startedAt = performance.now();
  const response = await fetch(url, {
    redirect: 'manual',
    signal: AbortSignal.timeout(DEADLINE_MILLISECONDS),
    headers: { accept: 'application/json' },
  });
  const body = await readLimited(response);
  return { kind: 'answered', status: response.status, milliseconds: performance.now() - startedAt, body };
}

/** The body's first part: an endpoint that never stops talking must not fill our memory. */
async function readLimited(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > BODY_LIMIT) break;
  }
  return text.slice(0, BODY_LIMIT);
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection is refused',
  ENOTFOUND: 'its name is unknown',
  EAI_AGAIN: "its name can't be looked up",
  ECONNRESET: 'the connection broke',
  UND_ERR_SOCKET: 'the connection broke',
  CERT_HAS_EXPIRED: 'its TLS certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its TLS certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its TLS certificate comes from an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its TLS certificate can't be verified",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its TLS certificate comes from an unknown authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for another name',
};

function wordsFor(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${DEADLINE_MILLISECONDS / 1_000} s`;
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const known = WORDS[code];
  return known === undefined ? 'the request failed' : `${known} (${code})`;
}
