import { type Call, type Lane, laneOf } from './call.ts';
import { type Incident, rootMessage } from './state.ts';

/**
 * The call that a lane should make next, or null when nothing is ready. Slack's order is the order of importance: nothing comes
 * before the root message, then what is due longest. An update that the next one will say anyway waits to be merged into it.
 */
export function nextCall(incident: Incident, lane: Lane, now: Date): Call | null {
  const ready = incident.calls.filter((call) => laneOf(call.deed) === lane && isReady(call, now));
  if (lane !== 'slack' || rootMessage(incident) !== null) return ready.find((call) => !isOvertaken(incident, call, now)) ?? null;
  return ready.find(({ deed }) => deed.kind === 'initial-post') ?? null;
}

function isReady({ status }: Call, now: Date): boolean {
  return status.name === 'due' && status.notBefore.getTime() <= now.getTime();
}

function isOvertaken(incident: Incident, { deed }: Call, now: Date): boolean {
  const next = incident.nextUpdate;
  return deed.kind === 'update' && next !== null && next.dueAt.getTime() <= now.getTime() && !incident.updatesPaused;
}
