import type { Policy } from '#domain/base/policy.ts';
import { between } from '#domain/base/time.ts';
import { claimTimers } from './commander.ts';
import { escalationTimers } from './escalations.ts';
import { followUpTimers } from './follow-up.ts';
import { hhsTimers } from './hhs.ts';
import { noticeTimers } from './notices.ts';
import { remedyTimers } from './remedy-runs.ts';
import { slackOutageTimers } from './slack-outage.ts';
import type { Incident } from './state.ts';
import type { Timer } from './timer-command.ts';
import { updateTimers } from './updates.ts';

/**
 * Returns every timer that the incident has now, from its state alone: what is planned when something changes, and what the self-check
 * compares with, so that no kind of timer can be forgotten. One whose work is done, or has no use any more, is not among them.
 */
export function timersOf(incident: Incident, policy: Policy): readonly Timer[] {
  return [
    ...claimTimers(incident, policy),
    ...updateTimers(incident),
    ...escalationTimers(incident, policy),
    ...slackOutageTimers(incident),
    ...noticeTimers(incident),
    ...followUpTimers(incident),
    ...hhsTimers(incident),
    ...remedyTimers(incident),
  ];
}

/** Returns the timers that `after` has and `before` had not, or had for another time. */
export function newTimers(before: Incident | null, after: Incident, policy: Policy): readonly Timer[] {
  const known = new Map((before === null ? [] : timersOf(before, policy)).map((timer) => [timerName(timer), timer.dueAt]));
  return timersOf(after, policy).filter((timer) => {
    const dueAt = known.get(timerName(timer));
    return dueAt === undefined || between(dueAt, timer.dueAt) !== 0;
  });
}

/** A timer's name within its incident: the same command for the same thing. */
export function timerName({ command, dueAt }: Timer): string {
  const { kind, ...rest } = command;
  const detail = Object.values(rest)
    .map((value) => (value instanceof Date ? value.getTime() : value))
    .join('/');
  // An escalation that moves is another timer: the earlier one finds nothing to do.
  return `${kind}/${kind === 'escalation-due' ? dueAt.getTime() : detail}`;
}
