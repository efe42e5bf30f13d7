import { z } from 'zod';
import { DESTINATIONS } from '#domain/incident/call.ts';
import { timerCommandSchema } from '#domain/incident/command.ts';
import type { Job } from '#domain/incident/effects.ts';
import { WARNINGS } from '#domain/messages/warnings.ts';
import { ALARM_NAMES } from '#domain/watch/alarm.ts';
import type { NewJob } from '#store/jobs.ts';

const incident = z.number().int();

/** What a job carries. Jobs of incidents come from their effects; the others from the poll and from people. */
export const jobDataSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('deliver'), destination: z.enum(DESTINATIONS), incident }),
  z.object({ kind: z.literal('first-reading'), incident }),
  z.object({ kind: z.literal('watch'), incident }),
  z.object({ kind: z.literal('claim-due'), incident }),
  z.object({ kind: z.literal('update-due'), incident, number: z.number().int() }),
  z.object({ kind: z.literal('notice-late'), incident, outgoing: z.string() }),
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
  z.object({ kind: z.literal('classify-alert'), alertId: z.string() }),
  z.object({ kind: z.literal('sign-evidence') }),
  z.object({ kind: z.literal('webhook-expected'), alertId: z.string(), since: z.iso.datetime() }),
  z.object({ kind: z.literal('self-check') }),
  z.object({ kind: z.literal('verify-records') }),
  z.object({ kind: z.literal('poll') }),
  z.object({ kind: z.literal('watch-round') }),
  z.object({ kind: z.literal('notify-alarm'), alarm: z.enum(ALARM_NAMES) }),
  z.object({
    kind: z.literal('warning'),
    key: z.string(),
    warning: z.enum(WARNINGS),
    details: z.record(z.string(), z.string()).default({}),
  }),
]);

export type JobData = z.infer<typeof jobDataSchema>;

/** An effect as a job for the store. */
export function toNewJob({ key, dueAt, ...data }: Job): NewJob {
  return { queue: queueOf(data), key, dueAt, data };
}

/** The queue in which a job waits: the one of the service it may have to wait for. */
export function queueOf(data: JobData): NewJob['queue'] {
  switch (data.kind) {
    case 'deliver':
      return data.destination;
    case 'first-reading':
    case 'watch':
    case 'count-earlier-gaps':
    case 'run-check':
    case 'refresh-check':
    case 'refresh-check-in-channel':
      return 'audit';
    case 'plan-remedy':
    case 'run-remedy':
      return 'remedies';
    case 'claim-due':
    case 'update-due':
    case 'notice-late':
    case 'timer':
    case 'sign-evidence':
    case 'webhook-expected':
    case 'self-check':
    case 'verify-records':
      return 'timers';
    case 'watch-round':
    case 'notify-alarm':
      return 'watch';
    case 'classify-alert':
    case 'poll':
      return 'pagerduty';
    case 'warning':
      return 'slack';
    default:
      return data satisfies never;
  }
}
