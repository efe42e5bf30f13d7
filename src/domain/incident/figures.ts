import { between, type Milliseconds } from '#domain/base/time.ts';
import { gapLength } from '#domain/gap/gap.ts';
import { LATE_AFTER } from './decide-call.ts';
import type { Recorded } from './event.ts';
import { stateOf } from './state.ts';

/** How the incident went, from facts that never change. Times count from its beginning; null while something has not happened. */
export type Figures = {
  readonly acknowledged: Milliseconds | null;
  readonly claimed: Milliseconds | null;
  readonly privacyOfficerTold: Milliseconds | null;
  readonly resolved: Milliseconds | null;
  readonly gap: Milliseconds;
  /** Updates that went out within a minute of their time, and all that were due. */
  readonly updatesOnTime: number;
  readonly updatesDue: number;
};

/** The figures of an incident; null without one. An open gap counts to `now`. */
export function figuresOf(facts: readonly Recorded[], now: Date): Figures | null {
  const incident = stateOf(facts);
  if (incident === null) return null;
  const since = (matches: (recorded: Recorded) => boolean): Milliseconds | null => {
    const found = facts.find(matches);
    return found ? Math.max(0, between(incident.startedAt, found.at)) : null;
  };
  const succeeded = (prefix: RegExp) => (recorded: Recorded) => recorded.fact.type === 'call.succeeded' && prefix.test(recorded.fact.key);
  return {
    acknowledged: since(
      (recorded) =>
        succeeded(/^pagerduty\/acknowledge/)(recorded) ||
        (recorded.fact.type === 'alert.changed' && recorded.fact.event === 'acknowledged'),
    ),
    claimed: since(({ fact }) => fact.type === 'claim.made'),
    privacyOfficerTold: since(succeeded(/^mail\/opening-notice$/)),
    resolved: since(({ fact }) => fact.type === 'incident.resolved'),
    gap: incident.gaps.reduce((sum, gap) => sum + gapLength(gap, now), 0),
    ...updates(incident.calls),
  };
}

/** A missed update, told later in another one, was due as well and not on time. */
function updates(calls: NonNullable<ReturnType<typeof stateOf>>['calls']): Pick<Figures, 'updatesOnTime' | 'updatesDue'> {
  const told = calls.flatMap(({ deed, dueAt, status }) =>
    deed.kind === 'update' && status.name !== 'superseded' ? [{ missed: deed.missed.length, dueAt, status }] : [],
  );
  const onTime = told.filter(({ dueAt, status }) => status.name === 'succeeded' && between(dueAt, status.at) <= LATE_AFTER);
  return { updatesOnTime: onTime.length, updatesDue: told.reduce((sum, { missed }) => sum + 1 + missed, 0) };
}
