import { BOT_QUEUES } from '#store/jobs.ts';
import { countEarlierGaps } from './checks/count-earlier-gaps.ts';
import { refreshCheck, refreshCheckInChannel } from './checks/live-check.ts';
import { firstReading, pollTable } from './checks/poll-table.ts';
import { runCheck } from './checks/run-check.ts';
import type { AppContext } from './context.ts';
import { deliver } from './deliver/deliver.ts';
import { postWarning } from './deliver/warning.ts';
import { execute } from './execute.ts';
import { classifyAlert } from './intake/classify-alert.ts';
import { webhookExpected } from './intake/missed-webhooks.ts';
import { pollPagerDuty } from './intake/poll-pagerduty.ts';
import { type JobKind, type JobOf, jobDataSchema } from './jobs.ts';
import { planRemedy } from './remedies/plan-remedy.ts';
import { runRemedy } from './remedies/run-remedy.ts';
import { handleDeadLetter } from './upkeep/dead-letter.ts';
import { adoptEarlierJobs } from './upkeep/earlier-jobs.ts';
import { selfCheck, startSelfCheck, verifyDaily } from './upkeep/self-check.ts';
import { planSigning, signDaily } from './upkeep/sign-evidence.ts';
import { notifyAlarm } from './watch/alarm-notifier.ts';
import { wakeWatchRound, watchRound } from './watch/watch-round.ts';

/** Who does the work of each kind of job. */
const HANDLERS: { readonly [Kind in JobKind]: (context: AppContext, job: JobOf<Kind>) => Promise<unknown> } = {
  deliver: (context, { destination, incident }) => deliver(context, destination, incident),
  'first-reading': (context, { incident }) => firstReading(context, incident),
  'poll-table': (context, { incident }) => pollTable(context, incident),
  timer: (context, { incident, command }) => execute(context, incident, command, { kind: 'timer' }),
  'count-earlier-gaps': (context, { incident }) => countEarlierGaps(context, incident),
  'plan-remedy': (context, { incident, request }) => planRemedy(context, incident, request),
  'run-remedy': (context, { incident, request }) => runRemedy(context, incident, request),
  'run-check': runCheck,
  'refresh-check': refreshCheck,
  'refresh-check-in-channel': (context, { check, request, until, channel, ts }) =>
    refreshCheckInChannel(context, { check, request, until: new Date(until), posted: { channel, ts } }),
  'classify-alert': classifyAlert,
  'poll-pagerduty': pollPagerDuty,
  'webhook-expected': (context, { alertId, since }) => webhookExpected(context, alertId, new Date(since)),
  'sign-evidence': signDaily,
  'self-check': selfCheck,
  'verify-records': verifyDaily,
  'watch-round': (context) => watchRound({ ...context, hasChannel: true }),
  'notify-alarm': (context, { alarm }) => notifyAlarm({ ...context, hasChannel: true }, alarm),
  warning: postWarning,
};

/**
 * Starts the work: every waiting job finds its handler, one of an earlier version too. The poll begins, and with it what was left lying is picked up. The watch begins
 * where the policy or the command line asks for it.
 */
export async function startWork(context: AppContext, { hasWatch }: { readonly hasWatch: boolean }): Promise<void> {
  await adoptEarlierJobs(context.jobs);
  await context.jobs.work(
    (data) => run(context, data),
    (data) => {
      handleDeadLetter(context, data).catch((error: unknown) => context.log.error({ err: error }, 'a given-up job could not be told'));
    },
    hasWatch ? [...BOT_QUEUES, 'watch'] : BOT_QUEUES,
  );
  const now = context.now();
  const poll = { queue: 'pagerduty', key: 'poll', data: { kind: 'poll-pagerduty' }, dueAt: now } as const;
  await context.jobs.enqueue(context.database, poll, now);
  if (hasWatch) await wakeWatchRound(context, context.database, now);
  await planSigning(context, now);
  await startSelfCheck(context);
}

async function run(context: AppContext, data: unknown): Promise<void> {
  try {
    const job = jobDataSchema.parse(data);
    await handleKind(job.kind, context, job);
  } catch (error) {
    // pg-boss runs it again with growing pauses; the log says why.
    context.log.warn({ err: error, job: data }, 'a job failed and will be run again');
    throw error;
  }
}

function handleKind<Kind extends JobKind>(kind: Kind, context: AppContext, job: JobOf<Kind>): Promise<unknown> {
  return HANDLERS[kind](context, job);
}
