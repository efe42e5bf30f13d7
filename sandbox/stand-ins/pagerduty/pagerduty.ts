import { createHmac, randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { z } from 'zod';
import { type Fault, type StandInAnswer, type StandInRequest, serveStandIn } from '../http-stand-in.ts';
import { enqueue, type Taken } from './events-api.ts';

/** An incident as the stand-in keeps it. */
export type PagerDutyIncident = {
  readonly id: string;
  title: string;
  readonly service: string;
  readonly createdAt: Date;
  /** What monitoring has put into it, each in a shape of its own. */
  readonly alerts: unknown[];
  /** It is not this token's to see any more: its own address answers 404. */
  isHidden: boolean;
  /** Another shape than the documented one, where a story wants it. */
  odd: Readonly<Record<string, unknown>>;
  mergedInto: string | null;
  status: 'triggered' | 'acknowledged' | 'resolved';
  acknowledgedBy: string | null;
  assignee: string;
  level: number;
  readonly notes: string[];
  readonly log: string[];
};

export type PagerDutyUser = { readonly id: string; readonly name: string; readonly email: string };
type Webhook = { readonly id: string; readonly type: string; readonly body: string };

export type PagerDutyStandIn = {
  readonly apiUrl: string;
  readonly token: string;
  readonly webhookSecret: string;
  /** What an Events API v2 integration is addressed by; its events go to the same address as the REST API's requests. */
  readonly routingKey: string;
  readonly users: readonly PagerDutyUser[];
  readonly incidents: ReadonlyMap<string, PagerDutyIncident>;
  readonly events: EventEmitter<{ change: [PagerDutyIncident, string] }>;
  fault: ((request: StandInRequest) => Fault | undefined) | undefined;
  afterDelivery: ((request: StandInRequest) => Promise<void> | void) | undefined;
  /** Secrets that sign, in this order; several while one is rotated. */
  secrets: readonly string[];
  /** Who is on call, level by level. */
  levels: readonly (readonly string[])[];
  /** Where webhooks go; null loses them, as a subscription that is switched off does. */
  /** PagerDuty has switched the subscription off after too many refused deliveries: nothing is delivered. */
  isSubscriptionOff: boolean;
  webhookUrl: string | null;
  /** Raises an incident, as an alerting rule does. Returns once its webhook was delivered. */
  readonly fires: (
    title: string,
    options?: { readonly details?: unknown; readonly alerts?: readonly unknown[]; readonly service?: string; readonly createdAt?: Date },
  ) => Promise<PagerDutyIncident>;
  /** A person merges an incident into another one, which gets its alerts. Returns once the webhook was delivered. */
  readonly merges: (from: PagerDutyIncident, into: PagerDutyIncident, by: PagerDutyUser) => Promise<void>;
  /** A person does something in PagerDuty. Returns once its webhook was delivered. */
  readonly does: (incident: PagerDutyIncident, event: string, by: PagerDutyUser, detail?: string) => Promise<void>;
  /** Sends the latest webhook of this kind once more, as PagerDuty does when an answer was lost. Returns the HTTP status. */
  readonly redelivers: (type: string) => Promise<number>;
  readonly close: () => Promise<void>;
};

const TOKEN = 'sandbox-pagerduty-token';
const ROUTING_KEY = '5a4d6b0f5a4d6b0f5a4d6b0f5a4d6b0f';
const BOT_USER: PagerDutyUser = { id: 'PUGAPWATCH', name: 'Gapwatch Bot', email: 'gapwatch@clinic.example' };
const USERS: readonly PagerDutyUser[] = [
  BOT_USER,
  { id: 'PUROBIN', name: 'Robin', email: 'robin@clinic.example' },
  { id: 'PUSAM', name: 'Sam', email: 'sam@clinic.example' },
];

/** Starts a strict stand-in for PagerDuty: its REST API and its webhooks, one event a request, in order for each incident. */
export async function startPagerDuty(now: () => number): Promise<PagerDutyStandIn> {
  const incidents = new Map<string, PagerDutyIncident>();
  const delivered: Webhook[] = [];
  const queues = new Map<string, Promise<void>>();
  const closing = new AbortController();
  const server = await serveStandIn(
    (request) => answerRequest(request),
    (request) => standIn.fault?.(request),
    (request) => standIn.afterDelivery?.(request),
  );
  const deliver = (incident: PagerDutyIncident, type: string, data: unknown, agent: string | null): Promise<void> => {
    incident.log.push(type);
    standIn.events.emit('change', incident, type);
    const webhook = { id: randomUUID(), type, body: webhookBody(type, data, agent, now()) };
    const before = queues.get(incident.id) ?? Promise.resolve();
    const after = before.then(() => sendUntilTaken(standIn, webhook, delivered, closing.signal));
    queues.set(incident.id, after);
    return after;
  };
  const change = (incident: PagerDutyIncident, event: string, agent: string | null, extra: Readonly<Record<string, unknown>> = {}) =>
    deliver(incident, `incident.${event}`, { ...publicIncident(incident), ...extra }, agent);

  function answerRequest(request: StandInRequest): StandInAnswer {
    if (request.path === '/v2/enqueue') return enqueue(request, ROUTING_KEY, taken);
    if (request.headers.authorization !== `Token token=${TOKEN}`) return refused(401, 2006, 'You are not authenticated');
    const url = new URL(request.path, 'http://x');
    const [, resource, id, sub] = url.pathname.split('/');
    if (resource === 'oncalls') {
      const asked = url.searchParams.getAll('escalation_policy_ids[]');
      if (!asked.includes('PESCALATE')) return ok({ oncalls: [] });
      const oncalls = standIn.levels.flatMap((names, index) =>
        names.map((summary) => ({ escalation_level: index + 1, user: { id: `PU${index + 1}`, summary } })),
      );
      return ok({ oncalls });
    }
    if (resource === 'webhook_subscriptions') {
      const temporarily_disabled = standIn.isSubscriptionOff;
      const url = standIn.webhookUrl ?? 'https://elsewhere.example/pagerduty/webhook';
      return ok({ webhook_subscriptions: [{ id: 'PWH1', active: true, delivery_method: { url, temporarily_disabled } }] });
    }
    if (resource === 'abilities') return ok({ abilities: [] });
    if (resource === 'users') return ok({ users: USERS.filter(({ email }) => email.includes(url.searchParams.get('query') ?? '')) });
    if (resource !== 'incidents') return refused(404, 2100, 'Not Found');
    if (id === undefined) return ok(page(url, 'incidents', listed(url)));
    const incident = incidents.get(decodeURIComponent(id));
    if (!incident || incident.isHidden) return refused(404, 2100, 'Not Found');
    if (sub === 'alerts') return ok(page(url, 'alerts', incident.alerts));
    if (sub === 'notes' && request.method === 'GET') return ok({ notes: incident.notes.map((content) => ({ content })) });
    if (request.method === 'GET') return ok({ incident: publicIncident(incident) });
    const user = USERS.find(({ email }) => email === request.headers.from);
    if (!user) return refused(400, 1008, 'Requester User Not Found');
    return sub === 'notes' ? addNote(incident, request, user) : putIncident(incident, request, user);
  }

  function listed(url: URL): readonly unknown[] {
    const statuses = url.searchParams.getAll('statuses[]');
    const newestFirst = [...incidents.values()].toReversed().toSorted((one, other) => other.createdAt.getTime() - one.createdAt.getTime());
    return newestFirst.filter(({ status, isHidden }) => statuses.includes(status) && !isHidden).map(publicIncident);
  }

  function addNote(incident: PagerDutyIncident, { body }: StandInRequest, user: PagerDutyUser): StandInAnswer {
    const { note } = z.object({ note: z.object({ content: z.string().min(1) }) }).parse(JSON.parse(body.toString()));
    incident.notes.push(note.content);
    void deliver(
      incident,
      'incident.annotated',
      { id: randomUUID(), type: 'incident_note', incident: { id: incident.id }, content: note.content },
      user.name,
    );
    return ok({ note });
  }

  function putIncident(incident: PagerDutyIncident, { body }: StandInRequest, user: PagerDutyUser): StandInAnswer {
    const { incident: wanted } = putSchema.parse(JSON.parse(body.toString()));
    if (wanted.status === 'acknowledged') {
      if (incident.status === 'acknowledged') return refused(400, 1002, 'Incident Already Acknowledged');
      const event = incident.status === 'resolved' ? 'reopened' : 'acknowledged';
      Object.assign(incident, { status: 'acknowledged', acknowledgedBy: user.name, assignee: user.name });
      void change(incident, event, user.name);
    } else if (wanted.status === 'resolved') {
      if (incident.status === 'resolved') return refused(400, 1001, 'Incident Already Resolved');
      incident.status = 'resolved';
      void change(incident, 'resolved', user.name);
    } else if (wanted.escalation_level !== undefined) {
      if (wanted.escalation_level > standIn.levels.length)
        return refused(400, 2001, 'Invalid Input Provided', ['Escalation level is invalid']);
      incident.level = wanted.escalation_level;
      incident.status = 'triggered';
      void change(incident, 'escalated', user.name);
    } else if (wanted.assignments) {
      incident.assignee = USERS.find(({ id }) => id === wanted.assignments?.[0]?.assignee.id)?.name ?? incident.assignee;
      void change(incident, 'reassigned', user.name, { assignees: [{ summary: incident.assignee }] });
    }
    return ok({ incident: publicIncident(incident) });
  }

  function open(title: string, alerts: readonly unknown[], service: string, createdAt: Date): PagerDutyIncident {
    const id = `PD${String(incidents.size + 1).padStart(6, '0')}`;
    const state = { status: 'triggered' as const, acknowledgedBy: null, assignee: 'Robin', level: 1, notes: [], log: [] };
    const usual = { isHidden: false, odd: {}, mergedInto: null };
    const incident: PagerDutyIncident = { id, title, service, createdAt, alerts: [...alerts], ...usual, ...state };
    incidents.set(id, incident);
    return incident;
  }

  /** The alert under a key, as long as it is open: a trigger under the same key is the same alert, after its end a new one. */
  const byKey = new Map<string, PagerDutyIncident>();
  const openUnder = (key: string) => {
    const incident = byKey.get(key);
    return incident?.status === 'resolved' ? undefined : incident;
  };
  const taken: Taken = {
    triggers: (key, summary, details) => {
      if (openUnder(key)) return;
      const incident = open(summary, [alertOf(summary, details)], 'Clinic', new Date(now()));
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

  const standIn: PagerDutyStandIn = {
    apiUrl: server.url,
    token: TOKEN,
    routingKey: ROUTING_KEY,
    webhookSecret: 'sandbox-webhook-secret',
    users: USERS,
    incidents,
    events: new EventEmitter(),
    fault: undefined,
    afterDelivery: undefined,
    secrets: ['sandbox-webhook-secret'],
    levels: [['Robin'], ['Sam', 'Kim']],
    webhookUrl: null,
    isSubscriptionOff: false,
    fires: async (title, { details = {}, alerts = [alertOf(title, details)], service = 'Clinic', createdAt = new Date(now()) } = {}) => {
      const incident = open(title, alerts, service, createdAt);
      await change(incident, 'triggered', null);
      return incident;
    },
    merges: async (from, into, by) => {
      Object.assign(from, { status: 'resolved', mergedInto: into.id });
      into.alerts.push(...from.alerts.splice(0));
      await change(from, 'resolved', by.name);
    },
    does: async (incident, event, by, detail = '') => {
      if (event === 'annotated') {
        incident.notes.push(detail);
        return deliver(incident, 'incident.annotated', { type: 'incident_note', incident: { id: incident.id }, content: detail }, by.name);
      }
      const status = STATUS_AFTER[event];
      if (status) incident.status = status;
      if (event === 'acknowledged') incident.acknowledgedBy = by.name;
      return change(incident, event, by.name);
    },
    redelivers: async (type) => {
      const webhook = delivered.findLast((each) => each.type === type);
      if (!webhook || standIn.webhookUrl === null) throw new Error(`no webhook ${type} was delivered`);
      return sendOnce(standIn.webhookUrl, standIn.secrets, webhook, closing.signal);
    },
    close: async () => {
      closing.abort();
      await server.close();
    },
  };
  return standIn;
}

const STATUS_AFTER: Readonly<Record<string, PagerDutyIncident['status']>> = {
  acknowledged: 'acknowledged',
  unacknowledged: 'triggered',
  reopened: 'triggered',
  resolved: 'resolved',
};

const putSchema = z.object({
  incident: z.object({
    type: z.literal('incident_reference'),
    status: z.enum(['acknowledged', 'resolved']).optional(),
    escalation_level: z.number().int().min(1).max(20).optional(),
    assignments: z.array(z.object({ assignee: z.object({ id: z.string(), type: z.literal('user_reference') }) })).optional(),
  }),
});

/** An alert as most integrations send it. */
function alertOf(summary: string, details: unknown): unknown {
  return { id: randomUUID(), type: 'alert', summary, body: { type: 'alert_body', contexts: [], details } };
}

/** A page of a list, as `limit` (at most 100) and `offset` ask for it. */
function page(url: URL, name: string, all: readonly unknown[]): Readonly<Record<string, unknown>> {
  const limit = Math.min(100, Number(url.searchParams.get('limit') ?? 25));
  const offset = Number(url.searchParams.get('offset') ?? 0);
  return { [name]: all.slice(offset, offset + limit), limit, offset, total: null, more: all.length > offset + limit };
}

function publicIncident(incident: PagerDutyIncident) {
  return {
    id: incident.id,
    type: 'incident',
    title: incident.title,
    summary: incident.title,
    html_url: `https://clinic.pagerduty.example/incidents/${incident.id}`,
    created_at: incident.createdAt.toISOString(),
    status: incident.status,
    service: { id: 'PS1', summary: incident.service },
    escalation_policy: { id: 'PESCALATE', summary: 'Clinic' },
    priority: null,
    conference_bridge: null,
    teams: [],
    alert_counts: { all: incident.alerts.length, triggered: incident.alerts.length, resolved: 0 },
    resolve_reason: incident.mergedInto
      ? { type: 'merge_resolve_reason', incident: { id: incident.mergedInto, type: 'incident_reference' } }
      : null,
    acknowledgements: incident.acknowledgedBy ? [{ acknowledger: { id: 'PU', summary: incident.acknowledgedBy } }] : [],
    ...incident.odd,
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

async function sendUntilTaken(standIn: PagerDutyStandIn, webhook: Webhook, delivered: Webhook[], signal: AbortSignal): Promise<void> {
  delivered.push(webhook);
  for (let attempt = 0; attempt < 600 && !signal.aborted; attempt += 1) {
    if (standIn.webhookUrl === null) return;
    const status = await sendOnce(standIn.webhookUrl, standIn.secrets, webhook, signal).catch(() => 503);
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

function ok(body: unknown): StandInAnswer {
  return { status: 200, body: JSON.stringify(body) };
}

function refused(status: number, code: number, message: string, errors: readonly string[] = []): StandInAnswer {
  return { status, body: JSON.stringify({ error: { code, message, errors } }) };
}
