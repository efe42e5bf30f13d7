import type { Severity } from '#domain/watch/alarm.ts';
import { callEvents, type Tempo } from './client.ts';

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
  /** Sends an event. Throws {@link ServiceFailure}; a 429 is retried three times within seconds, nothing else. */
  readonly send: (event: AlertEvent) => Promise<void>;
};

type Connection = { readonly url: string; readonly routingKey: string; readonly tempo?: Tempo };

/** The longest summary that PagerDuty keeps. */
const LONGEST_SUMMARY = 1_024;

/** Connects to the service that the routing key names; nothing is asked until an event is sent. */
export function connectPagerDutyEvents({ url, routingKey, tempo }: Connection): PagerDutyEvents {
  return { send: (event) => callEvents(new URL('/v2/enqueue', url), bodyOf(event, routingKey), tempo) };
}

function bodyOf(event: AlertEvent, routing_key: string): object {
  const common = { routing_key, event_action: event.action, dedup_key: event.key };
  if (event.action === 'resolve') return common;
  const { summary, severity, source, at, details } = event;
  const payload = { summary: summary.slice(0, LONGEST_SUMMARY), severity, source, timestamp: at.toISOString(), custom_details: details };
  return { ...common, client: 'Gapwatch', payload: { ...payload, component: 'audit log' } };
}
