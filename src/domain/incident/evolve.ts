import { outboxEvolutions } from '#domain/incident/outbox/outcome.ts';
import { alertEvolutions } from './alerts.ts';
import { checkEvolutions } from './check-runs.ts';
import { commanderEvolutions } from './commander.ts';
import type { Became, Evolutions } from './concern.ts';
import { escalationEvolutions } from './escalations.ts';
import type { EventOf, EventType, RecordedEvent } from './event.ts';
import { followUpEvolutions } from './follow-up.ts';
import { gapTrackingEvolutions } from './gap-tracking.ts';
import { hhsEvolutions } from './hhs.ts';
import { noticeEvolutions } from './notices.ts';
import { remedyEvolutions } from './remedy-runs.ts';
import { resolutionEvolutions } from './resolution.ts';
import { slackOutageEvolutions } from './slack-outage.ts';
import { type Incident, openedIncident } from './state.ts';
import { statementEvolutions } from './statements.ts';
import { taskEvolutions } from './tasks.ts';
import { updateEvolutions } from './updates.ts';

const EVOLUTIONS: Evolutions<EventType> = {
  ...alertEvolutions,
  ...commanderEvolutions,
  ...statementEvolutions,
  ...updateEvolutions,
  ...escalationEvolutions,
  ...gapTrackingEvolutions,
  ...checkEvolutions,
  ...remedyEvolutions,
  ...resolutionEvolutions,
  ...followUpEvolutions,
  ...hhsEvolutions,
  ...noticeEvolutions,
  ...taskEvolutions,
  ...slackOutageEvolutions,
  ...outboxEvolutions,
};

/** Returns the state after all of the events, or null when there are none. */
export function stateOf(events: readonly RecordedEvent[]): Incident | null {
  return events.reduce<Incident | null>(evolve, null);
}

/** Returns the state one event further. Throws a TypeError on a first event that opens nothing: such a list was never written by Gapwatch. */
export function evolve(before: Incident | null, { event, at, by }: RecordedEvent): Incident {
  if (before === null) {
    if (event.type !== 'incident.opened') throw new TypeError(`an incident begins with incident.opened, not ${event.type}`);
    return openedIncident(event, at);
  }
  return evolveType(event.type, { ...before, eventCount: before.eventCount + 1 }, event, { at, by });
}

function evolveType<Type extends EventType>(type: Type, incident: Incident, event: EventOf<Type>, became: Became): Incident {
  return EVOLUTIONS[type](incident, event, became);
}
