import { HOUR } from '#domain/base/time.ts';
import { lane, runRemedy, watch } from '#domain/incident/effects.ts';
import { noteFinding } from '#store/findings.ts';
import type { House } from '#workflows/context.ts';
import { planWarning } from '#workflows/deliver/warning.ts';
import { type JobData, jobDataSchema, toNewJob } from '#workflows/jobs.ts';
import { wakeWatch } from '#workflows/watch/watch-round.ts';

/** A wake-up that dies more often than this within an hour is no accident. */
const ACCIDENTS = 3;
const deaths = new WeakMap<House, Map<string, readonly number[]>>();

/**
 * The queue has given up a job. A wake-up of a lane or of the watch also ends here when its process was stopped while another one of its kind
 * was already waiting to run again: it is simply woken anew. Anything else is lost work: the channel hears it, and it is a finding.
 */
export async function buryOrRevive(house: House, data: unknown): Promise<void> {
  const job = jobDataSchema.safeParse(data);
  if (job.success && isAccident(house, job.data) && (await revive(house, job.data))) return;
  house.observe.deadJob();
  house.log.error({ job: data }, 'a job was given up after its last attempt');
  // A warning that can't be posted asks for no other.
  if (job.data?.kind === 'warn') return;
  const incident = job.data && 'incident' in job.data && job.data.incident !== null ? ` of INC-${job.data.incident}` : '';
  const what = job.success ? `${job.data.kind}${incident}` : 'a job of another version';
  await noteFinding(house.database, 'jobs', `a piece of work was given up: ${what}`, house.now());
  const key = `warning/job-given-up/${what}/${house.now().toISOString().slice(0, 13)}`;
  await planWarning(house, { key, warning: 'job-given-up', details: { what } });
}

function isAccident(house: House, data: JobData): boolean {
  const known = deaths.get(house) ?? new Map<string, readonly number[]>();
  deaths.set(house, known);
  const key = JSON.stringify(data);
  const now = house.now().getTime();
  const times = [...(known.get(key) ?? []), now].filter((time) => now - time < HOUR);
  known.set(key, times);
  return times.length <= ACCIDENTS;
}

async function revive(house: House, data: JobData): Promise<boolean> {
  const now = house.now();
  switch (data.kind) {
    case 'lane':
      await house.jobs.enqueue(house.database, toNewJob(lane(data.incident, data.lane, now)), now);
      return true;
    case 'watch':
      await house.jobs.enqueue(house.database, toNewJob(watch(data.incident, now)), now);
      return true;
    case 'run-remedy':
      await house.jobs.enqueue(house.database, toNewJob(runRemedy(data.incident, data.request, now)), now);
      return true;
    case 'keep-watch':
      await wakeWatch(house, house.database, now);
      return true;
    case 'poll':
      await house.jobs.enqueue(house.database, { queue: 'pagerduty', key: 'poll', data, dueAt: now }, now);
      return true;
    default:
      return false;
  }
}
