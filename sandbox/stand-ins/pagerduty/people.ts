import { alertOf, openIncident } from './incidents.ts';
import type { PagerDutyIncident, PagerDutyState, PagerDutyUser } from './state.ts';
import type { PagerDutyWebhooks } from './webhooks.ts';

/** What happens in PagerDuty without the app: alerting rules fire, people act. */
export type PagerDutyPeople = {
  /** Raises an incident, as an alerting rule does. Returns once its webhook was delivered. */
  readonly fires: (
    title: string,
    options?: { readonly details?: unknown; readonly alerts?: readonly unknown[]; readonly service?: string; readonly createdAt?: Date },
  ) => Promise<PagerDutyIncident>;
  /** A person merges an incident into another one, which gets its alerts. Returns once the webhook was delivered. */
  readonly merges: (from: PagerDutyIncident, into: PagerDutyIncident, by: PagerDutyUser) => Promise<void>;
  /** A person does something in PagerDuty. Returns once its webhook was delivered. */
  readonly does: (incident: PagerDutyIncident, event: string, by: PagerDutyUser, detail?: string) => Promise<void>;
};

/** The alerting rules and the people of a PagerDuty stand-in. */
export function pagerDutyPeople(state: PagerDutyState, { change, annotated }: PagerDutyWebhooks): PagerDutyPeople {
  return {
    fires: async (
      title,
      { details = {}, alerts = [alertOf(title, details)], service = 'Clinic', createdAt = new Date(state.now()) } = {},
    ) => {
      const incident = openIncident(state, title, alerts, service, createdAt);
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
        return annotated(incident, detail, by.name);
      }
      const status = STATUS_AFTER[event];
      if (status) incident.status = status;
      if (event === 'acknowledged') incident.acknowledgedBy = by.name;
      return change(incident, event, by.name);
    },
  };
}

const STATUS_AFTER: Readonly<Record<string, PagerDutyIncident['status']>> = {
  acknowledged: 'acknowledged',
  unacknowledged: 'triggered',
  reopened: 'triggered',
  resolved: 'resolved',
};
