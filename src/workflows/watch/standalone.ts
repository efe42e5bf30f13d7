import { between, MINUTE } from '#domain/base/time.ts';
import { ServiceFailure } from '#services/failure.ts';
import type { Heartbeat } from '#services/heartbeat.ts';
import { loadFindings } from '#store/findings.ts';
import { jobDataSchema } from '#workflows/jobs.ts';
import { notifyAlarm } from './alarm-notifier.ts';
import { type WatchAppContext, wakeWatchRound, watchRound } from './watch-round.ts';

/**
 * Starts the watch by itself: it works its own queue alone, so that it may share a bot's store and takes none of the bot's work. Once a minute, after
 * a round and only while nothing is known to be wrong, it tells the outside dead-man's switch.
 */
export async function startStandaloneWatch(context: WatchAppContext, heartbeat: Heartbeat | null): Promise<void> {
  let beatAt: Date | null = null;
  const beat = async () => {
    if (heartbeat === null || (beatAt !== null && between(beatAt, context.now()) < MINUTE)) return;
    if ((await loadFindings(context.database)).length > 0) return;
    beatAt = context.now();
    await heartbeat.beat().catch((error: unknown) => {
      if (!(error instanceof ServiceFailure)) throw error;
      context.log.warn({ outcome: error.outcome }, `the heartbeat did not arrive: ${error.message}`);
    });
  };
  await context.jobs.work(
    (data) => run(context, data, beat),
    (data) => {
      context.log.error({ job: data }, 'a job of the watch was given up after its last attempt; a new round is asked for');
      wakeWatchRound(context, context.database, context.now()).catch((error: unknown) =>
        context.log.error({ err: error }, 'no round could be asked for'),
      );
    },
    ['watch'],
  );
  await wakeWatchRound(context, context.database, context.now());
}

async function run(context: WatchAppContext, data: unknown, beat: () => Promise<void>): Promise<void> {
  const job = jobDataSchema.parse(data);
  if (job.kind === 'watch-round') {
    await watchRound(context);
    return beat();
  }
  if (job.kind === 'notify-alarm') return notifyAlarm(context, job.alarm);
  throw new Error(`the watch by itself has no work of the kind ${job.kind}`);
}
