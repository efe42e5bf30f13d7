import { z } from 'zod';
import { rawText, redactLine } from '#domain/base/text/foreign.ts';
import { foreignLine } from '#domain/base/text/sanitize.ts';
import type { AlertEvent } from '#domain/incident/event.ts';
import type { WebhookEvent } from '#workflows/intake/receive-webhook.ts';

const summary = z.object({ summary: z.string().nullish() }).nullish();
const envelope = z.object({
  event: z.object({
    id: z.string().min(1).max(200),
    event_type: z.string().min(1).max(200),
    occurred_at: z.iso.datetime({ offset: true }),
    agent: summary,
    data: z.unknown(),
  }),
});
const incident = z.object({
  id: z.string().min(1).max(100),
  title: z.string().nullish(),
  html_url: z.string().nullish(),
  created_at: z.iso.datetime({ offset: true }).nullish(),
  service: summary,
  assignees: z.array(z.object({ summary: z.string().nullish() })).nullish(),
  priority: summary,
  resolve_reason: z.object({ type: z.string().nullish(), incident: z.object({ id: z.string().min(1).max(100) }).nullish() }).nullish(),
});
const annotation = z.object({ incident: z.object({ id: z.string().min(1).max(100) }), content: z.string().nullish() });

const EVENTS: ReadonlyMap<string, AlertEvent> = new Map(
  Object.entries<AlertEvent>({
    'incident.acknowledged': 'acknowledged',
    'incident.unacknowledged': 'unacknowledged',
    'incident.reassigned': 'reassigned',
    'incident.escalated': 'escalated',
    'incident.delegated': 'delegated',
    'incident.annotated': 'annotated',
    'incident.priority_updated': 'priority_updated',
    'incident.reopened': 'reopened',
    'incident.resolved': 'resolved',
  }),
);

/** What a signed webhook says. `id` and `type` are empty when its shape is none that PagerDuty documents. */
export type ReadWebhook = { readonly id: string; readonly type: string; readonly event: WebhookEvent };

/** Reads a V3 webhook's body. Anything that is signed but can't be used is `other`: kept, and answered 2xx. */
export function readWebhook(body: string): ReadWebhook {
  const parsed = envelope.safeParse(parseJson(body));
  if (!parsed.success) return { id: '', type: '', event: { kind: 'other' } };
  const { id, event_type, occurred_at, agent, data } = parsed.data.event;
  const event =
    event_type === 'incident.triggered' ? fired(data, occurred_at) : changed(event_type, data, occurred_at, agent?.summary ?? null);
  return { id, type: event_type, event };
}

function fired(data: unknown, occurredAt: string): WebhookEvent {
  const parsed = incident.safeParse(data);
  if (!parsed.success) return { kind: 'other' };
  const { id, title, service, html_url, created_at } = parsed.data;
  const words = rawText(`${title ?? ''}\n${service?.summary ?? ''}`);
  return {
    kind: 'fired',
    words,
    alert: {
      id,
      title: foreignLine(title ?? 'untitled'),
      service: foreignLine(service?.summary ?? 'unknown service', 100),
      url: html_url ?? '',
      createdAt: new Date(created_at ?? occurredAt),
    },
  };
}

function changed(type: string, data: unknown, occurredAt: string, agent: string | null): WebhookEvent {
  const event = EVENTS.get(type);
  if (event === undefined) return { kind: 'other' };
  const subject = event === 'annotated' ? annotated(data) : subjectOf(event, data);
  if (subject === null) return { kind: 'other' };
  return {
    kind: 'changed',
    change: {
      alertId: subject.alertId,
      event,
      agent: agent === null ? null : foreignLine(agent, 100),
      detail: redactLine(subject.detail),
      occurredAt: new Date(occurredAt),
      seenBy: 'webhook',
      ...(subject.mergedInto === undefined ? {} : { mergedInto: subject.mergedInto }),
    },
  };
}

type Subject = { readonly alertId: string; readonly detail: string; readonly mergedInto?: string };

function annotated(data: unknown): Subject | null {
  const parsed = annotation.safeParse(data);
  return parsed.success ? { alertId: parsed.data.incident.id, detail: parsed.data.content ?? '' } : null;
}

function subjectOf(event: AlertEvent, data: unknown): Subject | null {
  const parsed = incident.safeParse(data);
  if (!parsed.success) return null;
  const { id, assignees, priority, resolve_reason } = parsed.data;
  const isMerge = resolve_reason?.type === 'merge_resolve_reason';
  const target = isMerge ? resolve_reason?.incident?.id : undefined;
  const names = (assignees ?? []).flatMap((assignee) => (assignee.summary ? [assignee.summary] : []));
  const parts = [
    names.length > 0 && event !== 'priority_updated' ? `assigned to ${names.join(', ')}` : '',
    priority?.summary ? `priority ${priority.summary}` : event === 'priority_updated' ? 'no priority any more' : '',
    isMerge ? `merged into ${target ?? 'another incident'}` : '',
  ];
  return { alertId: id, detail: parts.filter((part) => part !== '').join('; '), ...(target === undefined ? {} : { mergedInto: target }) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
