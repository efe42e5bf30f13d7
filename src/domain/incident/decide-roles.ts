import type { Command, Decision } from './command.ts';
import type { IncidentEvent } from './event.ts';
import { refuse, refuseUnlessOpen } from './refusals.ts';
import { announce, queueMessage } from './requests.ts';
import { type Incident, incidentName, keptKey } from './state.ts';

/** The one who is on it gives the incident to somebody else: as if that person had claimed it, and the channel hears both names. */
export function handOver(incident: Incident, { slackId, name }: Extract<Command, { kind: 'hand-over' }>, now: Date): Decision {
  const closed = refuseUnlessOpen(incident);
  if (closed) return closed;
  if (incident.claim?.slackId === slackId) return refuse('already-claimed', `${name} is on ${incidentName(incident.number)} already.`);
  const details = { slackId, former: incident.claim?.name ?? 'nobody' };
  const told = announce(incident, now, 'handed-over', details, { broadcast: true });
  return { events: [{ type: 'commander.named', slackId, name }, ...acknowledgeAs(incident, slackId, name, now), told] };
}

/** PagerDuty is asked to show this person as the responder of every open alert. */
export function acknowledgeAs(incident: Incident, slackId: string, name: string, now: Date): readonly IncidentEvent[] {
  return incident.alerts
    .filter((alert) => alert.status !== 'resolved')
    .map((alert) =>
      queueMessage(`acknowledge-as/${alert.id}/${incident.eventCount}`, { kind: 'acknowledge-as', alertId: alert.id, slackId, name }, now),
    );
}

/** Who writes: keeps the timeline and the updates while the others repair. */
export function nameScribe(incident: Incident, { slackId, name }: Extract<Command, { kind: 'name-scribe' }>, now: Date): Decision {
  const closed = refuseUnlessOpen(incident);
  if (closed) return closed;
  if (incident.scribe?.slackId === slackId) return refuse('already-so', `${name} writes already.`);
  return { events: [{ type: 'scribe.named', slackId, name }, announce(incident, now, 'writer-named', { slackId })] };
}

/** A message of the thread, or a pinned one, goes on the timeline; the same text of the same message only once. */
export function keepMessage(incident: Incident, { ts, author, text }: Extract<Command, { kind: 'keep-message' }>): Decision {
  if (incident.kept.includes(keptKey({ ts, text }))) return { events: [] };
  return { events: [{ type: 'message.kept', ts, author, text }] };
}
