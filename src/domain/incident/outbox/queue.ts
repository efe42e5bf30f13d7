import type { IncidentEvent } from '#domain/incident/event.ts';
import { type Incident, outboxMessage } from '#domain/incident/state.ts';
import { type Announcement, destinationOf, type Payload } from './message.ts';

/** Asks for a call outward, once: the key names it for ever. */
export function queueMessage(key: string, payload: Payload, dueAt: Date): IncidentEvent {
  return { type: 'outbox.queued', key: `${destinationOf(payload)}/${key}`, payload, dueAt };
}

/**
 * Asks for a short message under the root message. The number of events so far makes the key unique; `which` tells apart several
 * of one name in one decision.
 */
export function announce(
  incident: Incident,
  now: Date,
  name: Announcement,
  details: Readonly<Record<string, string>> = {},
  { broadcast = false, which = '' } = {},
): IncidentEvent {
  const suffix = which === '' ? '' : `/${which}`;
  return queueMessage(`${name}/${incident.eventCount}${suffix}`, { kind: 'announcement', name, details: { ...details }, broadcast }, now);
}

/** Asks for a short message that is posted once for ever: a timer that fires twice asks for no second one. `id` names it. */
export function announceOnce(
  incident: Incident,
  now: Date,
  name: Announcement,
  id: string,
  details: Readonly<Record<string, string>>,
  { broadcast = false } = {},
): readonly IncidentEvent[] {
  const asked = queueMessage(`${name}/${id}`, { kind: 'announcement', name, details: { ...details }, broadcast }, now);
  const isKnown = asked.type === 'outbox.queued' && outboxMessage(incident, asked.key) !== undefined;
  return isKnown ? [] : [asked];
}

/** Asks for a note on every alert that PagerDuty still holds open. */
export function noteOnAlerts(incident: Incident, now: Date, text: string): readonly IncidentEvent[] {
  return incident.alerts
    .filter((alert) => alert.status !== 'resolved')
    .map((alert) => queueMessage(`note/${alert.id}/${incident.eventCount}`, { kind: 'note', alertId: alert.id, text }, now));
}

/** Whether a message that is announced once under this id was ever asked for. */
export function wasAnnounced(incident: Incident, name: Announcement, id: string): boolean {
  return outboxMessage(incident, `slack/${name}/${id}`) !== undefined;
}
