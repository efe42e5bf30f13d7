import { BOT_QUEUES } from '#store/jobs.ts';
import { countEarlierGaps } from '#workflows/checks/count-earlier-gaps.ts';
import { keepCurrent, keepCurrentInChannel } from '#workflows/checks/live-check.ts';
import { firstReading, pollTable } from '#workflows/checks/poll-table.ts';
import { runCheck } from '#workflows/checks/run-check.ts';
import { deliver } from '#workflows/deliver/deliver.ts';
import { warn } from '#workflows/deliver/warning.ts';
import { webhookExpected } from '#workflows/intake/missed-webhooks.ts';
import { classifyAlert, poll } from '#workflows/intake/poll-pagerduty.ts';
import { planRemedy } from '#workflows/remedies/plan-remedy.ts';
import { runRemedy } from '#workflows/remedies/run-remedy.ts';
import { handleDeadLetter } from '#workflows/upkeep/dead-letter.ts';
import { selfCheck, startSelfCheck, verifyDaily } from '#workflows/upkeep/self-check.ts';
import { planSigning, signDaily } from '#workflows/upkeep/sign-evidence.ts';
import { notifyAlarm } from '#workflows/watch/alarm-notifier.ts';
import { wakeWatchRound, watchRound } from '#workflows/watch/watch-round.ts';
import type { AppContext } from './context.ts';
import { execute } from './execute.ts';
import { type JobData, jobDataSchema } from './jobs.ts';

/**
 * Starts the work: every waiting job finds its handler. The poll begins, and with it what was left lying is picked up. The watch begins
 * where the policy or the command line asks for it.
 */
export async function startWork(context: AppContext, { hasWatch }: { readonly hasWatch: boolean }): Promise<void> {
  await context.jobs.work(
    (data) => run(context, data),
    (data) => {
      handleDeadLetter(context, data).catch((error: unknown) => context.log.error({ err: error }, 'a given-up job could not be told'));
    },
    hasWatch ? [...BOT_QUEUES, 'watch'] : BOT_QUEUES,
  );
  const now = context.now();
  await context.jobs.enqueue(context.database, { queue: 'pagerduty', key: 'poll', data: { kind: 'poll' }, dueAt: now }, now);
  if (hasWatch) await wakeWatchRound(context, context.database, now);
  await planSigning(context, now);
  await startSelfCheck(context);
}

async function run(context: AppContext, data: unknown): Promise<void> {
  try {
    await perform(context, jobDataSchema.parse(data));
  } catch (error) {
    // pg-boss runs it again with growing pauses; the log says why.
    context.log.warn({ err: error, job: data }, 'a job failed and will be run again');
    throw error;
  }
}

async function perform(context: AppContext, data: JobData): Promise<void> {
  switch (data.kind) {
    case 'deliver':
      return deliver(context, data.destination, data.incident);
    case 'first-reading':
      return firstReading(context, data.incident);
    case 'watch':
      return pollTable(context, data.incident);
    case 'run-check':
      return runCheck(context, data);
    case 'refresh-check':
      return keepCurrent(context, data);
    case 'refresh-check-in-channel': {
      const { check, request, until, channel, ts } = data;
      return keepCurrentInChannel(context, { check, request, until: new Date(until), posted: { channel, ts } });
    }
    case 'classify-alert':
      return classifyAlert(context, data.alertId);
    case 'poll':
      return poll(context);
    case 'update-due':
      await execute(context, data.incident, { kind: 'update-due', number: data.number }, { kind: 'timer' });
      return;
    case 'claim-due':
      await execute(context, data.incident, { kind: 'claim-due' }, { kind: 'timer' });
      return;
    case 'notice-late':
      await execute(context, data.incident, { kind: 'notice-late', key: data.outgoing }, { kind: 'timer' });
      return;
    case 'timer':
      await execute(context, data.incident, data.command, { kind: 'timer' });
      return;
    case 'webhook-expected':
      return webhookExpected(context, data.alertId, new Date(data.since));
    case 'self-check':
      return selfCheck(context);
    case 'verify-records':
      return verifyDaily(context);
    case 'sign-evidence':
      return signDaily(context);
    case 'plan-remedy':
      return planRemedy(context, data.incident, data.request);
    case 'run-remedy':
      return runRemedy(context, data.incident, data.request);
    case 'count-earlier-gaps':
      return countEarlierGaps(context, data.incident);
    case 'warning':
      return warn(context, data);
    case 'watch-round':
      return watchRound({ ...context, hasChannel: true });
    case 'notify-alarm':
      return notifyAlarm({ ...context, hasChannel: true }, data.alarm);
    default:
      return data satisfies never;
  }
}
