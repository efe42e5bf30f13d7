import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError } from '@slack/web-api';
import { neverConnected, ServiceFailure } from '#services/failure.ts';

/** The failure that an error of Slack's client means: Slack's own "no", a limit, an HTTP error, or no answer at all. */
export function slackFailure(method: string, error: unknown): ServiceFailure {
  if (error instanceof WebAPIPlatformError) {
    return answeredNo(method, error.data.error, error);
  }
  if (error instanceof WebAPIRateLimitedError) {
    const retryAfterMilliseconds = error.retryAfter * 1_000;
    const message = `Slack allows no more calls for ${error.retryAfter} s (${method})`;
    return new ServiceFailure('slack', 'unavailable', message, { cause: error, retryAfterMilliseconds });
  }
  if (error instanceof WebAPIHTTPError) {
    return new ServiceFailure('slack', 'unclear', `Slack answered HTTP ${error.statusCode} to ${method}`, { cause: error });
  }
  if (neverConnected(error) || READING.has(method)) {
    return new ServiceFailure('slack', 'unavailable', `Slack could not be reached (${method})`, { cause: error });
  }
  return new ServiceFailure('slack', 'unclear', `no answer from Slack to ${method}; it may have been done`, { cause: error });
}

/** Slack's own "no". A body that is not Slack's (a proxy's, say) is no answer of Slack at all: what was asked may have been done. */
export function answeredNo(method: string, error: unknown, cause: unknown): ServiceFailure {
  const code = typeof error === 'string' && /^[a-z_]{1,80}$/.test(error) ? error : null;
  if (code === null) {
    const outcome = READING.has(method) ? 'unavailable' : 'unclear';
    return new ServiceFailure('slack', outcome, `the answer to ${method} is none of Slack's; something in between may have sent it`, {
      cause,
    });
  }
  const outcome = TEMPORARY.has(code) ? 'unavailable' : 'refused';
  return new ServiceFailure('slack', outcome, `Slack answered ${code} to ${method}`, { cause, code });
}

/** Whether Slack says that the message is not there any more. */
export function isGone({ service, code }: ServiceFailure): boolean {
  return service === 'slack' && code === 'message_not_found';
}

/** Whether Slack refuses to let Gapwatch write at all, until somebody mends it. */
export function isClosed({ service, code }: ServiceFailure): boolean {
  return service === 'slack' && code !== null && CLOSED.has(code);
}

const CLOSED: ReadonlySet<string> = new Set([
  'account_inactive',
  'channel_not_found',
  'invalid_auth',
  'is_archived',
  'missing_scope',
  'no_permission',
  'not_authed',
  'not_in_channel',
  'restricted_action',
  'team_access_not_granted',
  'token_expired',
  'token_revoked',
]);

/** Methods that change nothing: without an answer nothing was done. */
const READING: ReadonlySet<string> = new Set([
  'auth.test',
  'chat.getPermalink',
  'conversations.history',
  'conversations.info',
  'conversations.list',
  'conversations.members',
  'conversations.replies',
  'usergroups.list',
  'usergroups.users.list',
  'users.info',
]);

const TEMPORARY: ReadonlySet<string> = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'ratelimited',
  'team_added_to_org',
]);
