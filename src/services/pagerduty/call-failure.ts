import { z } from 'zod';
import { redactLine } from '#domain/base/text/foreign.ts';
import { MINUTE, type Milliseconds, SECOND } from '#domain/base/time.ts';
import { NotKnownThere, neverConnected, ServiceFailure, type ServiceName } from '#services/failure.ts';
import { connectionWords } from '#services/http.ts';

/** A call as its failure names it. `isRepeatable`: doing it twice changes nothing more, so an unclear outcome costs nothing. */
export type Call = { readonly service: ServiceName; readonly title: string; readonly what: string; readonly isRepeatable: boolean };

/** What came back. `unreadable` says why the body is no value, null when it is one. */
export type Received = {
  readonly status: number;
  readonly headers: Pick<Headers, 'get'>;
  readonly data: unknown;
  readonly unreadable: string | null;
};

/** The failure that an answer means: a plain no, a limit, an error at PagerDuty's side, or something that can't be read. */
export function failureOfAnswer(call: Call, { status, headers, data, unreadable }: Received): ServiceFailure {
  if (status >= 200 && status <= 299 && unreadable !== null) return unreadableFailure(call, status, unreadable);
  const why = reasonsOf(data);
  const said = `${call.title} answered ${status}${why === '' ? '' : ` (${why})`} to ${call.what}`;
  if (status === 429) {
    return new ServiceFailure(call.service, 'unavailable', said, { retryAfterMilliseconds: pauseAskedFor(headers) });
  }
  if (status >= 500) return unclearFailure(call, said);
  if (status === 404) return new NotKnownThere(call.service, 'refused', said);
  const isRedirect = status >= 300 && status <= 399;
  return new ServiceFailure(call.service, 'refused', isRedirect ? `${said}: it redirects elsewhere; check its address` : said);
}

/** The failure of an answer with a value that lacks what is needed, at `place` in it. */
export function failureOfShape(call: Call, place: string): ServiceFailure {
  return unreadableFailure(call, 200, `${place === '' ? 'it' : place} is not what Gapwatch expects`);
}

/** The failure that an error means; `overdue` is the deadline when it had passed, in milliseconds, else null. */
export function failureOfError(call: Call, error: unknown, overdue: Milliseconds | null): ServiceFailure {
  const { service, title, what } = call;
  if (overdue !== null) return unclearFailure(call, `no answer from ${title} to ${what} within ${overdue / SECOND} s`);
  // The error's own words hold the address with its query, or the token: they are not passed on.
  if (!(error instanceof Error) || error.name !== 'FetchError') {
    const message = `the request ${what} to ${title} can't be made; check the address, the token and the e-mail address`;
    return new ServiceFailure(service, 'refused', message);
  }
  const why = connectionWords('code' in error ? String(error.code) : '');
  if (neverConnected(error)) return new ServiceFailure(service, 'unavailable', `${title} could not be reached (${what}): ${why}`);
  return unclearFailure(call, `no answer from ${title} to ${what}: ${why}`);
}

/** An answer whose body pdjs could not read; it does not say why. */
export function unreadableAnswer({ status, headers }: Pick<Response, 'status' | 'headers'>, overdue: Milliseconds | null): Received {
  const type = redactLine(headers.get('content-type')?.split(';')[0] ?? '', 40);
  const isJson = type === '' || type.endsWith('json');
  const why = isJson ? 'it is no JSON, was cut off or is too large' : `it is ${type}, no JSON`;
  return { status, headers, data: null, unreadable: overdue === null ? why : `it was not complete within ${overdue / SECOND} s` };
}

function unreadableFailure(call: Call, status: number, why: string): ServiceFailure {
  return unclearFailure(call, `${call.title} answered ${status} to ${call.what}, but the answer can't be read: ${why}`);
}

function unclearFailure({ service, isRepeatable }: Call, said: string): ServiceFailure {
  if (isRepeatable) return new ServiceFailure(service, 'unavailable', said);
  return new ServiceFailure(service, 'unclear', `${said}; it may have been done`);
}

const words = z.string().nullish().catch(null);
const lines = z.array(z.string()).nullish().catch(null);
const reasons = { message: words, errors: lines };
/** The REST API puts its reasons under `error`, the Events API beside each other. Each is read for itself: half an answer is one. */
const errorSchema = z.object({
  ...reasons,
  error: z
    .object({ ...reasons, code: z.number().nullish().catch(null) })
    .nullish()
    .catch(null),
});

function reasonsOf(data: unknown): string {
  const parsed = errorSchema.safeParse(data);
  if (!parsed.success) return '';
  const { code, message, errors } = { code: null, ...(parsed.data.error ?? parsed.data) };
  const parts = [code === null || code === undefined ? '' : String(code), message ?? '', (errors ?? []).slice(0, 5).join('; ')];
  return redactLine(parts.filter((each) => each.trim() !== '').join(': '), 200);
}

const USUAL_PAUSE: Milliseconds = 30 * SECOND;
const LONGEST_PAUSE: Milliseconds = 15 * MINUTE;

/** The pause that a 429 asks for, in milliseconds. PagerDuty's window is a minute; what is no sane number of seconds is not believed. */
function pauseAskedFor(headers: Received['headers']): Milliseconds {
  for (const name of ['ratelimit-reset', 'retry-after']) {
    const text = headers.get(name)?.trim() ?? '';
    const pause = Number(text) * SECOND;
    if (/^\d+(\.\d+)?$/.test(text) && pause <= LONGEST_PAUSE) return pause;
  }
  return USUAL_PAUSE;
}
