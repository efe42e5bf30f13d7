import type { Announcement, Deed } from './call.ts';
import { laneOf } from './call.ts';
import type { Fact } from './event.ts';
import { callNamed, type Incident } from './state.ts';

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

/** Asks for a short message that is posted once for ever: a timer that fires twice asks for no second one. `id` names it. */
export function announceOnce(
  incident: Incident,
  now: Date,
  name: Announcement,
  id: string,
  details: Readonly<Record<string, string>>,
  { broadcast = false } = {},
): readonly Fact[] {
  const asked = request(`${name}/${id}`, { kind: 'announcement', name, details: { ...details }, broadcast }, now);
  const isKnown = asked.type === 'call.requested' && callNamed(incident, asked.key) !== undefined;
  return isKnown ? [] : [asked];
}

/** Asks for a note on every alert that PagerDuty still holds open. */
export function noteOnAlerts(incident: Incident, now: Date, text: string): readonly Fact[] {
  return incident.alerts
    .filter((alert) => alert.status !== 'resolved')
    .map((alert) => request(`note/${alert.id}/${incident.factCount}`, { kind: 'note', alertId: alert.id, text }, now));
}
