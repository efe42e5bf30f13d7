import { formatUtc } from '#domain/base/time.ts';
import type { Decision, Refusal } from './command.ts';
import { type Incident, incidentName } from './state.ts';

/** The refusal for what only an open incident takes; null while it is open. */
export function refuseUnlessOpen(incident: Incident): Decision | null {
  if (incident.phase.name === 'open') return null;
  const name = incidentName(incident.number);
  return refuse('already-resolved', `${name} was resolved at ${formatUtc(incident.phase.at)} by ${incident.phase.by}.`);
}

/** A "no" without new events. */
export function refuse(reason: Refusal['reason'], message: string): Decision {
  return { events: [], refused: { reason, message } };
}
