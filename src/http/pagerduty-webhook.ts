import type { IncomingMessage, ServerResponse } from 'node:http';
import { foreignLine } from '#domain/base/text/sanitize.ts';
import { utcHour } from '#domain/base/time.ts';
import { sha256 } from '#store/hash-chain.ts';
import type { AppContext } from '#workflows/context.ts';
import { receiveWebhook } from '#workflows/intake/receive-webhook.ts';
import { readWebhook } from './pagerduty-event.ts';
import { isSignedByPagerDuty } from './pagerduty-signature.ts';
import { BodyTooLarge, readBody } from './read-body.ts';

/** PagerDuty's largest webhook is 256 KB. */
const BODY_LIMIT_BYTES = 256 * 1024;
/** So many bad signatures in a row mean a wrong secret here rather than a stranger there. */
const SUSPICIOUS = 3;

/**
 * Returns `POST /pagerduty/webhook`: 202 once the event is kept, 401 without a valid signature, 413 over 256 KB, 503 when the
 * store is down, so that PagerDuty sends it again. Anything else that is signed is kept and answered 2xx: PagerDuty drops other
 * 4xx for good and after three of them switches the subscription off.
 */
export function pagerDutyWebhook(context: AppContext, secrets: readonly string[]) {
  let badSignatures = 0;
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request, BODY_LIMIT_BYTES).catch((error: unknown) => {
      if (error instanceof BodyTooLarge) return null;
      throw error;
    });
    if (body === null) return answer(response, 413, 'a webhook has at most 256 KB');
    if (!isSignedByPagerDuty(body, header(request, 'x-pagerduty-signature'), secrets)) {
      badSignatures += 1;
      context.log.warn({ badSignatures }, 'a PagerDuty webhook had no valid signature');
      if (badSignatures === SUSPICIOUS) await warnOfBadSignatures(context);
      return answer(response, 401, 'the signature matches none of our secrets (PAGERDUTY_WEBHOOK_SECRET)');
    }
    badSignatures = 0;
    await keep(context, request, response, body);
  };
}

async function keep(context: AppContext, request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> {
  const text = body.toString('utf8');
  const { id, type, event } = readWebhook(text);
  const webhookId = foreignLine(header(request, 'x-webhook-id') ?? '', 200) || `sha256:${sha256(body)}`;
  const isPlain = Buffer.from(text, 'utf8').equals(body) && !text.includes('\u0000');
  try {
    await receiveWebhook(
      context,
      {
        webhookId,
        eventId: id || webhookId,
        eventType: type || 'unreadable',
        receivedAt: context.now(),
        body: isPlain ? text : `base64:${body.toString('base64')}`,
      },
      event,
    );
  } catch (error) {
    context.log.error({ err: error }, 'a webhook could not be kept; PagerDuty will send it again');
    return answer(response, 503, 'the event could not be kept; send it again');
  }
  if (type === '') context.log.warn({ webhookId }, 'a signed webhook had a shape that Gapwatch does not know; it was kept');
  answer(response, 202, 'kept');
}

async function warnOfBadSignatures(context: AppContext): Promise<void> {
  const now = context.now();
  const key = `bad-signatures/${utcHour(now)}`;
  await context.jobs
    .enqueue(
      context.database,
      { queue: 'slack', key, data: { kind: 'warning', key, warning: 'bad-signatures', details: {} }, dueAt: now },
      now,
    )
    .catch((error: unknown) => context.log.error({ err: error }, 'the warning about bad signatures could not be kept'));
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
