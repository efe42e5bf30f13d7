import { api } from '@pagerduty/pdjs';
// What pdjs's own event() calls. Its address is always https under a host name; ours is the setting's, in full.
import { request as requestByPdjs } from '@pagerduty/pdjs/build/src/common.js';
import type { z } from 'zod';
import { type Milliseconds, SECOND } from '#domain/base/time.ts';
import { type Call, failureOfAnswer, failureOfError, failureOfShape, type Received, unreadableAnswer } from './call-failure.ts';

/** How long a call may take, and how long pdjs pauses before each of its three own retries of a 429. */
export type Tempo = { readonly deadline?: Milliseconds; readonly retryPause?: Milliseconds };

export type RestRequest = {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly url: URL;
  readonly token: string;
  /** The user in whose name something is changed. */
  readonly from?: string;
  readonly body?: object;
};

const DEADLINE: Milliseconds = 10 * SECOND;
const RETRY_PAUSE: Milliseconds = SECOND;
/** A page of a hundred alerts with long details is a few megabytes. */
const LARGEST_BODY = 16 * 1024 * 1024;

/** Asks PagerDuty's REST API and returns what the answer holds, in this shape. Throws {@link ServiceFailure}. */
export async function callRest<Shape>(request: RestRequest, shape: z.ZodType<Shape>, tempo: Tempo = {}): Promise<Shape> {
  const { method, url, token, from, body } = request;
  const call: Call = { service: 'pagerduty', title: 'PagerDuty', what: `${method} ${url.pathname}`, isRepeatable: method === 'GET' };
  const content = await tamed(call, tempo, isSuccess, async (options) => {
    const headers = { ...ONE_REQUEST, ...(from === undefined ? {} : { From: from }) };
    return api({ url: url.href, method, token, headers, ...(body === undefined ? {} : { data: body }), ...options });
  });
  const parsed = shape.safeParse(content);
  if (parsed.success) return parsed.data;
  throw failureOfShape(call, parsed.error.issues[0]?.path.join('.') ?? '');
}

/** Hands an event to PagerDuty's Events API, which answers 202 when it took it. Throws {@link ServiceFailure}. */
export async function callEvents(url: URL, event: object, tempo: Tempo = {}): Promise<void> {
  const call: Call = {
    service: 'pagerduty-events',
    title: "PagerDuty's Events API",
    what: `POST ${url.pathname}`,
    // Under the same key it is the same alert.
    isRepeatable: true,
  };
  await tamed(call, tempo, isTaken, async (options) => {
    const response = await requestByPdjs(url, { method: 'POST', headers: ONE_REQUEST, body: JSON.stringify(event), ...options });
    const data: unknown = await response.json().catch(() => Promise.reject(response));
    return { status: response.status, headers: response.headers, data };
  });
}

/** A connection that waited for its next use may be closed by the other side just then, and a change's outcome be unclear. */
const ONE_REQUEST = { Connection: 'close' };

type Answer = Pick<Response, 'status' | 'headers'> & { readonly data?: unknown };
type Options = ReturnType<typeof optionsOf>;

function optionsOf(signal: AbortSignal, retryTimeout: Milliseconds) {
  // requestTimeout ends nothing and keeps the process alive; a redirect would carry the body elsewhere; size is node-fetch's own.
  return { signal, retryTimeout, requestTimeout: 0, redirect: 'manual' as const, size: LARGEST_BODY };
}

async function tamed(
  call: Call,
  { deadline = DEADLINE, retryPause = RETRY_PAUSE }: Tempo,
  isGood: (received: Received) => boolean,
  make: (options: Options) => Promise<Answer>,
): Promise<unknown> {
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), deadline);
  try {
    const received = await make(optionsOf(ending.signal, retryPause)).then(
      ({ status, headers, data }): Received => ({ status, headers, data, unreadable: null }),
      (error: unknown) => {
        const overdue = ending.signal.aborted ? deadline : null;
        if (isResponse(error)) return unreadableAnswer(error, overdue);
        throw failureOfError(call, error, overdue);
      },
    );
    if (!isGood(received)) throw failureOfAnswer(call, received);
    return received.data;
  } finally {
    clearTimeout(timer);
    // What was not read (the 429s before a retry, the rest of a body that is too large) would hold its connection open.
    ending.abort();
  }
}

function isSuccess({ status, unreadable }: Received): boolean {
  return status >= 200 && status <= 299 && unreadable === null;
}

function isTaken({ status }: Received): boolean {
  return status === 202;
}

/** pdjs rejects with the response itself, which is no Error, when it could not read the body; its class is not the global one. */
function isResponse(rejection: unknown): rejection is Response {
  return typeof rejection === 'object' && rejection !== null && 'status' in rejection && 'headers' in rejection;
}
