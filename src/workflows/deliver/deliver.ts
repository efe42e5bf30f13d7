import { deliverJob } from '#domain/incident/effects.ts';
import { type Answer, type Destination, destinationOf } from '#domain/incident/outbox/message.ts';
import { nextMessage } from '#domain/incident/outbox/next.ts';
import { rootMessage } from '#domain/incident/state.ts';
import { ServiceFailure } from '#services/failure.ts';
import { isClosed } from '#services/slack/failures.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, load } from '#workflows/execute.ts';
import { toNewJob } from '#workflows/jobs.ts';
import type { Attempt } from './attempt.ts';
import { deliverMail } from './mail.ts';
import { deliverToPagerDuty } from './pagerduty.ts';
import { refreshMessages } from './refresh.ts';
import { deliverReport } from './report.ts';
import { attemptNumber, beginAndSeeWhetherSent } from './retry-after-crash.ts';
import { deliverToSlack } from './slack.ts';
import { holdBackSlack, isSlackHeldBack } from './slack-rate-limit.ts';

/** The most messages in one run; the rest waits for the next, so that no job outlives its time. */
const MESSAGES_A_RUN = 50;

/**
 * Delivers an incident's outbox messages to one destination, one after the other in their order, each with its outcome kept before the
 * next. At the end it enqueues itself for the earliest retry.
 */
export async function deliver(context: AppContext, destination: Destination, number: number): Promise<void> {
  if (destination === 'slack' && (await isSlackHeldBack(context, number))) return;
  for (let made = 0; made < MESSAGES_A_RUN; made += 1) {
    const { incident } = await load(context, number);
    const outgoing = incident && nextMessage(incident, destination, context.now());
    if (!incident || !outgoing) break;
    const failure = await make(context, destination, {
      incident,
      outgoing,
      mustLook: await beginAndSeeWhetherSent(context, number, outgoing),
      number: attemptNumber(outgoing),
    });
    if (destination === 'slack' && failure?.retryAfterMilliseconds) {
      holdBackSlack(context, failure.retryAfterMilliseconds);
      if (await isSlackHeldBack(context, number)) return;
    }
  }
  if (destination === 'slack') await refreshMessages(context, number);
  await wakeForRetry(context, destination, number);
}

async function make(context: AppContext, destination: Destination, attempt: Attempt): Promise<ServiceFailure | null> {
  const { incident, outgoing } = attempt;
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1_000;
  try {
    const answer = await perform(context, attempt);
    context.observe.delivery(destination, 'succeeded', seconds());
    await execute(context, incident.number, { kind: 'outbox-delivered', key: outgoing.key, answer }, { kind: 'gapwatch' });
    return null;
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    context.observe.delivery(destination, error.outcome, seconds());
    context.log.warn({ incident: incident.number, outgoing: outgoing.key, outcome: error.outcome }, error.message);
    const { message: detail, retryAfterMilliseconds } = error;
    // While it could not be looked for, an earlier attempt may still have been done: the next one must look again. A mail can't be looked for.
    const outcome = attempt.mustLook && destination !== 'mail' ? 'unclear' : error.outcome;
    await execute(
      context,
      incident.number,
      { kind: 'outbox-failed', key: outgoing.key, outcome, detail, retryAfterMilliseconds },
      { kind: 'gapwatch' },
    );
    if (destination === 'slack') await tellOfRefusal(context, attempt, error);
    return error;
  }
}

/** A root message that is gone gets a successor; a channel that is closed to us is told of by other ways, at once. A file is no channel. */
async function tellOfRefusal(context: AppContext, { incident, outgoing }: Attempt, error: ServiceFailure): Promise<void> {
  const root = rootMessage(incident);
  const because = error.message;
  if (error.code === 'thread_not_found' && root !== null)
    await execute(context, incident.number, { kind: 'root-lost', ts: root.ts, because }, { kind: 'gapwatch' });
  const isFile = outgoing.payload.kind === 'share-report' || outgoing.payload.kind === 'share-chart';
  if (isClosed(error) && !isFile) await execute(context, incident.number, { kind: 'slack-closed', because }, { kind: 'gapwatch' });
}

function perform(context: AppContext, attempt: Attempt): Promise<Answer> {
  const destination = destinationOf(attempt.outgoing.payload);
  // A drill goes out by Slack alone: PagerDuty and outside mail stay untouched.
  if (attempt.incident.isDrill && (destination === 'pagerduty' || destination === 'mail'))
    return Promise.resolve({ message: 'a drill: nothing was sent' });
  switch (destination) {
    case 'slack':
      return deliverToSlack(context, attempt);
    case 'pagerduty':
      return deliverToPagerDuty(context, attempt);
    case 'mail':
      return deliverMail(context, attempt);
    case 'reports':
      return deliverReport(context, attempt);
    default:
      return destination satisfies never;
  }
}

async function wakeForRetry(context: AppContext, destination: Destination, number: number): Promise<void> {
  const { incident } = await load(context, number);
  if (!incident) return;
  const isRootMissing = destination === 'slack' && rootMessage(incident) === null;
  const times = incident.outbox.flatMap(({ payload, status }) => {
    if (destinationOf(payload) !== destination || status.name !== 'due' || (isRootMissing && payload.kind !== 'initial-post')) return [];
    return [status.notBefore.getTime()];
  });
  const now = context.now();
  const isUpdateWaiting = times.length > 0 && Math.min(...times) <= now.getTime() && nextMessage(incident, destination, now) === null;
  if (times.length === 0 || isUpdateWaiting) return;
  await context.jobs.enqueue(context.database, toNewJob(deliverJob(number, destination, new Date(Math.min(...times)))), now);
}
