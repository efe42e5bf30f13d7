import { plus } from '#domain/base/time.ts';
import { deliverJob } from '#domain/incident/effects.ts';
import { type Incident, rootMessage } from '#domain/incident/state.ts';
import type { SlackMessage } from '#domain/messages/blocks.ts';
import { incidentView, latenessOf } from '#domain/messages/view.ts';
import { ServiceFailure } from '#services/failure.ts';
import { isGone } from '#services/slack/failures.ts';
import type { Posted } from '#services/slack/history.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, load } from '#workflows/execute.ts';
import { toNewJob } from '#workflows/jobs.ts';
import { checkMessageOf, currentRootMessage, postedOf, remedyMessageOf, troubleMessages } from './slack.ts';

/** The open incidents, as they were when the store could last be read. */
export function openIncidentsLastSeen(context: AppContext): readonly Incident[] {
  return [...context.remembered.openIncidents.values()];
}

/**
 * Brings the messages that show the present up to date where they differ from what they showed: the root message, and those of checks
 * that are at work. A failed refresh is tried again later, never as a new post.
 */
export async function refreshMessages(context: AppContext, number: number, what: 'changed' | 'anew' = 'changed'): Promise<void> {
  const { incident } = await load(context, number);
  if (!incident) return;
  remember(context, incident);
  const { shownMessages } = context.remembered;
  for (const { posted, message } of present(context, incident)) {
    const content = JSON.stringify(message);
    if (what === 'changed' && shownMessages.get(posted.ts) === content) continue;
    if (!(await update(context, incident, posted, message))) return;
    shownMessages.set(posted.ts, content);
  }
}

function remember(context: AppContext, incident: Incident): void {
  const seen = context.remembered.openIncidents;
  if (incident.phase.name === 'open') seen.set(incident.number, incident);
  else seen.delete(incident.number);
}

type Present = { readonly posted: Posted; readonly message: SlackMessage };

function present(context: AppContext, incident: Incident): readonly Present[] {
  const root = rootMessage(incident);
  if (!root) return [];
  const initialPost = incident.outbox.findLast(({ payload }) => payload.kind === 'initial-post');
  const late = initialPost ? latenessOf(initialPost, context.now()) : '';
  const message = currentRootMessage(context, incident, { ...incidentView(incident, context.now(), context.policy), late });
  const atWork = incident.running.flatMap<Present>(({ request }) => {
    const posted = postedOf(incident, `slack/check/${request}`);
    return posted ? [{ posted, message: checkMessageOf(context, incident, request) }] : [];
  });
  const remedies = incident.remedies.flatMap<Present>(({ request, status }) => {
    const posted = status.name === 'ended' ? null : postedOf(incident, `slack/remedy/${request}`);
    return posted ? [{ posted, message: remedyMessageOf(context, incident, request) }] : [];
  });
  return [{ posted: { channel: root.channel, ts: root.ts }, message }, ...atWork, ...remedies, ...troubleMessages(context, incident)];
}

async function update(context: AppContext, incident: Incident, posted: Posted, message: SlackMessage): Promise<boolean> {
  const { number } = incident;
  try {
    await context.slack.update(posted, message);
    return true;
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    // Of a deleted message there is nothing to refresh; only the root message gets a successor.
    if (isGone(error) && rootMessage(incident)?.ts !== posted.ts) return true;
    if (isGone(error)) {
      await execute(context, number, { kind: 'root-lost', ts: posted.ts, because: error.message }, { kind: 'gapwatch' });
      return false;
    }
    context.log.warn({ incident: number, outcome: error.outcome }, `a message could not be refreshed: ${error.message}`);
    const dueAt = plus(context.now(), Math.max(error.retryAfterMilliseconds ?? 0, 15_000));
    await context.jobs.enqueue(context.database, toNewJob(deliverJob(number, 'slack', dueAt)), context.now());
    return false;
  }
}
