import { z } from 'zod';
import { redactLine } from '#domain/base/text/foreign.ts';
import { foreignLine } from '#domain/base/text/sanitize.ts';
import type { Alert } from '#domain/incident/event.ts';
import { neverConnected, ServiceFailure } from '#services/failure.ts';

/** A PagerDuty incident as Gapwatch reads it: only the fields it uses, since real answers hold nulls where the schema has none. */
export type PagerDutyIncident = Alert & {
  readonly status: 'triggered' | 'acknowledged' | 'resolved';
  readonly acknowledgedBy: string | null;
};

/** What became of a message: done now, or found done already, and by whom where PagerDuty says so. */
export type ActionOutcome = { readonly already: 'acknowledged' | 'resolved' | null; readonly by: string | null };

/** PagerDuty's REST API as Gapwatch uses it. Every method throws {@link ServiceFailure}; none retries by itself. */
export type PagerDuty = {
  readonly incident: (id: string) => Promise<PagerDutyIncident>;
  /** Text in which an alert's name may stand: summaries and details of the incident's alerts. */
  readonly alertText: (id: string) => Promise<string>;
  /** The incidents that are triggered or acknowledged now, newest first, at most 500. */
  readonly openIncidents: () => Promise<readonly PagerDutyIncident[]>;
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

type Connection = { readonly apiUrl: string; readonly token: string; readonly fromEmail: string };

const DEADLINE_MILLISECONDS = 10_000;

/** Connects to PagerDuty; nothing is asked until a method is called. Why not its own client: docs/decisions/0003-pagerduty-by-fetch.md. */
export function connectPagerDuty(connection: Connection): PagerDuty {
  const get = (path: string) => ask(connection, 'GET', path);
  const incident = async (id: string) =>
    incidentOf(z.object({ incident: incidentSchema }).parse(await get(`/incidents/${seg(id)}`)).incident);
  const put = (id: string, change: Readonly<Record<string, unknown>>, from = connection.fromEmail) =>
    ask(connection, 'PUT', `/incidents/${seg(id)}`, { from, body: { incident: { type: 'incident_reference', ...change } } });
  return {
    incident,
    alertText: async (id) => alertText(await get(`/incidents/${seg(id)}/alerts?limit=100`)),
    openIncidents: () => openIncidents(get),
    acknowledge: (id) => acknowledge(incident, put, id),
    acknowledgeAs: (id, email) => acknowledgeAs({ get, incident, put }, id, email),
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
    note: (id, text) => note(connection, get, id, text),
    subscriptions: async () =>
      subscriptionsSchema.parse(await get('/webhook_subscriptions?limit=100')).webhook_subscriptions.map(({ active, delivery_method }) => ({
        url: delivery_method?.url ?? '',
        isActive: active !== false && delivery_method?.temporarily_disabled !== true,
      })),
    ping: async () => {
      await get('/abilities');
    },
  };
}

type Get = (path: string) => Promise<unknown>;
type Put = (id: string, change: Readonly<Record<string, unknown>>, from?: string) => Promise<unknown>;

const reference = z.object({ id: z.string(), summary: z.string().nullish() });
const incidentSchema = z.object({
  id: z.string(),
  title: z.string().nullish(),
  summary: z.string().nullish(),
  html_url: z.string().nullish(),
  created_at: z.iso.datetime({ offset: true }),
  status: z.enum(['triggered', 'acknowledged', 'resolved']),
  service: z.object({ summary: z.string().nullish() }).nullish(),
  acknowledgements: z.array(z.object({ acknowledger: reference.nullish() })).nullish(),
});
const incidentsSchema = z.object({ incidents: z.array(incidentSchema), more: z.boolean().nullish() });
const alertsSchema = z.object({
  alerts: z.array(z.object({ summary: z.string().nullish(), body: z.object({ details: z.unknown() }).nullish() })),
});
const usersSchema = z.object({ users: z.array(z.object({ id: z.string(), email: z.string(), name: z.string().nullish() })) });
const notesSchema = z.object({ notes: z.array(z.object({ content: z.string() })) });
const errorSchema = z.object({ error: z.object({ code: z.number().nullish(), message: z.string().nullish() }) });

function incidentOf(raw: z.infer<typeof incidentSchema>): PagerDutyIncident {
  return {
    id: raw.id,
    title: foreignLine(raw.title ?? raw.summary ?? 'untitled'),
    service: foreignLine(raw.service?.summary ?? 'unknown service', 100),
    url: raw.html_url ?? '',
    createdAt: new Date(raw.created_at),
    status: raw.status,
    acknowledgedBy: raw.acknowledgements?.at(-1)?.acknowledger?.summary ?? null,
  };
}

const subscriptionsSchema = z.object({
  webhook_subscriptions: z.array(
    z.object({
      active: z.boolean().nullish(),
      delivery_method: z.object({ url: z.string().nullish(), temporarily_disabled: z.boolean().nullish() }).nullish(),
    }),
  ),
});
const policyOfIncidentSchema = z.object({ incident: z.object({ escalation_policy: reference.nullish() }) });
const onCallsSchema = z.object({
  oncalls: z.array(z.object({ escalation_level: z.number(), user: z.object({ summary: z.string().nullish() }).nullish() })),
});

async function onCalls(get: Get, id: string): Promise<readonly OnCall[]> {
  const policy = policyOfIncidentSchema.parse(await get(`/incidents/${seg(id)}`)).incident.escalation_policy;
  if (!policy) return [];
  const { oncalls } = onCallsSchema.parse(await get(`/oncalls?escalation_policy_ids[]=${seg(policy.id)}&limit=100`));
  const levels = [...new Set(oncalls.map(({ escalation_level }) => escalation_level))].toSorted((one, other) => one - other);
  return levels.map((level) => {
    const names = oncalls.flatMap(({ escalation_level, user }) =>
      escalation_level === level ? [foreignLine(user?.summary ?? 'somebody', 80)] : [],
    );
    return { level, names: [...new Set(names)] };
  });
}

function alertText(answer: unknown): string {
  const texts = alertsSchema.parse(answer).alerts.map(({ summary, body }) => `${summary ?? ''}\n${JSON.stringify(body?.details ?? '')}`);
  return texts.join('\n').slice(0, 200_000);
}

async function openIncidents(get: Get): Promise<readonly PagerDutyIncident[]> {
  const found: PagerDutyIncident[] = [];
  for (let offset = 0; offset < 500; offset += 100) {
    const query = `statuses[]=triggered&statuses[]=acknowledged&limit=100&offset=${offset}&sort_by=created_at:desc`;
    const page = incidentsSchema.parse(await get(`/incidents?${query}`));
    found.push(...page.incidents.map(incidentOf));
    if (page.more !== true) break;
  }
  return found;
}

/** Acknowledging a resolved incident would reopen it, so its state is read right before. */
async function acknowledge(incident: PagerDuty['incident'], put: Put, id: string): Promise<ActionOutcome> {
  const before = await incident(id);
  if (before.status !== 'triggered') return { already: before.status, by: before.acknowledgedBy };
  await put(id, { status: 'acknowledged' });
  return { already: null, by: null };
}

async function acknowledgeAs(
  api: { readonly get: Get; readonly incident: PagerDuty['incident']; readonly put: Put },
  id: string,
  email: string,
): Promise<ActionOutcome> {
  const before = await api.incident(id);
  if (before.status === 'resolved') return { already: 'resolved', by: null };
  const user = await userOf(api.get, email);
  if (!user) throw new ServiceFailure('pagerduty', 'refused', 'no PagerDuty user has the e-mail address of this Slack user');
  if (before.status === 'triggered') await api.put(id, { status: 'acknowledged' }, user.email);
  // An acknowledged incident can't be acknowledged again; assigning it shows the person as its responder.
  else await api.put(id, { assignments: [{ assignee: { id: user.id, type: 'user_reference' } }] }, user.email);
  return { already: null, by: null };
}

async function userOf(get: Get, email: string) {
  const { users } = usersSchema.parse(await get(`/users?query=${encodeURIComponent(email)}`));
  return users.find((user) => user.email.toLowerCase() === email.toLowerCase());
}

async function note(connection: Connection, get: Get, id: string, text: string): Promise<void> {
  const path = `/incidents/${seg(id)}/notes`;
  const { notes } = notesSchema.parse(await get(path));
  if (notes.some(({ content }) => content === text)) return;
  await ask(connection, 'POST', path, { from: connection.fromEmail, body: { note: { content: text } } });
}

type Request = { readonly from: string; readonly body: unknown };

async function ask({ apiUrl, token }: Connection, method: 'GET' | 'PUT' | 'POST', path: string, request?: Request): Promise<unknown> {
  const what = `${method} ${path.split('?')[0]}`;
  const response = await fetch(new URL(path, apiUrl), {
    method,
    signal: AbortSignal.timeout(DEADLINE_MILLISECONDS),
    headers: {
      authorization: `Token token=${token}`,
      accept: 'application/vnd.pagerduty+json;version=2',
      ...(request ? { 'content-type': 'application/json', from: request.from } : {}),
    },
    ...(request ? { body: JSON.stringify(request.body) } : {}),
  }).catch((cause: unknown) => Promise.reject(noAnswer(what, method, cause)));
  const text = await response.text().catch((cause: unknown) => Promise.reject(noAnswer(what, method, cause)));
  if (!response.ok) throw refusal(what, response, text);
  return parseJson(what, text);
}

function parseJson(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ServiceFailure('pagerduty', 'unclear', `PagerDuty's answer to ${what} is no JSON`, { cause });
  }
}

function noAnswer(what: string, method: string, cause: unknown): ServiceFailure {
  if (method === 'GET' || neverConnected(cause))
    return new ServiceFailure('pagerduty', 'unavailable', `PagerDuty could not be reached (${what})`, { cause });
  return new ServiceFailure('pagerduty', 'unclear', `no answer from PagerDuty to ${what}; it may have been done`, { cause });
}

function refusal(what: string, response: Response, text: string): ServiceFailure {
  const { code, message } = errorOf(text);
  const said = `PagerDuty answered ${response.status}${code ? ` (${code}${message ? `: ${redactLine(message, 120)}` : ''})` : ''} to ${what}`;
  if (response.status === 429) {
    const seconds = Number(response.headers.get('ratelimit-reset') ?? response.headers.get('retry-after') ?? 30);
    return new ServiceFailure('pagerduty', 'unavailable', said, {
      retryAfterMilliseconds: (Number.isFinite(seconds) ? seconds : 30) * 1_000,
    });
  }
  return new ServiceFailure('pagerduty', response.status >= 500 ? 'unclear' : 'refused', said);
}

function errorOf(text: string): { readonly code: number | null; readonly message: string | null } {
  try {
    const { error } = errorSchema.parse(JSON.parse(text));
    return { code: error.code ?? null, message: error.message ?? null };
  } catch {
    return { code: null, message: null };
  }
}

function seg(id: string): string {
  return encodeURIComponent(id);
}
