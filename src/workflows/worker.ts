import { BOT_QUEUES } from '#store/jobs.ts';
import { survey } from '#workflows/checks/count-earlier-gaps.ts';
import { keepCurrent, keepCurrentInChannel } from '#workflows/checks/live-check.ts';
import { firstLook, watchOnce } from '#workflows/checks/poll-table.ts';
import { runCheck } from '#workflows/checks/run-check.ts';
import { runLane } from '#workflows/deliver/deliver.ts';
import { warn } from '#workflows/deliver/warning.ts';
import { webhookExpected } from '#workflows/intake/missed-webhooks.ts';
import { examine, poll } from '#workflows/intake/poll-pagerduty.ts';
import { planRemedy } from '#workflows/remedies/plan-remedy.ts';
import { runRemedy } from '#workflows/remedies/run-remedy.ts';
import { buryOrRevive } from '#workflows/upkeep/dead-letter.ts';
import { lookAfterRecords, lookAfterSelf, startLookingAfterSelf } from '#workflows/upkeep/self-check.ts';
import { planSigning, signDaily } from '#workflows/upkeep/sign-evidence.ts';
import { signal } from '#workflows/watch/alarm-notifier.ts';
import { keepWatch, wakeWatch } from '#workflows/watch/watch-round.ts';
import type { House } from './context.ts';
import { handle } from './execute.ts';
import { type JobData, jobDataSchema } from './jobs.ts';

/**
 * Starts the work: every waiting job finds its handler. The poll begins, and with it what was left lying is picked up. The watch begins
 * where the policy or the command line asks for it.
 */
export async function startWork(house: House, { hasWatch }: { readonly hasWatch: boolean }): Promise<void> {
  await house.jobs.work(
    (data) => run(house, data),
    (data) => {
      buryOrRevive(house, data).catch((error: unknown) => house.log.error({ err: error }, 'a given-up job could not be told'));
    },
    hasWatch ? [...BOT_QUEUES, 'watch'] : BOT_QUEUES,
  );
  const now = house.now();
  await house.jobs.enqueue(house.database, { queue: 'pagerduty', key: 'poll', data: { kind: 'poll' }, dueAt: now }, now);
  if (hasWatch) await wakeWatch(house, house.database, now);
  await planSigning(house, now);
  await startLookingAfterSelf(house);
}

async function run(house: House, data: unknown): Promise<void> {
  try {
    await perform(house, jobDataSchema.parse(data));
  } catch (error) {
    // pg-boss runs it again with growing pauses; the log says why.
    house.log.warn({ err: error, job: data }, 'a job failed and will be run again');
    throw error;
  }
}

async function perform(house: House, data: JobData): Promise<void> {
  switch (data.kind) {
    case 'lane':
      return runLane(house, data.lane, data.incident);
    case 'first-look':
      return firstLook(house, data.incident);
    case 'watch':
      return watchOnce(house, data.incident);
    case 'run-check':
      return runCheck(house, data);
    case 'keep-current':
      return keepCurrent(house, data);
    case 'keep-current-in-channel': {
      const { check, request, until, channel, ts } = data;
      return keepCurrentInChannel(house, { check, request, until: new Date(until), posted: { channel, ts } });
    }
    case 'examine':
      return examine(house, data.alertId);
    case 'poll':
      return poll(house);
    case 'update-due':
      await handle(house, data.incident, { kind: 'update-due', number: data.number }, { kind: 'timer' });
      return;
    case 'claim-due':
      await handle(house, data.incident, { kind: 'claim-due' }, { kind: 'timer' });
      return;
    case 'notice-late':
      await handle(house, data.incident, { kind: 'notice-late', key: data.call }, { kind: 'timer' });
      return;
    case 'timer':
      await handle(house, data.incident, data.command, { kind: 'timer' });
      return;
    case 'webhook-expected':
      return webhookExpected(house, data.alertId, new Date(data.since));
    case 'audit-self':
      return lookAfterSelf(house);
    case 'audit-records':
      return lookAfterRecords(house);
    case 'sign-evidence':
      return signDaily(house);
    case 'plan-remedy':
      return planRemedy(house, data.incident, data.request);
    case 'run-remedy':
      return runRemedy(house, data.incident, data.request);
    case 'survey':
      return survey(house, data.incident);
    case 'warn':
      return warn(house, data);
    case 'keep-watch':
      return keepWatch({ ...house, hasChannel: true });
    case 'signal':
      return signal({ ...house, hasChannel: true }, data.alarm);
    default:
      return data satisfies never;
  }
}
