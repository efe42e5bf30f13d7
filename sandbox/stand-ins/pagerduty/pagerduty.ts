import { EventEmitter } from 'node:events';
import { serveStandIn } from '../http-stand-in.ts';
import { alertsByKey, enqueue } from './events-api.ts';
import { type PagerDutyPeople, pagerDutyPeople } from './people.ts';
import { answerRest, TOKEN } from './rest.ts';
import { type PagerDutyIncident, type PagerDutySettings, type PagerDutyState, type PagerDutyUser, USERS } from './state.ts';
import { pagerDutyWebhooks } from './webhooks.ts';

export type PagerDutyStandIn = PagerDutySettings &
  PagerDutyPeople & {
    readonly apiUrl: string;
    readonly token: string;
    readonly webhookSecret: string;
    /** What an Events API v2 integration is addressed by; its events go to the same address as the REST API's requests. */
    readonly routingKey: string;
    readonly users: readonly PagerDutyUser[];
    readonly incidents: ReadonlyMap<string, PagerDutyIncident>;
    /** Sends the latest webhook of this kind once more, as PagerDuty does when an answer was lost. Returns the HTTP status. */
    readonly redelivers: (type: string) => Promise<number>;
    readonly close: () => Promise<void>;
  };

const ROUTING_KEY = '5a4d6b0f5a4d6b0f5a4d6b0f5a4d6b0f';
const WEBHOOK_SECRET = 'sandbox-webhook-secret';

/** Starts a strict stand-in for PagerDuty: its REST API and its webhooks, one event a request, in order for each incident. */
export async function startPagerDuty(now: () => number): Promise<PagerDutyStandIn> {
  const state: PagerDutyState = {
    now,
    incidents: new Map(),
    events: new EventEmitter(),
    fault: undefined,
    afterDelivery: undefined,
    secrets: [WEBHOOK_SECRET],
    levels: [['Robin'], ['Sam', 'Kim']],
    webhookUrl: null,
    isSubscriptionOff: false,
  };
  const webhooks = pagerDutyWebhooks(state);
  const alerts = alertsByKey(state, webhooks);
  const server = await serveStandIn(
    (request) => (request.path === '/v2/enqueue' ? enqueue(request, ROUTING_KEY, alerts) : answerRest(state, webhooks, request)),
    (request) => state.fault?.(request),
    (request) => state.afterDelivery?.(request),
  );
  // The state itself, not a copy: what a story sets on the stand-in, its parts must see.
  return Object.assign(state, {
    apiUrl: server.url,
    token: TOKEN,
    routingKey: ROUTING_KEY,
    webhookSecret: WEBHOOK_SECRET,
    users: USERS,
    ...pagerDutyPeople(state, webhooks),
    redelivers: webhooks.redelivers,
    close: async () => {
      webhooks.stop();
      await server.close();
    },
  });
}
