import { HOUR, utcHour } from '#domain/base/time.ts';
import { deliverJob, pollTableJob, runRemedyJob } from '#domain/incident/effects.ts';
import { noteFinding } from '#store/findings.ts';
import type { AppContext } from '#workflows/context.ts';
import { planWarning } from '#workflows/deliver/warning.ts';
import { type JobData, jobDataSchema, toNewJob } from '#workflows/jobs.ts';
import { wakeWatchRound } from '#workflows/watch/watch-round.ts';

/** A wake-up that dies more often than this within an hour is no accident. */
const ACCIDENTS = 3;

/**
 * The queue has given up a job. A wake-up of a destination or of the watch also ends here when its process was stopped while another one of its kind
 * was already waiting to run again: it is simply woken anew. Anything else is lost work: the channel hears it, and it is a finding.
 */
export async function handleDeadLetter(context: AppContext, data: unknown): Promise<void> {
  const job = jobDataSchema.safeParse(data);
  if (job.success && isAccident(context, job.data) && (await revive(context, job.data))) return;
  context.observe.deadJob();
  context.log.error({ job: data }, 'a job was given up after its last attempt');
  // A warning that can't be posted asks for no other.
  if (job.data?.kind === 'warning') return;
  const incident = job.data && 'incident' in job.data && job.data.incident !== null ? ` of INC-${job.data.incident}` : '';
  const what = job.success ? `${job.data.kind}${incident}` : 'a job of another version';
  await noteFinding(context.database, 'jobs', `a piece of work was given up: ${what}`, context.now());
  const key = `warning/job-given-up/${what}/${utcHour(context.now())}`;
  await planWarning(context, { key, warning: 'job-given-up', details: { what } });
}

function isAccident(context: AppContext, data: JobData): boolean {
  const known = context.remembered.deadJobs;
  const key = JSON.stringify(data);
  const now = context.now().getTime();
  const times = [...(known.get(key) ?? []), now].filter((time) => now - time < HOUR);
  known.set(key, times);
  return times.length <= ACCIDENTS;
}

async function revive(context: AppContext, data: JobData): Promise<boolean> {
  const now = context.now();
  switch (data.kind) {
    case 'deliver':
      await context.jobs.enqueue(context.database, toNewJob(deliverJob(data.incident, data.destination, now)), now);
      return true;
    case 'poll-table':
      await context.jobs.enqueue(context.database, toNewJob(pollTableJob(data.incident, now)), now);
      return true;
    case 'run-remedy':
      await context.jobs.enqueue(context.database, toNewJob(runRemedyJob(data.incident, data.request, now)), now);
      return true;
    case 'watch-round':
      await wakeWatchRound(context, context.database, now);
      return true;
    case 'poll-pagerduty':
      await context.jobs.enqueue(context.database, { queue: 'pagerduty', key: 'poll', data, dueAt: now }, now);
      return true;
    default:
      return false;
  }
}
