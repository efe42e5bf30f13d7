import { z } from 'zod';
import type { RawText } from '#domain/base/text/foreign.ts';
import { foreignLine } from '#domain/base/text/sanitize.ts';
import { ServiceFailure } from '#services/failure.ts';
import { callRest, type RestRequest, type Tempo } from './client.ts';
import {
  alertsSchema,
  incidentOf,
  incidentsSchema,
  notesSchema,
  onCallsSchema,
  oneIncidentSchema,
  type PagerDutyIncident,
  policyOfIncidentSchema,
  readableIncidents,
  subscriptionsSchema,
  usersSchema,
  wordsOfAlert,
} from './shapes.ts';

export type { PagerDutyIncident } from './shapes.ts';

/** What came of an action: done now, or found done already, and by whom where PagerDuty says so. */
export type ActionOutcome = { readonly already: 'acknowledged' | 'resolved' | null; readonly by: string | null };

/** PagerDuty's REST API as Gapwatch uses it. Every method throws {@link ServiceFailure}; a 429 is retried three times within seconds, nothing else. */
export type PagerDuty = {
  readonly incident: (id: string) => Promise<PagerDutyIncident>;
  /** Whether `matches` says yes to the words of any of the incident's alerts; every page is read until one does. */
  readonly hasAlert: (id: string, matches: (words: RawText) => boolean) => Promise<boolean>;
  /** The incidents that are triggered or acknowledged now, newest first, at most 2,000; and the IDs of those that can't be read. */
  readonly openIncidents: () => Promise<{ readonly incidents: readonly PagerDutyIncident[]; readonly unreadable: readonly string[] }>;
  /** Acknowledges a triggered incident; what a person acknowledged or resolved before is respected. */
  readonly acknowledge: (id: string) => Promise<ActionOutcome>;
  /** Acknowledges as the user with this e-mail address, so that PagerDuty shows the right responder. */
  readonly acknowledgeAs: (id: string, email: string) => Promise<ActionOutcome>;
  /** The name that PagerDuty shows for Gapwatch's own user; null when it has none. */
  readonly ownName: () => Promise<string | null>;
  readonly pageLevel: (id: string, level: number) => Promise<void>;
  /** Who is on call for the incident's escalation policy now, level by level. */
  readonly onCalls: (id: string) => Promise<readonly OnCall[]>;
  readonly resolve: (id: string) => Promise<ActionOutcome>;
  /** Adds a note, unless one with the same text is there already. */
  readonly note: (id: string, text: string) => Promise<void>;
  /** The webhook subscriptions of the account, as far as the token may see them. */
  readonly subscriptions: () => Promise<readonly Subscription[]>;
  /** Asks something harmless, to see that address and token work. */
  readonly ping: () => Promise<void>;
};

/** A webhook subscription: where it delivers to, and whether it does. */
export type Subscription = { readonly url: string; readonly isActive: boolean };

export type OnCall = { readonly level: number; readonly names: readonly string[] };

type Connection = { readonly apiUrl: string; readonly token: string; readonly fromEmail: string; readonly tempo?: Tempo };

/** Connects to PagerDuty; nothing is asked until a method is called. How pdjs is tamed: docs/decisions/0003-pagerduty-by-pdjs.md. */
export function connectPagerDuty(connection: Connection): PagerDuty {
  const call = callsTo(connection);
  const { get, put } = call;
  const incident = async (id: string) => incidentOf((await get(`/incidents/${seg(id)}`, oneIncidentSchema)).incident);
  return {
    incident,
    hasAlert: (id, matches) => hasAlert(get, id, matches),
    openIncidents: () => openIncidents(get),
    acknowledge: (id) => acknowledge(incident, put, id),
    acknowledgeAs: (id, email) => acknowledgeAs(call, incident, id, email),
    ownName: async () => (await userOf(get, connection.fromEmail))?.name ?? null,
    onCalls: (id) => onCalls(get, id),
    pageLevel: async (id, level) => {
      await put(id, { escalation_level: level });
    },
    resolve: async (id) => {
      if ((await incident(id)).status === 'resolved') return { already: 'resolved', by: null };
      await put(id, { status: 'resolved' });
      return { already: null, by: null };
    },
    note: (id, text) => note(call, id, text),
    subscriptions: async () =>
      (await get('/webhook_subscriptions?limit=100', subscriptionsSchema)).webhook_subscriptions.map(({ active, delivery_method }) => ({
        url: delivery_method?.url ?? '',
        isActive: active !== false && delivery_method?.temporarily_disabled !== true,
      })),
    ping: async () => {
      await get('/abilities', z.unknown());
    },
  };
}

type Get = <Shape>(path: string, shape: z.ZodType<Shape>) => Promise<Shape>;
type Put = (id: string, change: Readonly<Record<string, unknown>>, from?: string) => Promise<unknown>;
type Post = (path: string, body: object) => Promise<unknown>;
type Calls = { readonly get: Get; readonly put: Put; readonly post: Post };

function callsTo({ apiUrl, token, fromEmail, tempo }: Connection): Calls {
  const request = (method: RestRequest['method'], path: string) => ({ method, url: new URL(path, apiUrl), token });
  return {
    get: (path, shape) => callRest(request('GET', path), shape, tempo),
    put: (id, change, from = fromEmail) => {
      const body = { incident: { type: 'incident_reference', ...change } };
      return callRest({ ...request('PUT', `/incidents/${seg(id)}`), from, body }, z.unknown(), tempo);
    },
    post: (path, body) => callRest({ ...request('POST', path), from: fromEmail, body }, z.unknown(), tempo),
  };
}

/** So few a page: the details of one alert may have 512 KB. */
const ALERTS_A_PAGE = 25;
/** PagerDuty keeps at most 1,000 alerts in an incident. */
const MOST_ALERTS = 1_000;

async function hasAlert(get: Get, id: string, matches: (words: RawText) => boolean): Promise<boolean> {
  for (let offset = 0; offset < MOST_ALERTS; offset += ALERTS_A_PAGE) {
    const { alerts, more } = await get(`/incidents/${seg(id)}/alerts?limit=${ALERTS_A_PAGE}&offset=${offset}`, alertsSchema);
    if (alerts.some((alert) => matches(wordsOfAlert(alert)))) return true;
    if (more !== true) break;
  }
  return false;
}

async function onCalls(get: Get, id: string): Promise<readonly OnCall[]> {
  const policy = (await get(`/incidents/${seg(id)}`, policyOfIncidentSchema)).incident.escalation_policy;
  if (!policy) return [];
  const { oncalls } = await get(`/oncalls?escalation_policy_ids[]=${seg(policy.id)}&limit=100`, onCallsSchema);
  const levels = [...new Set(oncalls.map(({ escalation_level }) => escalation_level))].toSorted((one, other) => one - other);
  return levels.map((level) => {
    const names = oncalls.flatMap(({ escalation_level, user }) =>
      escalation_level === level ? [foreignLine(user?.summary ?? 'somebody', 80)] : [],
    );
    return { level, names: [...new Set(names)] };
  });
}

const INCIDENTS_A_PAGE = 100;
const MOST_INCIDENTS = 2_000;

async function openIncidents(get: Get): ReturnType<PagerDuty['openIncidents']> {
  const incidents: PagerDutyIncident[] = [];
  const unreadable: string[] = [];
  for (let offset = 0; offset < MOST_INCIDENTS; offset += INCIDENTS_A_PAGE) {
    const query = `statuses[]=triggered&statuses[]=acknowledged&limit=${INCIDENTS_A_PAGE}&offset=${offset}&sort_by=created_at:desc`;
    const page = await get(`/incidents?${query}`, incidentsSchema);
    const read = readableIncidents(page.incidents);
    incidents.push(...read.incidents);
    unreadable.push(...read.unreadable);
    if (page.more !== true) break;
  }
  return { incidents, unreadable };
}

/** Acknowledging a resolved incident would reopen it, so its state is read right before. */
async function acknowledge(incident: PagerDuty['incident'], put: Put, id: string): Promise<ActionOutcome> {
  const before = await incident(id);
  if (before.status !== 'triggered') return { already: before.status, by: before.acknowledgedBy };
  await put(id, { status: 'acknowledged' });
  return { already: null, by: null };
}

async function acknowledgeAs({ get, put }: Calls, incident: PagerDuty['incident'], id: string, email: string): Promise<ActionOutcome> {
  const before = await incident(id);
  if (before.status === 'resolved') return { already: 'resolved', by: null };
  const user = await userOf(get, email);
  if (!user) throw new ServiceFailure('pagerduty', 'refused', 'no PagerDuty user has the e-mail address of this Slack user');
  if (before.status === 'triggered') await put(id, { status: 'acknowledged' }, user.email);
  // An acknowledged incident can't be acknowledged again; assigning it shows the person as its responder.
  else await put(id, { assignments: [{ assignee: { id: user.id, type: 'user_reference' } }] }, user.email);
  return { already: null, by: null };
}

async function userOf(get: Get, email: string) {
  const { users } = await get(`/users?query=${encodeURIComponent(email)}`, usersSchema);
  return users.find((user) => user.email.toLowerCase() === email.toLowerCase());
}

async function note({ get, post }: Calls, id: string, text: string): Promise<void> {
  const path = `/incidents/${seg(id)}/notes`;
  const { notes } = await get(path, notesSchema);
  if (notes.some(({ content }) => content === text)) return;
  await post(path, { note: { content: text } });
}

function seg(id: string): string {
  return encodeURIComponent(id);
}
