import type { Policy } from '#domain/base/policy.ts';
import { between, plus } from '#domain/base/time.ts';
import type { IncidentEvent } from './event.ts';
import type { Incident } from './state.ts';

/** Schedules the next update one full interval from `now`, numbered after the last one. */
export function nextUpdate(incident: Incident, now: Date, policy: Policy): IncidentEvent {
  const number = lastUpdateNumber(incident) + 1;
  return { type: 'update.scheduled', number, dueAt: plus(now, policy.updates.every) };
}

/** Due times that have passed unserved: `firstDueAt` and every interval after it, up to and including `now`. At most 1,000 are listed. */
export function dueTimes(firstDueAt: Date, now: Date, policy: Policy): readonly Date[] {
  const every = policy.updates.every;
  const count = Math.floor(between(firstDueAt, now) / every) + 1;
  return Array.from({ length: Math.min(Math.max(count, 0), 1_000) }, (_, index) => plus(firstDueAt, index * every));
}

/** The highest number an update has had so far; 0 before the first. */
export function lastUpdateNumber(incident: Incident): number {
  const numbers = incident.outbox.map(({ payload }) => (payload.kind === 'update' ? payload.number : 0));
  return Math.max(0, ...numbers);
}
