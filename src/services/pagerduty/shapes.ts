import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type RawText, rawText } from '#domain/base/text/foreign.ts';
import { foreignLine } from '#domain/base/text/sanitize.ts';
import type { Alert } from '#domain/incident/event.ts';

/** A PagerDuty incident as Gapwatch reads it: only the fields it uses, since real answers hold nulls where the schema has none. */
export type PagerDutyIncident = Alert & {
  readonly status: 'triggered' | 'acknowledged' | 'resolved';
  readonly acknowledgedBy: string | null;
  /** Title and service in full, in which an alert's name may stand. */
  readonly words: RawText;
  /** Changes when the incident's title, its alerts or anything else of it does. */
  readonly mark: string;
  /** The incident into which a person merged this one, once it is resolved for that reason. */
  readonly mergedInto: string | null;
};

/** An incident as Gapwatch reads it; its foreign words are cleaned and bounded, except those that are only matched. */
export function incidentOf(raw: z.infer<typeof incidentSchema>): PagerDutyIncident {
  const acknowledger = raw.acknowledgements?.at(-1)?.acknowledger?.summary;
  const title = raw.title ?? raw.summary ?? 'untitled';
  const service = raw.service?.summary ?? 'unknown service';
  const looks = JSON.stringify([title, raw.summary, service, raw.alert_counts, raw.updated_at]);
  return {
    id: raw.id,
    title: foreignLine(title),
    service: foreignLine(service, 100),
    url: raw.html_url ?? '',
    createdAt: new Date(raw.created_at),
    status: raw.status,
    acknowledgedBy: acknowledger ? foreignLine(acknowledger, 80) : null,
    words: rawText([title, raw.summary ?? '', service].join('\n')),
    mark: createHash('sha256').update(looks).digest('base64url'),
    mergedInto: raw.resolve_reason?.type === 'merge_resolve_reason' ? (raw.resolve_reason.incident?.id ?? null) : null,
  };
}

/** The incidents of a page that can be read, and the IDs of those that can't, as far as they have one. */
export function readableIncidents(raw: readonly unknown[]): {
  readonly incidents: readonly PagerDutyIncident[];
  readonly unreadable: readonly string[];
} {
  const read = raw.map((each) => ({ each, parsed: incidentSchema.safeParse(each) }));
  return {
    incidents: read.flatMap(({ parsed }) => (parsed.success ? [incidentOf(parsed.data)] : [])),
    unreadable: read.flatMap(({ each, parsed }) => (parsed.success ? [] : [nameSchema.parse(each).id])),
  };
}

const nameSchema = z.object({ id: z.string().transform((id) => foreignLine(id, 30)) }).catch({ id: 'one without an ID' });
const reference = z.object({ id: z.string(), summary: z.string().nullish() });
const incidentSchema = z.object({
  id: z.string(),
  title: z.string().nullish(),
  summary: z.string().nullish(),
  html_url: z.string().nullish(),
  created_at: z.iso.datetime({ offset: true }),
  status: z.enum(['triggered', 'acknowledged', 'resolved']),
  service: z.object({ summary: z.string().nullish() }).nullish(),
  acknowledgements: z
    .array(z.object({ acknowledger: reference.nullish() }))
    .nullish()
    .catch(null),
  alert_counts: z.unknown().optional(),
  updated_at: z.unknown().optional(),
  resolve_reason: z
    .object({ type: z.string().nullish(), incident: z.object({ id: z.string() }).nullish() })
    .nullish()
    .catch(null),
});
export const oneIncidentSchema = z.object({ incident: incidentSchema });
export const incidentsSchema = z.object({ incidents: z.array(z.unknown()), more: z.boolean().nullish() });
/** Alerts come from every monitoring tool there is: what stands in them is matched as text, whatever its shape. */
export const alertsSchema = z.object({ alerts: z.array(z.unknown()), more: z.boolean().nullish() });
const alertSchema = z.object({ summary: z.unknown().optional(), body: z.unknown().optional() }).catch({ summary: '', body: '' });

/** The words of an alert in which its name may stand: its summary, and all of its body (`details`, `cef_details`, a list, a text). */
export function wordsOfAlert(raw: unknown): RawText {
  const { summary, body } = alertSchema.parse(raw);
  return rawText(`${JSON.stringify(summary ?? '')}\n${JSON.stringify(body ?? '')}`);
}
export const usersSchema = z.object({ users: z.array(z.object({ id: z.string(), email: z.string(), name: z.string().nullish() })) });
export const notesSchema = z.object({ notes: z.array(z.object({ content: z.string() })) });
export const subscriptionsSchema = z.object({
  webhook_subscriptions: z.array(
    z.object({
      active: z.boolean().nullish(),
      delivery_method: z.object({ url: z.string().nullish(), temporarily_disabled: z.boolean().nullish() }).nullish(),
    }),
  ),
});
export const policyOfIncidentSchema = z.object({ incident: z.object({ escalation_policy: reference.nullish() }) });
export const onCallsSchema = z.object({
  oncalls: z.array(z.object({ escalation_level: z.number(), user: z.object({ summary: z.string().nullish() }).nullish() })),
});
