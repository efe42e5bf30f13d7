import { between, MINUTE, SECOND } from '#domain/base/time.ts';
import { timerJob } from '#domain/incident/effects.ts';
import { type Incident, incidentName } from '#domain/incident/state.ts';
import type { Timer } from '#domain/incident/timer-command.ts';
import { timersOf } from '#domain/incident/timers.ts';
import { incidentNumbers } from '#store/event-store.ts';
import { UnreadableEvent } from '#store/hash-chain.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, load } from '#workflows/execute.ts';
import { toNewJob } from '#workflows/jobs.ts';

/** A timer without a job is overdue, not merely on its way, after this long; one that has a job may be held up for longer. */
const OVERDUE = 30 * SECOND;
const HELD_UP = 2 * MINUTE;
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
  for (const number of (await incidentNumbers(context.database)).slice(-LATEST)) wrong.push(...(await reconcileIncident(context, number)));
  return wrong;
}

/** One record that can't be read must not hide the others. */
async function reconcileIncident(context: AppContext, number: number): Promise<readonly string[]> {
  try {
    const { incident } = await load(context, number);
    if (!incident) return [];
    const wrong: string[] = [];
    for (const timer of await lostTimers(context, incident)) wrong.push(await repair(context, number, timer));
    return [...wrong, ...stuckMessages(incident, context.now())];
  } catch (error) {
    if (!(error instanceof UnreadableEvent)) throw error;
    return [`${incidentName(number)}: ${error.message}`];
  }
}

/** The timers that have no job any more, and those whose job should have run long ago. */
async function lostTimers(context: AppContext, incident: Incident): Promise<readonly Timer[]> {
  const timers = timersOf(incident, context.policy);
  if (timers.length === 0) return [];
  const keyOf = (timer: Timer) => timerJob(incident.number, timer).key;
  const known = await context.jobs.known('timers', timers.map(keyOf));
  const now = context.now();
  return timers.filter((timer) => {
    const overdueFor = between(timer.dueAt, now);
    return overdueFor >= HELD_UP || (!known.has(keyOf(timer)) && (overdueFor >= OVERDUE || overdueFor < 0));
  });
}

/** Gives an overdue timer's command now, or plants the job of one that is still ahead. Returns what was done, in words. */
async function repair(context: AppContext, number: number, timer: Timer): Promise<string> {
  const { kind } = timer.command;
  const isAhead = between(timer.dueAt, context.now()) < 0;
  if (isAhead) await context.jobs.enqueue(context.database, toNewJob(timerJob(number, timer)), context.now());
  else await execute(context, number, timer.command, { kind: 'timer' });
  context.observe.repair();
  const done = isAhead ? 'had no job; it has one again' : 'had not fired; its work was done now';
  context.log.warn({ incident: number, timer: kind }, `a timer ${done}`);
  return `a timer of INC-${number} (${kind}) ${done}`;
}

function stuckMessages({ outbox, phase }: Incident, now: Date): readonly string[] {
  if (phase.name !== 'open') return [];
  return outbox
    .filter(({ dueAt, status }) => status.name === 'due' && status.attempts === 0 && between(dueAt, now) > STUCK)
    .map(({ key }) => `${key} has not been tried for ${Math.floor(STUCK / MINUTE)} minutes`);
}
