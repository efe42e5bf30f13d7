import type { Announcement, Deed } from './call.ts';
import { laneOf } from './call.ts';
import type { Fact } from './facts.ts';
import type { Incident } from './state.ts';

/** Asks for a call outward, once: the key names it for ever. */
export function request(key: string, deed: Deed, dueAt: Date): Fact {
  return { type: 'call.requested', key: `${laneOf(deed)}/${key}`, deed, dueAt };
}

/**
 * Asks for a short message under the root message. The number of facts so far makes the key unique; `which` tells apart several
 * of one name in one decision.
 */
export function announce(
  incident: Incident,
  now: Date,
  name: Announcement,
  details: Readonly<Record<string, string>> = {},
  { broadcast = false, which = '' } = {},
): Fact {
  const suffix = which === '' ? '' : `/${which}`;
  return request(`${name}/${incident.factCount}${suffix}`, { kind: 'announcement', name, details: { ...details }, broadcast }, now);
}

/** Asks for a note on every alert that PagerDuty still holds open. */
export function noteOnAlerts(incident: Incident, now: Date, text: string): readonly Fact[] {
  return incident.alerts
    .filter((alert) => alert.status !== 'resolved')
    .map((alert) => request(`note/${alert.id}/${incident.factCount}`, { kind: 'note', alertId: alert.id, text }, now));
}
