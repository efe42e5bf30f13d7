import { deliverJob, pollTableJob, timerJob } from '#domain/incident/effects.ts';
import type { Jobs, WaitingJob } from '#store/jobs.ts';
import { type JobData, jobDataSchema } from '#workflows/jobs.ts';

/**
 * Writes the waiting jobs of an earlier version as this one would have written them, before anything is worked: under an earlier key a
 * job would not be known, so that the self-check took a timer for lost, and two jobs could deliver one message at once. What can't be
 * read is left for the worker, which tells of it.
 */
export async function adoptEarlierJobs(jobs: Pick<Jobs, 'waiting' | 'rewrite'>): Promise<void> {
  for (const job of await jobs.waiting()) {
    const data = jobDataSchema.safeParse(job.data).data;
    if (data === undefined) continue;
    const key = keyOf(data, job);
    if (key !== job.key) await jobs.rewrite(job, { key, data });
  }
}

/** The key under which this version keeps such a job. What is asked for once keeps the key that it has. */
function keyOf(data: JobData, { key, dueAt }: WaitingJob): string {
  switch (data.kind) {
    case 'timer':
      return timerJob(data.incident, { command: data.command, dueAt }).key;
    case 'deliver':
      return deliverJob(data.incident, data.destination, dueAt).key;
    case 'poll-table':
      return pollTableJob(data.incident, dueAt).key;
    case 'self-check':
    case 'verify-records':
    case 'watch-round':
      return data.kind;
    default:
      return key;
  }
}
