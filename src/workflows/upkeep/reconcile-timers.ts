import type { Policy } from '#domain/base/policy.ts';
import { between, DAY, HOUR, MINUTE, plus, SECOND } from '#domain/base/time.ts';
import type { TimerCommand } from '#domain/incident/command.ts';
import { reachedEscalations } from '#domain/incident/escalation.ts';
import { hhsDeadline } from '#domain/incident/hhs.ts';
import { type Incident, incidentName } from '#domain/incident/state.ts';
import { incidentNumbers } from '#store/event-store.ts';
import { UnreadableEvent } from '#store/hash-chain.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, load } from '#workflows/execute.ts';

/** A timer is overdue, not merely on its way, after this long. */
const OVERDUE = 30 * SECOND;
/** A call that has been due for so long without any attempt coming to an end is stuck. */
const STUCK = 10 * MINUTE;
const LATEST = 50;

type Due = {
  readonly what: string;
  readonly dueAt: Date;
  readonly command: TimerCommand | { readonly kind: 'update-due'; readonly number: number };
};

/**
 * Looks for what should have happened and did not: a timer that never fired, a call that is stuck. An overdue timer's command is given
 * now (each can be given twice without harm) and counted as a repair. Returns what is still wrong after that, in words.
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
    for (const due of overdue(incident, context.now(), context.policy)) await repair(context, number, due);
    return stuckMessages(incident, context.now());
  } catch (error) {
    if (!(error instanceof UnreadableEvent)) throw error;
    return [`${incidentName(number)}: ${error.message}`];
  }
}

async function repair(context: AppContext, number: number, { what, command }: Due): Promise<void> {
  const { isNews } = await execute(context, number, command, { kind: 'timer' });
  if (!isNews) return;
  context.observe.repair();
  context.log.warn({ incident: number, what }, 'a timer had not fired; its work was done now');
}

/** The timers of an incident whose time has passed without their work being done. */
function overdue(incident: Incident, now: Date, policy: Policy): readonly Due[] {
  const { nextUpdate, pausedUntil, followUp, phase } = incident;
  const updates: readonly Due[] =
    nextUpdate && !incident.updatesPaused
      ? [{ what: 'update', dueAt: nextUpdate.dueAt, command: { kind: 'update-due', number: nextUpdate.number } }]
      : [];
  const pause: readonly Due[] =
    pausedUntil && phase.name === 'open'
      ? [{ what: 'end of the pause', dueAt: pausedUntil, command: { kind: 'pause-over', until: pausedUntil } }]
      : [];
  const escalations: readonly Due[] =
    reachedEscalations(incident, plus(now, -OVERDUE), policy).length > 0
      ? [{ what: 'escalation', dueAt: plus(now, -OVERDUE), command: { kind: 'escalation-due' } }]
      : [];
  const reminders: readonly Due[] =
    phase.name === 'resolved' && !followUp.closed
      ? [24, 48].map((hours) => ({
          what: `reminder after ${hours} hours`,
          dueAt: plus(phase.at, hours * HOUR),
          command: { kind: 'follow-up-due', hours, resolution: incident.resolutions },
        }))
      : [];
  const deadline: readonly Due[] =
    followUp.hhs?.required && !followUp.hhs.notified
      ? [{ what: 'HHS deadline', dueAt: plus(hhsDeadline(incident), -DAY), command: { kind: 'hhs-due', daysLeft: 1 } }]
      : [];
  return [...updates, ...pause, ...escalations, ...reminders, ...deadline].filter(({ dueAt }) => between(dueAt, now) >= OVERDUE);
}

function stuckMessages({ outbox, phase }: Incident, now: Date): readonly string[] {
  if (phase.name !== 'open') return [];
  return outbox
    .filter(({ dueAt, status }) => status.name === 'due' && status.attempts === 0 && between(dueAt, now) > STUCK)
    .map(({ key }) => `${key} has not been tried for ${Math.floor(STUCK / MINUTE)} minutes`);
}
