import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { StandInAnswer, StandInRequest } from '../http-stand-in.ts';
import { publicIncident } from './incidents.ts';
import { type PagerDutyIncident, type PagerDutyState, type PagerDutyUser, USERS } from './state.ts';
import type { PagerDutyWebhooks } from './webhooks.ts';

export const TOKEN = 'sandbox-pagerduty-token';

/** Answers a request of the REST API as PagerDuty does, refusals included; what it changes is told by webhook. */
export function answerRest(state: PagerDutyState, webhooks: PagerDutyWebhooks, request: StandInRequest): StandInAnswer {
  if (request.headers.authorization !== `Token token=${TOKEN}`) return refused(401, 2006, 'You are not authenticated');
  const url = new URL(request.path, 'http://x');
  const [, resource, id, sub] = url.pathname.split('/');
  switch (resource) {
    case 'oncalls':
      return ok({ oncalls: onCall(state, url) });
    case 'webhook_subscriptions':
      return ok({ webhook_subscriptions: [subscription(state)] });
    case 'abilities':
      return ok({ abilities: [] });
    case 'users':
      return ok({ users: USERS.filter(({ email }) => email.includes(url.searchParams.get('query') ?? '')) });
    case 'incidents':
      return id === undefined
        ? ok(page(url, 'incidents', listed(state, url)))
        : answerIncident(state, webhooks, request, url, decodeURIComponent(id), sub);
    default:
      return refused(404, 2100, 'Not Found');
  }
}

function onCall({ levels }: PagerDutyState, url: URL): readonly unknown[] {
  if (!url.searchParams.getAll('escalation_policy_ids[]').includes('PESCALATE')) return [];
  return levels.flatMap((names, index) =>
    names.map((summary) => ({ escalation_level: index + 1, user: { id: `PU${index + 1}`, summary } })),
  );
}

function subscription({ webhookUrl, isSubscriptionOff }: PagerDutyState): unknown {
  const url = webhookUrl ?? 'https://elsewhere.example/pagerduty/webhook';
  return { id: 'PWH1', active: true, delivery_method: { url, temporarily_disabled: isSubscriptionOff } };
}

function listed({ incidents }: PagerDutyState, url: URL): readonly unknown[] {
  const statuses = url.searchParams.getAll('statuses[]');
  const newestFirst = [...incidents.values()].toReversed().toSorted((one, other) => other.createdAt.getTime() - one.createdAt.getTime());
  return newestFirst.filter(({ status, isHidden }) => statuses.includes(status) && !isHidden).map(publicIncident);
}

function answerIncident(
  state: PagerDutyState,
  webhooks: PagerDutyWebhooks,
  request: StandInRequest,
  url: URL,
  id: string,
  sub: string | undefined,
): StandInAnswer {
  const incident = state.incidents.get(id);
  if (!incident || incident.isHidden) return refused(404, 2100, 'Not Found');
  if (sub === 'alerts') return ok(page(url, 'alerts', incident.alerts));
  if (sub === 'notes' && request.method === 'GET') return ok({ notes: incident.notes.map((content) => ({ content })) });
  if (request.method === 'GET') return ok({ incident: publicIncident(incident) });
  const user = USERS.find(({ email }) => email === request.headers.from);
  if (!user) return refused(400, 1008, 'Requester User Not Found');
  return sub === 'notes' ? addNote(webhooks, incident, request, user) : putIncident(state, webhooks, incident, request, user);
}

const noteSchema = z.object({ note: z.object({ content: z.string().min(1) }) });

function addNote(webhooks: PagerDutyWebhooks, incident: PagerDutyIncident, { body }: StandInRequest, user: PagerDutyUser): StandInAnswer {
  const { note } = noteSchema.parse(JSON.parse(body.toString()));
  incident.notes.push(note.content);
  void webhooks.annotated(incident, note.content, user.name, { id: randomUUID() });
  return ok({ note });
}

const putSchema = z.object({
  incident: z.object({
    type: z.literal('incident_reference'),
    status: z.enum(['acknowledged', 'resolved']).optional(),
    escalation_level: z.number().int().min(1).max(20).optional(),
    assignments: z.array(z.object({ assignee: z.object({ id: z.string(), type: z.literal('user_reference') }) })).optional(),
  }),
});

function putIncident(
  { levels }: PagerDutyState,
  { change }: PagerDutyWebhooks,
  incident: PagerDutyIncident,
  { body }: StandInRequest,
  user: PagerDutyUser,
): StandInAnswer {
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
    if (wanted.escalation_level > levels.length) return refused(400, 2001, 'Invalid Input Provided', ['Escalation level is invalid']);
    incident.level = wanted.escalation_level;
    incident.status = 'triggered';
    void change(incident, 'escalated', user.name);
  } else if (wanted.assignments) {
    incident.assignee = USERS.find(({ id }) => id === wanted.assignments?.[0]?.assignee.id)?.name ?? incident.assignee;
    void change(incident, 'reassigned', user.name, { assignees: [{ summary: incident.assignee }] });
  }
  return ok({ incident: publicIncident(incident) });
}

/** A page of a list, as `limit` (at most 100) and `offset` ask for it. */
function page(url: URL, name: string, all: readonly unknown[]): Readonly<Record<string, unknown>> {
  const limit = Math.min(100, Number(url.searchParams.get('limit') ?? 25));
  const offset = Number(url.searchParams.get('offset') ?? 0);
  return { [name]: all.slice(offset, offset + limit), limit, offset, total: null, more: all.length > offset + limit };
}

function ok(body: unknown): StandInAnswer {
  return { status: 200, body: JSON.stringify(body) };
}

function refused(status: number, code: number, message: string, errors: readonly string[] = []): StandInAnswer {
  return { status, body: JSON.stringify({ error: { code, message, errors } }) };
}
