import type { Policy } from '#domain/base/policy.ts';
import { between, MINUTE, SECOND } from '#domain/base/time.ts';
import { timerJob } from '#domain/incident/effects.ts';
import type { Incident } from '#domain/incident/state.ts';
import type { Timer } from '#domain/incident/timer-command.ts';
import { timersOf } from '#domain/incident/timers.ts';
import { incidentNumbers } from '#store/event-store.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, load } from '#workflows/execute.ts';
import { toNewJob } from '#workflows/jobs.ts';

/** A timer is overdue, not merely on its way, after this long. */
const OVERDUE = 30 * SECOND;
/** A message that has been due for so long without any attempt coming to an end is stuck. */
const STUCK = 10 * MINUTE;
const LATEST = 50;

/**
 * Compares the timers that each incident's state asks for with the jobs that wait. An overdue timer's command is given now (each can be
 * given twice without harm), a timer without a job gets one; each counts as a repair. Returns what was found wrong, in words: what was
 * repaired just now, and messages that are stuck.
 */
export async function reconcileTimers(context: AppContext): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const number of (await incidentNumbers(context.database)).slice(-LATEST)) {
    const { incident } = await load(context, number);
    if (!incident) continue;
    const { overdue, ahead } = timersNow(incident, context.policy, context.now());
    for (const timer of overdue) wrong.push(...(await giveNow(context, number, timer)));
    wrong.push(...(await plantMissing(context, number, ahead)), ...stuckMessages(incident, context.now()));
  }
  return wrong;
}

type Timers = { readonly overdue: readonly Timer[]; readonly ahead: readonly Timer[] };

function timersNow(incident: Incident, policy: Policy, now: Date): Timers {
  const timers = timersOf(incident, policy);
  return {
    overdue: timers.filter(({ dueAt }) => between(dueAt, now) >= OVERDUE),
    ahead: timers.filter(({ dueAt }) => between(dueAt, now) < 0),
  };
}

async function giveNow(context: AppContext, number: number, { command }: Timer): Promise<readonly string[]> {
  const { isNews } = await execute(context, number, command, { kind: 'timer' });
  if (!isNews) return [];
  context.observe.repair();
  context.log.warn({ incident: number, timer: command.kind }, 'a timer had not fired; its work was done now');
  return [`a timer of INC-${number} had not fired (${command.kind}); its work was done now`];
}

async function plantMissing(context: AppContext, number: number, timers: readonly Timer[]): Promise<readonly string[]> {
  if (timers.length === 0) return [];
  const jobs = timers.map((timer) => toNewJob(timerJob(number, timer)));
  const known = await context.jobs.known(
    'timers',
    jobs.map(({ key }) => key),
  );
  const missing = jobs.filter(({ key }) => !known.has(key));
  for (const job of missing) {
    await context.jobs.enqueue(context.database, job, context.now());
    context.observe.repair();
    context.log.warn({ incident: number, timer: job.key }, 'a timer had no job; it has one again');
  }
  return missing.map(({ key }) => `a timer of INC-${number} had no job (${key}); it has one again`);
}

function stuckMessages({ outbox, phase }: Incident, now: Date): readonly string[] {
  if (phase.name !== 'open') return [];
  return outbox
    .filter(({ dueAt, status }) => status.name === 'due' && status.attempts === 0 && between(dueAt, now) > STUCK)
    .map(({ key }) => `${key} has not been tried for ${Math.floor(STUCK / MINUTE)} minutes`);
}
