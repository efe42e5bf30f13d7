import type { Policy } from '#domain/base/policy.ts';
import { between, DAY, HOUR, MINUTE, plus, SECOND } from '#domain/base/time.ts';
import type { TimerCommand } from '#domain/incident/command.ts';
import { reachedEscalations } from '#domain/incident/escalation.ts';
import { hhsDeadline } from '#domain/incident/hhs.ts';
import type { Incident } from '#domain/incident/state.ts';
import { incidentNumbers, loadLinks } from '#store/event-store.ts';
import { loadSent } from '#store/sent-messages.ts';
import { verifyEvidence } from '#store/signatures.ts';
import type { House } from '#workflows/context.ts';
import { handle, load } from '#workflows/execute.ts';

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
 * now (each can be given twice without harm) and counted as a repair. Answers what is still wrong after that, in words.
 */
export async function auditSelf(house: House): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const number of (await incidentNumbers(house.database)).slice(-LATEST)) {
    const { incident } = await load(house, number);
    if (!incident) continue;
    for (const due of overdue(incident, house.now(), house.policy)) await repair(house, number, due);
    wrong.push(...stuckCalls(incident, house.now()));
  }
  return wrong;
}

async function repair(house: House, number: number, { what, command }: Due): Promise<void> {
  const { isNews } = await handle(house, number, command, { kind: 'timer' });
  if (!isNews) return;
  house.observe.repair();
  house.log.warn({ incident: number, what }, 'a timer had not fired; its work was done now');
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

function stuckCalls({ calls, phase }: Incident, now: Date): readonly string[] {
  if (phase.name !== 'open') return [];
  return calls
    .filter(({ dueAt, status }) => status.name === 'due' && status.attempts === 0 && between(dueAt, now) > STUCK)
    .map(({ key }) => `${key} has not been tried for ${Math.floor(STUCK / MINUTE)} minutes`);
}

/** Recomputes every record; answers what does not hold, with the incident's number before it. */
export async function auditRecords(house: House): Promise<readonly { readonly incident: number; readonly problem: string }[]> {
  const found: { incident: number; problem: string }[] = [];
  for (const incident of await incidentNumbers(house.database)) {
    const evidence = { incident, links: await loadLinks(house.database, incident), sent: await loadSent(house.database, incident) };
    found.push(...verifyEvidence(evidence).map((problem) => ({ incident, problem })));
  }
  return found;
}
