import { createHmac, randomUUID } from 'node:crypto';
import { publicIncident } from './incidents.ts';
import type { PagerDutyIncident, PagerDutyState } from './state.ts';

type Webhook = { readonly id: string; readonly type: string; readonly body: string };

export type PagerDutyWebhooks = {
  /** Tells of a change of an incident, with its public form and `extra` as the data. Returns once the webhook was delivered. */
  readonly change: (
    incident: PagerDutyIncident,
    event: string,
    agent: string | null,
    extra?: Readonly<Record<string, unknown>>,
  ) => Promise<void>;
  /** Tells of a note, with `extra` as more of its data. Returns once the webhook was delivered. */
  readonly annotated: (
    incident: PagerDutyIncident,
    content: string,
    agent: string,
    extra?: Readonly<Record<string, unknown>>,
  ) => Promise<void>;
  /** Sends the latest webhook of this kind once more. Returns the HTTP status; rejects when there was none. */
  readonly redelivers: (type: string) => Promise<number>;
  /** Ends deliveries, also the one under way. */
  readonly stop: () => void;
};

/** The webhooks of a stand-in: one event a request, in order for each incident, each sent again until it is taken. */
export function pagerDutyWebhooks(state: PagerDutyState): PagerDutyWebhooks {
  const delivered: Webhook[] = [];
  const queues = new Map<string, Promise<void>>();
  const closing = new AbortController();
  const deliver = (incident: PagerDutyIncident, type: string, data: unknown, agent: string | null): Promise<void> => {
    incident.log.push(type);
    state.events.emit('change', incident, type);
    const webhook = { id: randomUUID(), type, body: webhookBody(type, data, agent, state.now()) };
    const before = queues.get(incident.id) ?? Promise.resolve();
    const after = before.then(() => sendUntilTaken(state, webhook, delivered, closing.signal));
    queues.set(incident.id, after);
    return after;
  };
  return {
    change: (incident, event, agent, extra = {}) =>
      deliver(incident, `incident.${event}`, { ...publicIncident(incident), ...extra }, agent),
    annotated: (incident, content, agent, extra = {}) =>
      deliver(incident, 'incident.annotated', { ...extra, type: 'incident_note', incident: { id: incident.id }, content }, agent),
    redelivers: async (type) => {
      const webhook = delivered.findLast((each) => each.type === type);
      if (!webhook || state.webhookUrl === null) throw new Error(`no webhook ${type} was delivered`);
      return sendOnce(state.webhookUrl, state.secrets, webhook, closing.signal);
    },
    stop: () => closing.abort(),
  };
}

/** A V3 webhook's body. */
export function webhookBody(type: string, data: unknown, agent: string | null, at: number): string {
  const event = {
    id: randomUUID(),
    event_type: type,
    resource_type: 'incident',
    occurred_at: new Date(at).toISOString(),
    agent: agent === null ? null : { id: 'PU', type: 'user_reference', summary: agent },
    client: null,
    data,
  };
  return JSON.stringify({ event });
}

/** The signature header of a V3 webhook, one entry for each secret. */
export function webhookSignature(body: string | Buffer, secrets: readonly string[]): string {
  return secrets.map((secret) => `v1=${createHmac('sha256', secret).update(body).digest('hex')}`).join(',');
}

async function sendUntilTaken(state: PagerDutyState, webhook: Webhook, delivered: Webhook[], signal: AbortSignal): Promise<void> {
  delivered.push(webhook);
  for (let attempt = 0; attempt < 600 && !signal.aborted; attempt += 1) {
    if (state.webhookUrl === null) return;
    const status = await sendOnce(state.webhookUrl, state.secrets, webhook, signal).catch(() => 503);
    // 5xx and 429 are sent again; any other answer ends the delivery.
    if (status < 500 && status !== 429) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function sendOnce(url: string, secrets: readonly string[], { id, body }: Webhook, signal: AbortSignal): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-pagerduty-signature': webhookSignature(body, secrets), 'x-webhook-id': id },
    body,
    signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]),
  });
  await response.arrayBuffer();
  return response.status;
}
