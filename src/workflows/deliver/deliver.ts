import { plus } from '#domain/base/time.ts';
import { type Answer, type Call, type Lane, laneOf } from '#domain/incident/call.ts';
import { lane as laneJob } from '#domain/incident/effects.ts';
import { nextCall } from '#domain/incident/next-call.ts';
import { rootMessage } from '#domain/incident/state.ts';
import { ServiceFailure } from '#services/failure.ts';
import { beginAttempt } from '#store/outbox-attempts.ts';
import type { House } from '#workflows/context.ts';
import { handle, load } from '#workflows/execute.ts';
import { toNewJob } from '#workflows/jobs.ts';
import type { Attempt } from './attempt.ts';
import { doInMail } from './mail.ts';
import { doInPagerDuty } from './pagerduty.ts';
import { refreshMessages } from './refresh.ts';
import { writeReport } from './report.ts';
import { doInSlack } from './slack.ts';

/** The most calls in one run; the rest waits for the next, so that no job outlives its time. */
const CALLS_A_RUN = 50;

/**
 * Makes an incident's calls in one lane, one after the other in their order, each with its outcome kept before the next. At the end
 * it wakes itself for the earliest retry.
 */
export async function runLane(house: House, lane: Lane, number: number): Promise<void> {
  if (lane === 'slack' && (await isHeldBack(house, number))) return;
  for (let calls = 0; calls < CALLS_A_RUN; calls += 1) {
    const { incident } = await load(house, number);
    const call = incident && nextCall(incident, lane, house.now());
    if (!incident || !call) break;
    const failure = await make(house, lane, {
      incident,
      call,
      mustLook: await mayHaveBeenDone(house, number, call),
      number: numberOf(call),
    });
    if (lane === 'slack' && failure?.retryAfterMilliseconds) {
      slackRests.set(house, plus(house.now(), failure.retryAfterMilliseconds));
      if (await isHeldBack(house, number)) return;
    }
  }
  if (lane === 'slack') await refreshMessages(house, number);
  await wakeForRetry(house, lane, number);
}

/** Until when Slack wants to be left alone: it allows about one message a second in a channel and says when there were too many. */
const slackRests = new WeakMap<House, Date>();

/** Whether Slack asked for a rest; the lane then wakes itself at its end. */
async function isHeldBack(house: House, number: number): Promise<boolean> {
  const until = slackRests.get(house);
  const now = house.now();
  if (until === undefined || until <= now) return false;
  await house.jobs.enqueue(house.database, toNewJob(laneJob(number, 'slack', until)), now);
  return true;
}

function numberOf({ status }: Call): number {
  return (status.name === 'due' ? status.attempts : 0) + 1;
}

/** Whether an earlier attempt may have been done: its answer was unclear, or the process died in the middle of it. */
async function mayHaveBeenDone(house: House, number: number, call: Call): Promise<boolean> {
  const { key, status } = call;
  const isFirst = await beginAttempt(house.database, number, key, numberOf(call), house.now());
  return !isFirst || (status.name === 'due' && status.lastFailure?.outcome === 'unclear');
}

async function make(house: House, lane: Lane, attempt: Attempt): Promise<ServiceFailure | null> {
  const { incident, call } = attempt;
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1_000;
  try {
    const answer = await perform(house, attempt);
    house.observe.call(lane, 'succeeded', seconds());
    await handle(house, incident.number, { kind: 'call-succeeded', key: call.key, answer }, { kind: 'gapwatch' });
    return null;
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    house.observe.call(lane, error.outcome, seconds());
    house.log.warn({ incident: incident.number, call: call.key, outcome: error.outcome }, error.message);
    const { message: detail, retryAfterMilliseconds } = error;
    // While it could not be looked for, an earlier attempt may still have been done: the next one must look again.
    const outcome = attempt.mustLook ? 'unclear' : error.outcome;
    await handle(
      house,
      incident.number,
      { kind: 'call-failed', key: call.key, outcome, detail, retryAfterMilliseconds },
      { kind: 'gapwatch' },
    );
    return error;
  }
}

function perform(house: House, attempt: Attempt): Promise<Answer> {
  const lane = laneOf(attempt.call.deed);
  // A drill leaves the house by Slack alone: PagerDuty and outside mail stay untouched.
  if (attempt.incident.isDrill && (lane === 'pagerduty' || lane === 'mail')) return Promise.resolve({ says: 'a drill: nothing was sent' });
  switch (lane) {
    case 'slack':
      return doInSlack(house, attempt);
    case 'pagerduty':
      return doInPagerDuty(house, attempt);
    case 'mail':
      return doInMail(house, attempt);
    case 'reports':
      return writeReport(house, attempt);
    default:
      return lane satisfies never;
  }
}

async function wakeForRetry(house: House, lane: Lane, number: number): Promise<void> {
  const { incident } = await load(house, number);
  if (!incident) return;
  const isRootMissing = lane === 'slack' && rootMessage(incident) === null;
  const times = incident.calls.flatMap(({ deed, status }) => {
    if (laneOf(deed) !== lane || status.name !== 'due' || (isRootMissing && deed.kind !== 'initial-post')) return [];
    return [status.notBefore.getTime()];
  });
  const now = house.now();
  const isUpdateWaiting = times.length > 0 && Math.min(...times) <= now.getTime() && nextCall(incident, lane, now) === null;
  if (times.length === 0 || isUpdateWaiting) return;
  await house.jobs.enqueue(house.database, toNewJob(laneJob(number, lane, new Date(Math.min(...times)))), now);
}
