import type { z } from 'zod';
import type { Milliseconds } from '#domain/base/time.ts';
import { ServiceFailure, type ServiceName } from './failure.ts';

export type HttpRequest = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | null;
  readonly deadline?: Milliseconds;
  /** The most characters of a body that are kept. */
  readonly limit?: number;
};

export type HttpAnswer = { readonly status: number; readonly headers: Headers; readonly body: string; readonly milliseconds: Milliseconds };

const DEADLINE: Milliseconds = 10_000;
const LIMIT = 2 * 1024 * 1024;

/**
 * One HTTP request. Follows no redirect, so that nothing is asked of a host that nobody named; the body is cut at the limit, so that an
 * endpoint which never stops talking can't fill our memory. Throws {@link ServiceFailure}, in words, when there is no answer in time.
 */
export async function http(service: ServiceName, url: string, request: HttpRequest = {}): Promise<HttpAnswer> {
  const { method = 'GET', headers = {}, body = null, deadline = DEADLINE, limit = LIMIT } = request;
  const startedAt = performance.now();
  try {
    const response = await fetch(url, { method, headers, body, redirect: 'manual', signal: AbortSignal.timeout(deadline) });
    const text = await readLimited(response, limit);
    return { status: response.status, headers: response.headers, body: text, milliseconds: performance.now() - startedAt };
  } catch (error) {
    throw new ServiceFailure(service, 'unavailable', failureText(error, deadline), { cause: error });
  }
}

/** Asks for JSON of a shape. A status other than 2xx is a {@link ServiceFailure} that says what to look at, naming `title` as the service. */
export async function askJson<Shape>(
  service: ServiceName,
  title: string,
  url: string,
  request: HttpRequest,
  shape: z.ZodType<Shape>,
): Promise<{ readonly content: Shape; readonly headers: Headers }> {
  const answer = await http(service, url, request).catch((error: unknown) =>
    Promise.reject(
      error instanceof ServiceFailure
        ? new ServiceFailure(service, error.outcome, `${title} can't be asked: ${error.message}`, { cause: error })
        : error,
    ),
  );
  if (answer.status < 200 || answer.status > 299) throw refusal(service, title, answer);
  const parsed = shape.safeParse(parseJson(answer.body));
  if (!parsed.success) throw new ServiceFailure(service, 'refused', `${title} answered something that Gapwatch does not understand`);
  return { content: parsed.data, headers: answer.headers };
}

/** A JSON text as a value; null when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function refusal(service: ServiceName, title: string, { status, headers }: HttpAnswer): ServiceFailure {
  if (status === 401 || (status === 403 && headers.get('x-ratelimit-remaining') !== '0')) {
    return new ServiceFailure(service, 'refused', `${title} refuses the token (${status}); it may be wrong, expired or without the right`);
  }
  if (status === 404)
    return new ServiceFailure(service, 'refused', `${title} does not know what was asked for (404); check the settings' names`);
  if (status === 403 || status === 429)
    return new ServiceFailure(service, 'unavailable', `${title} allows no more requests for now (${status})`);
  if (status >= 300 && status <= 399)
    return new ServiceFailure(service, 'refused', `${title} redirects elsewhere (${status}); check its address`);
  return new ServiceFailure(service, 'unavailable', `${title} answered ${status}`);
}

async function readLimited(response: Response, limit: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > limit) break;
  }
  return text.slice(0, limit);
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

function failureText(error: unknown, deadline: Milliseconds): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${deadline / 1_000} s`;
  const cause = error instanceof Error ? error.cause : undefined;
  return connectionWords(cause instanceof Error && 'code' in cause ? String(cause.code) : '');
}

/** Why a connection failed, in words, by its error's code. */
export function connectionWords(code: string): string {
  const known = WORDS[code];
  return known === undefined ? 'the request failed' : `${known} (${code})`;
}
