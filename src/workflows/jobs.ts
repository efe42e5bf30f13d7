import { z } from 'zod';
import type { Job } from '#domain/incident/effects.ts';
import { DESTINATIONS } from '#domain/incident/outbox/message.ts';
import { timerCommandSchema } from '#domain/incident/timer-command.ts';
import { WARNINGS } from '#domain/messages/warnings.ts';
import { ALARM_NAMES } from '#domain/watch/alarm.ts';
import type { NewJob } from '#store/jobs.ts';

const incident = z.number().int();

const knownJobSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('deliver'), destination: z.enum(DESTINATIONS), incident }),
  z.object({ kind: z.literal('first-reading'), incident }),
  z.object({ kind: z.literal('poll-table'), incident }),
  z.object({ kind: z.literal('timer'), incident, command: timerCommandSchema }),
  z.object({ kind: z.literal('count-earlier-gaps'), incident }),
  z.object({ kind: z.literal('plan-remedy'), incident, request: z.string() }),
  z.object({ kind: z.literal('run-remedy'), incident, request: z.string() }),
  z.object({ kind: z.literal('run-check'), incident: incident.nullable(), check: z.string(), argument: z.string(), request: z.string() }),
  z.object({ kind: z.literal('refresh-check'), incident, check: z.string(), request: z.string() }),
  z.object({
    kind: z.literal('refresh-check-in-channel'),
    check: z.string(),
    request: z.string(),
    until: z.iso.datetime(),
    channel: z.string(),
    ts: z.string(),
  }),
  z.object({ kind: z.literal('classify-alert'), alertId: z.string(), mergedFrom: z.string().optional() }),
  z.object({ kind: z.literal('poll-pagerduty') }),
  z.object({ kind: z.literal('webhook-expected'), alertId: z.string(), since: z.iso.datetime() }),
  z.object({ kind: z.literal('sign-evidence') }),
  z.object({ kind: z.literal('self-check') }),
  z.object({ kind: z.literal('verify-records') }),
  z.object({ kind: z.literal('watch-round') }),
  z.object({ kind: z.literal('notify-alarm'), alarm: z.enum(ALARM_NAMES) }),
  z.object({
    kind: z.literal('warning'),
    key: z.string(),
    warning: z.enum(WARNINGS),
    details: z.record(z.string(), z.string()).default({}),
  }),
]);

export type JobData = z.infer<typeof knownJobSchema>;
export type JobKind = JobData['kind'];
export type JobOf<Kind extends JobKind> = { readonly [Each in JobKind]: Extract<JobData, { kind: Each }> }[Kind];

/** The queue in which a job of each kind waits: that of the service it may have to wait for. A delivery waits in its destination's. */
const QUEUES: { readonly [Kind in Exclude<JobKind, 'deliver'>]: NewJob['queue'] } = {
  'first-reading': 'audit',
  'poll-table': 'audit',
  timer: 'timers',
  'count-earlier-gaps': 'audit',
  'plan-remedy': 'remedies',
  'run-remedy': 'remedies',
  'run-check': 'audit',
  'refresh-check': 'audit',
  'refresh-check-in-channel': 'audit',
  'classify-alert': 'pagerduty',
  'poll-pagerduty': 'pagerduty',
  'webhook-expected': 'timers',
  'sign-evidence': 'timers',
  'self-check': 'timers',
  'verify-records': 'timers',
  'watch-round': 'watch',
  'notify-alarm': 'watch',
  warning: 'slack',
};

/** What a job carries. Jobs of incidents come from their effects; the others from the poll, the upkeep and people. */
export const jobDataSchema = z.preprocess(asWrittenNow, knownJobSchema);

/** Returns an effect as a job for the store. */
export function toNewJob({ key, dueAt, ...data }: Job): NewJob {
  return { queue: queueOf(data), key, dueAt, data };
}

/** Returns the queue in which a job waits. */
export function queueOf(data: JobData | Omit<Job, 'key' | 'dueAt'>): NewJob['queue'] {
  return 'destination' in data ? data.destination : QUEUES[data.kind === 'deliver' ? 'warning' : data.kind];
}

/** Kinds of jobs that a version before 0.2 may have left waiting, as they are called now. */
const RENAMED: Readonly<Record<string, JobKind>> = {
  lane: 'deliver',
  'first-look': 'first-reading',
  watch: 'poll-table',
  survey: 'count-earlier-gaps',
  'keep-current': 'refresh-check',
  'keep-current-in-channel': 'refresh-check-in-channel',
  examine: 'classify-alert',
  poll: 'poll-pagerduty',
  'audit-self': 'self-check',
  'audit-records': 'verify-records',
  'keep-watch': 'watch-round',
  signal: 'notify-alarm',
  warn: 'warning',
};

const earlierJob = z.looseObject({ kind: z.string() });

function asWrittenNow(stored: unknown): unknown {
  const job = earlierJob.safeParse(stored).data;
  if (job === undefined) return stored;
  const { kind, ...rest } = job;
  switch (kind) {
    case 'claim-due':
      return { kind: 'timer', incident: rest.incident, command: { kind } };
    case 'update-due':
      return { kind: 'timer', incident: rest.incident, command: { kind, number: rest.number } };
    case 'notice-late':
      return { kind: 'timer', incident: rest.incident, command: { kind, key: rest.call } };
    case 'lane':
      return { kind: 'deliver', incident: rest.incident, destination: rest.lane };
    default:
      return { ...rest, kind: RENAMED[kind] ?? kind };
  }
}
