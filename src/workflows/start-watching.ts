import { jobDataSchema } from './job-data.ts';
import { keepWatch, type WatchHouse, wakeWatch } from './keep-watch.ts';
import { signal } from './signal.ts';

/** Starts the watch by itself: it works its own queue alone, so that it may share a bot's store and takes none of the bot's work. */
export async function startWatching(house: WatchHouse): Promise<void> {
  await house.jobs.work(
    (data) => run(house, data),
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

async function run(house: WatchHouse, data: unknown): Promise<void> {
  const job = jobDataSchema.parse(data);
  if (job.kind === 'keep-watch') return keepWatch(house);
  if (job.kind === 'signal') return signal(house, job.alarm);
  throw new Error(`the watch by itself has no work of the kind ${job.kind}`);
}
