import { z } from 'zod';
import type { StandInAnswer, StandInRequest } from '../http-stand-in.ts';
import { alertOf, openIncident } from './incidents.ts';
import type { PagerDutyIncident, PagerDutyState } from './state.ts';
import type { PagerDutyWebhooks } from './webhooks.ts';

const BIGGEST_BODY = 512 * 1024;

const payload = z.object({
  summary: z.string().min(1).max(1_024),
  source: z.string().min(1),
  severity: z.enum(['critical', 'error', 'warning', 'info']),
  timestamp: z.iso.datetime({ offset: true }).optional(),
  component: z.string().optional(),
  group: z.string().optional(),
  class: z.string().optional(),
  custom_details: z.unknown().optional(),
});
const common = z.object({
  routing_key: z.string().length(32),
  client: z.string().optional(),
  client_url: z.string().optional(),
  links: z.array(z.object({ href: z.string(), text: z.string().optional() })).optional(),
});
const key = z.string().min(1).max(255);
const eventSchema = z.discriminatedUnion('event_action', [
  common.extend({ event_action: z.literal('trigger'), dedup_key: key.optional(), payload }),
  common.extend({ event_action: z.literal('acknowledge'), dedup_key: key }),
  common.extend({ event_action: z.literal('resolve'), dedup_key: key }),
]);

/** What follows from an event that was taken. */
export type Taken = {
  readonly triggers: (key: string, summary: string, details: unknown) => void;
  readonly acknowledges: (key: string) => void;
  readonly resolves: (key: string) => void;
};

/** Returns `POST /v2/enqueue` as the Events API v2 does: 202 when the event is well formed and its routing key known, else 400 and why. */
export function enqueue({ body }: StandInRequest, routingKey: string, taken: Taken): StandInAnswer {
  if (body.length > BIGGEST_BODY) return invalid(413, 'Event object is too large');
  const parsed = eventSchema.safeParse(jsonOf(body));
  if (!parsed.success)
    return invalid(
      400,
      'Event object is invalid',
      parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    );
  if (parsed.data.routing_key !== routingKey) return invalid(400, 'Event object is invalid', ["'routing_key' is invalid or inactive"]);
  const event = parsed.data;
  const dedup_key = event.dedup_key ?? `made-up-${body.length}`;
  switch (event.event_action) {
    case 'trigger':
      taken.triggers(dedup_key, event.payload.summary, event.payload.custom_details ?? {});
      break;
    case 'acknowledge':
      taken.acknowledges(dedup_key);
      break;
    case 'resolve':
      taken.resolves(dedup_key);
      break;
    default:
      return event satisfies never;
  }
  return { status: 202, body: JSON.stringify({ status: 'success', message: 'Event processed', dedup_key }) };
}

/** Makes incidents of events. A trigger under the key of an open alert is that alert, after its end a new one. Waits for no webhook. */
export function alertsByKey(state: PagerDutyState, { change }: PagerDutyWebhooks): Taken {
  const byKey = new Map<string, PagerDutyIncident>();
  const openUnder = (key: string) => {
    const incident = byKey.get(key);
    return incident?.status === 'resolved' ? undefined : incident;
  };
  return {
    triggers: (key, summary, details) => {
      if (openUnder(key)) return;
      const incident = openIncident(state, summary, [alertOf(summary, details)], 'Clinic', new Date(state.now()));
      byKey.set(key, incident);
      void change(incident, 'triggered', null);
    },
    acknowledges: (key) => {
      const incident = openUnder(key);
      if (!incident) return;
      incident.status = 'acknowledged';
      void change(incident, 'acknowledged', null);
    },
    resolves: (key) => {
      const incident = openUnder(key);
      if (!incident) return;
      incident.status = 'resolved';
      void change(incident, 'resolved', null);
    },
  };
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return null;
  }
}

function invalid(status: number, message: string, errors: readonly string[] = []): StandInAnswer {
  return { status, body: JSON.stringify({ status: 'invalid event', message, errors }) };
}
