import { z } from 'zod';
import { foreignLine } from '#domain/base/text/sanitize.ts';
import type { Alert } from '#domain/incident/event.ts';

/** A PagerDuty incident as Gapwatch reads it: only the fields it uses, since real answers hold nulls where the schema has none. */
export type PagerDutyIncident = Alert & {
  readonly status: 'triggered' | 'acknowledged' | 'resolved';
  readonly acknowledgedBy: string | null;
};

/** An incident as Gapwatch reads it; its foreign words are cleaned and bounded. */
export function incidentOf(raw: z.infer<typeof incidentSchema>): PagerDutyIncident {
  const acknowledger = raw.acknowledgements?.at(-1)?.acknowledger?.summary;
  return {
    id: raw.id,
    title: foreignLine(raw.title ?? raw.summary ?? 'untitled'),
    service: foreignLine(raw.service?.summary ?? 'unknown service', 100),
    url: raw.html_url ?? '',
    createdAt: new Date(raw.created_at),
    status: raw.status,
    acknowledgedBy: acknowledger ? foreignLine(acknowledger, 80) : null,
  };
}

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
export const oneIncidentSchema = z.object({ incident: incidentSchema });
export const incidentsSchema = z.object({ incidents: z.array(incidentSchema), more: z.boolean().nullish() });
export const alertsSchema = z.object({
  alerts: z.array(z.object({ summary: z.string().nullish(), body: z.object({ details: z.unknown() }).nullish() })),
});
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
