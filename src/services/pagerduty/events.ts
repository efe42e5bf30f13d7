import { z } from 'zod';
import { redactLine } from '#domain/base/text/foreign.ts';
import type { Severity } from '#domain/watch/alarm.ts';
import { neverConnected, ServiceFailure } from '#services/failure.ts';

/** An alert for PagerDuty: raised or over. Under the same key it is the same alert. */
export type AlertEvent =
  | {
      readonly action: 'trigger';
      readonly key: string;
      readonly summary: string;
      readonly severity: Severity;
      readonly source: string;
      readonly at: Date;
      readonly details: Readonly<Record<string, string>>;
    }
  | { readonly action: 'resolve'; readonly key: string };

/** PagerDuty's Events API v2 (https://developer.pagerduty.com/docs/events-api-v2-overview). Sending twice under one key does no harm. */
export type PagerDutyEvents = {
  /** Sends an event. Throws {@link ServiceFailure}; it never retries by itself. */
  readonly send: (event: AlertEvent) => Promise<void>;
};

type Connection = { readonly url: string; readonly routingKey: string };

const DEADLINE_MILLISECONDS = 10_000;
/** The longest summary that PagerDuty keeps. */
const LONGEST_SUMMARY = 1_024;

/** Connects to the service that the routing key names; nothing is asked until an event is sent. */
export function connectPagerDutyEvents({ url, routingKey }: Connection): PagerDutyEvents {
  return {
    send: async (event) => {
      const response = await fetch(new URL('/v2/enqueue', url), {
        method: 'POST',
        signal: AbortSignal.timeout(DEADLINE_MILLISECONDS),
        redirect: 'manual',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(bodyOf(event, routingKey)),
      }).catch((cause: unknown) => Promise.reject(noAnswer(cause)));
      const text = await response.text().catch((cause: unknown) => Promise.reject(noAnswer(cause)));
      if (response.status !== 202) throw refusal(response, text);
    },
  };
}

function bodyOf(event: AlertEvent, routing_key: string): unknown {
  const common = { routing_key, event_action: event.action, dedup_key: event.key };
  if (event.action === 'resolve') return common;
  const { summary, severity, source, at, details } = event;
  const payload = { summary: summary.slice(0, LONGEST_SUMMARY), severity, source, timestamp: at.toISOString(), custom_details: details };
  return { ...common, client: 'Gapwatch', payload: { ...payload, component: 'audit log' } };
}

function noAnswer(cause: unknown): ServiceFailure {
  const outcome = neverConnected(cause) ? 'unavailable' : 'unclear';
  return new ServiceFailure('pagerduty-events', outcome, "PagerDuty's Events API could not be reached", { cause });
}

const errorSchema = z.object({ message: z.string().optional(), errors: z.array(z.string()).optional() });

function refusal({ status, headers }: Response, text: string): ServiceFailure {
  const { message, errors = [] } = errorOf(text);
  const why = redactLine([message ?? '', ...errors].filter((each) => each !== '').join(': '), 200);
  const said = `PagerDuty's Events API answered ${status}${why === '' ? '' : ` (${why})`}`;
  if (status === 429) {
    const seconds = Number(headers.get('retry-after') ?? 30);
    const retryAfterMilliseconds = (Number.isFinite(seconds) ? seconds : 30) * 1_000;
    return new ServiceFailure('pagerduty-events', 'unavailable', said, { retryAfterMilliseconds });
  }
  return new ServiceFailure('pagerduty-events', status >= 500 ? 'unavailable' : 'refused', said);
}

function errorOf(text: string): z.infer<typeof errorSchema> {
  try {
    return errorSchema.parse(JSON.parse(text));
  } catch {
    return {};
  }
}
