import type { Escalation, Policy } from '#domain/base/policy.ts';
import { between, formatDuration, formatUtc, plus } from '#domain/base/time.ts';
import { type Gap, gapLength } from '#domain/gap/gap.ts';
import { type Incident, incidentName } from './state.ts';

/** The name under which an escalation of the policy is kept: what it counts, and after how long. It happens once. */
export function escalationName({ when, after }: Pick<Escalation, 'when' | 'after'>): string {
  return `${when}/${after}`;
}

export type Reached = { readonly escalation: Escalation; readonly why: string };

/**
 * The policy's escalations whose time has come and that have not happened yet (runbook, "Escalation"). Computed from the state alone:
 * when the gap's start is corrected, the times follow.
 */
export function reachedEscalations(incident: Incident, now: Date, policy: Policy): readonly Reached[] {
  return waiting(incident, policy).flatMap((escalation) => {
    const dueAt = dueTime(incident, escalation, now);
    return dueAt !== null && between(dueAt, now) >= 0 ? [{ escalation, why: whyOf(incident, escalation, now) }] : [];
  });
}

/** When the next escalation comes due if nothing changes; null when none will. */
export function nextEscalationAt(incident: Incident, now: Date, policy: Policy): Date | null {
  const times = waiting(incident, policy).flatMap((escalation) => dueTime(incident, escalation, now)?.getTime() ?? []);
  return times.length === 0 ? null : new Date(Math.min(...times));
}

function waiting(incident: Incident, policy: Policy): readonly Escalation[] {
  return policy.escalations.filter((escalation) => !incident.escalated.includes(escalationName(escalation)));
}

function dueTime(incident: Incident, { when, after }: Escalation, now: Date): Date | null {
  if (when === 'incident') return incident.phase.name === 'open' ? plus(incident.startedAt, after) : null;
  const candidates = incident.gaps.filter((gap) => gap.end === 'ongoing' || gapLength(gap, now) >= after);
  const starts = candidates.map(({ start }) => start.at.getTime());
  return starts.length === 0 ? null : new Date(Math.min(...starts) + after);
}

function whyOf(incident: Incident, { when, after }: Escalation, now: Date): string {
  const name = incidentName(incident.number);
  if (when === 'incident') return `${name} has not been resolved in ${formatDuration(after)}`;
  const gap = longest(incident.gaps, now);
  const since = gap ? `, since ${formatUtc(gap.start.at)}` : '';
  return gap?.end === 'ongoing'
    ? `the audit gap of ${name} has lasted ${formatDuration(after)}${since}`
    : `the audit gap of ${name} lasted more than ${formatDuration(after)}${since}`;
}

function longest(gaps: readonly Gap[], now: Date): Gap | undefined {
  return gaps.toSorted((one, other) => gapLength(other, now) - gapLength(one, now))[0];
}
