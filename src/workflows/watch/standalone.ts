import { between, MINUTE } from '#domain/base/time.ts';
import { ServiceFailure } from '#services/failure.ts';
import type { Heartbeat } from '#services/heartbeat.ts';
import { loadFindings } from '#store/findings.ts';
import { jobDataSchema } from '#workflows/jobs.ts';
import { signal } from './alarm-notifier.ts';
import { keepWatch, type WatchHouse, wakeWatch } from './watch-round.ts';

/**
 * Starts the watch by itself: it works its own queue alone, so that it may share a bot's store and takes none of the bot's work. Once a minute, after
 * a round and only while nothing is known to be wrong, it tells the outside dead-man's switch.
 */
export async function startWatching(house: WatchHouse, heartbeat: Heartbeat | null): Promise<void> {
  let beatAt: Date | null = null;
  const beat = async () => {
    if (heartbeat === null || (beatAt !== null && between(beatAt, house.now()) < MINUTE)) return;
    if ((await loadFindings(house.database)).length > 0) return;
    beatAt = house.now();
    await heartbeat.beat().catch((error: unknown) => {
      if (!(error instanceof ServiceFailure)) throw error;
      house.log.warn({ outcome: error.outcome }, `the heartbeat did not arrive: ${error.message}`);
    });
  };
  await house.jobs.work(
    (data) => run(house, data, beat),
    (data) => {
      house.log.error({ job: data }, 'a job of the watch was given up after its last attempt; a new round is asked for');
      wakeWatch(house, house.database, house.now()).catch((error: unknown) =>
        house.log.error({ err: error }, 'no round could be asked for'),
      );
    },
    ['watch'],
  );
  await wakeWatch(house, house.database, house.now());
}

async function run(house: WatchHouse, data: unknown, beat: () => Promise<void>): Promise<void> {
  const job = jobDataSchema.parse(data);
  if (job.kind === 'keep-watch') {
    await keepWatch(house);
    return beat();
  }
  if (job.kind === 'signal') return signal(house, job.alarm);
  throw new Error(`the watch by itself has no work of the kind ${job.kind}`);
}
