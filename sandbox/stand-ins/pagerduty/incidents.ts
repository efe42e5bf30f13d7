import { randomUUID } from 'node:crypto';
import type { PagerDutyIncident, PagerDutyState } from './state.ts';

/** Puts a triggered incident into the state and returns it. Tells nobody: the webhook is the caller's. */
export function openIncident(
  { incidents }: PagerDutyState,
  title: string,
  alerts: readonly unknown[],
  service: string,
  createdAt: Date,
): PagerDutyIncident {
  const id = `PD${String(incidents.size + 1).padStart(6, '0')}`;
  const state = { status: 'triggered' as const, acknowledgedBy: null, assignee: 'Robin', level: 1, notes: [], log: [] };
  const usual = { isHidden: false, odd: {}, mergedInto: null };
  const incident: PagerDutyIncident = { id, title, service, createdAt, alerts: [...alerts], ...usual, ...state };
  incidents.set(id, incident);
  return incident;
}

/** An alert as most integrations send it. */
export function alertOf(summary: string, details: unknown): unknown {
  return { id: randomUUID(), type: 'alert', summary, body: { type: 'alert_body', contexts: [], details } };
}

/** An incident as the REST API and the webhooks show it. */
export function publicIncident(incident: PagerDutyIncident): Readonly<Record<string, unknown>> {
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
