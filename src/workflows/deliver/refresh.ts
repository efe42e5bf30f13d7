import { plus } from '#domain/base/time.ts';
import { callNamed, type Incident, rootMessage } from '#domain/incident/state.ts';
import type { SlackMessage } from '#domain/messages/blocks.ts';
import { incidentView, latenessOf } from '#domain/messages/view.ts';
import { ServiceFailure } from '#services/failure.ts';
import type { Posted } from '#services/slack.ts';
import type { House } from '#workflows/context.ts';
import { load } from '#workflows/execute.ts';
import { checkMessageOf, currentRootMessage, postedOf, remedyMessageOf } from './slack.ts';

/** What each message last showed, by this process. After a restart the first refresh is one update too many. */
const shown = new WeakMap<House, Map<string, string>>();
/** The open incidents as this process last saw them: all that is known of them while the store is away. */
const lastSeen = new WeakMap<House, Map<number, Incident>>();

/** The open incidents, as they were when the store could last be read. */
export function openIncidentsLastSeen(house: House): readonly Incident[] {
  return [...(lastSeen.get(house)?.values() ?? [])];
}

/**
 * Brings the messages that show the present up to date where they differ from what they showed: the root message, and those of checks
 * that are at work. A failed refresh is tried again later, never as a new post.
 */
export async function refreshMessages(house: House, number: number, what: 'changed' | 'anew' = 'changed'): Promise<void> {
  const { incident } = await load(house, number);
  if (!incident) return;
  remember(house, incident);
  const memory = shown.get(house) ?? new Map<string, string>();
  shown.set(house, memory);
  for (const { posted, message } of present(house, incident)) {
    const content = JSON.stringify(message);
    if (what === 'changed' && memory.get(posted.ts) === content) continue;
    if (!(await update(house, number, posted, message))) return;
    memory.set(posted.ts, content);
  }
}

function remember(house: House, incident: Incident): void {
  const seen = lastSeen.get(house) ?? new Map<number, Incident>();
  lastSeen.set(house, seen);
  if (incident.phase.name === 'open') seen.set(incident.number, incident);
  else seen.delete(incident.number);
}

type Present = { readonly posted: Posted; readonly message: SlackMessage };

function present(house: House, incident: Incident): readonly Present[] {
  const root = rootMessage(incident);
  if (!root) return [];
  const initialPost = callNamed(incident, 'slack/initial-post');
  const late = initialPost ? latenessOf(initialPost, house.now()) : '';
  const message = currentRootMessage(house, incident, { ...incidentView(incident, house.now(), house.policy), late });
  const atWork = incident.running.flatMap<Present>(({ request }) => {
    const posted = postedOf(incident, `slack/check/${request}`);
    return posted ? [{ posted, message: checkMessageOf(house, incident, request) }] : [];
  });
  const remedies = incident.remedies.flatMap<Present>(({ request, status }) => {
    const posted = status.name === 'ended' ? null : postedOf(incident, `slack/remedy/${request}`);
    return posted ? [{ posted, message: remedyMessageOf(house, incident, request) }] : [];
  });
  return [{ posted: { channel: root.channel, ts: root.ts }, message }, ...atWork, ...remedies];
}

async function update(house: House, number: number, posted: Posted, message: SlackMessage): Promise<boolean> {
  try {
    await house.slack.update(posted, message);
    return true;
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    house.log.warn({ incident: number, outcome: error.outcome }, `a message could not be refreshed: ${error.message}`);
    const retry = { kind: 'lane', lane: 'slack', incident: number } as const;
    const dueAt = plus(house.now(), Math.max(error.retryAfterMilliseconds ?? 0, 15_000));
    await house.jobs.enqueue(house.database, { queue: 'slack', key: `lane/${number}`, data: retry, dueAt }, house.now());
    return false;
  }
}
