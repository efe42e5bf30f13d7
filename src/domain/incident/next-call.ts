import { type Call, type Lane, laneOf } from './call.ts';
import { type Incident, rootMessage } from './state.ts';

/**
 * The call that a lane should make next, or null when nothing is ready. Slack's order is the order of importance: nothing comes
 * before the root message, then what is due longest; in a backlog what the whole channel must know. An update that the next one will say anyway waits to be merged into it.
 */
export function nextCall(incident: Incident, lane: Lane, now: Date): Call | null {
  const ready = incident.calls.filter((call) => laneOf(call.deed) === lane && isReady(call, now));
  if (lane !== 'slack') return ready[0] ?? null;
  if (rootMessage(incident) !== null) return mostImportant(ready.filter((call) => !isOvertaken(incident, call, now)));
  return ready.find(({ deed }) => deed.kind === 'initial-post') ?? null;
}

/** So many messages waiting are a backlog: Slack takes about one a second. */
const BACKLOG = 8;

/** The oldest, or in a backlog the oldest of the most important: what everybody must know goes before what is good to know. */
function mostImportant(ready: readonly Call[]): Call | null {
  const [first = null] = ready;
  if (ready.length < BACKLOG) return first;
  const best = Math.min(...ready.map(({ deed }) => rank(deed)));
  return ready.find(({ deed }) => rank(deed) === best) ?? first;
}

function rank(deed: Call['deed']): number {
  switch (deed.kind) {
    case 'update':
    case 'resolution-post':
      return 0;
    case 'announcement':
      return deed.broadcast ? 0 : 2;
    case 'check-answer':
    case 'check-conclusion':
      return 1;
    default:
      return 2;
  }
}

function isReady({ status }: Call, now: Date): boolean {
  return status.name === 'due' && status.notBefore.getTime() <= now.getTime();
}

function isOvertaken(incident: Incident, { deed }: Call, now: Date): boolean {
  const next = incident.nextUpdate;
  return deed.kind === 'update' && next !== null && next.dueAt.getTime() <= now.getTime() && !incident.updatesPaused;
}
