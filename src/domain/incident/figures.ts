import { between, type Milliseconds } from '#domain/base/time.ts';
import { gapLength, unaccountedLength } from '#domain/gap/gap.ts';
import { LATE_AFTER } from '#domain/incident/outbox/retry.ts';
import type { RecordedEvent } from './event.ts';
import { stateOf } from './evolve.ts';
import type { Incident } from './state.ts';

/** How the incident went, from events that never change. Times count from its beginning; null while something has not happened. */
export type Figures = {
  readonly acknowledged: Milliseconds | null;
  readonly claimed: Milliseconds | null;
  readonly privacyOfficerTold: Milliseconds | null;
  readonly resolved: Milliseconds | null;
  /** From the first gap's start to the first alert, or to the declaration; null without a gap. */
  readonly detected: Milliseconds | null;
  /** All gaps together, as they happened, and what the table still lacks of them. */
  readonly gap: Milliseconds;
  readonly unaccounted: Milliseconds;
  /** Updates that went out within a minute of their time, and all that were due. */
  readonly updatesOnTime: number;
  readonly updatesDue: number;
};

/** The figures of an incident; null without one. An open gap counts to `now`. */
export function figuresOf(events: readonly RecordedEvent[], now: Date): Figures | null {
  const incident = stateOf(events);
  if (incident === null) return null;
  const since = (matches: (recorded: RecordedEvent) => boolean): Milliseconds | null => {
    const found = events.find(matches);
    return found ? Math.max(0, between(incident.startedAt, found.at)) : null;
  };
  const succeeded = (prefix: RegExp) => (recorded: RecordedEvent) =>
    recorded.event.type === 'outbox.delivered' && prefix.test(recorded.event.key);
  return {
    acknowledged: since(
      (recorded) =>
        succeeded(/^pagerduty\/acknowledge/)(recorded) ||
        (recorded.event.type === 'alert.changed' && recorded.event.event === 'acknowledged'),
    ),
    claimed: since(({ event }) => event.type === 'commander.named'),
    privacyOfficerTold: since(succeeded(/^mail\/opening-notice$/)),
    resolved: since(({ event }) => event.type === 'incident.resolved'),
    detected: detectedAfter(incident),
    gap: incident.gaps.reduce((sum, gap) => sum + gapLength(gap, now), 0),
    unaccounted: incident.gaps.reduce((sum, gap) => sum + unaccountedLength(gap, now), 0),
    ...updates(incident.outbox),
  };
}

function detectedAfter({ gaps, startedAt }: Incident): Milliseconds | null {
  const [first] = gaps;
  return first === undefined ? null : Math.max(0, between(first.start.at, startedAt));
}

/** A missed update, told later in another one, was due as well and not on time. */
function updates(outbox: NonNullable<ReturnType<typeof stateOf>>['outbox']): Pick<Figures, 'updatesOnTime' | 'updatesDue'> {
  const told = outbox.flatMap(({ payload, dueAt, status }) =>
    payload.kind === 'update' && status.name !== 'superseded' ? [{ missed: payload.missed.length, dueAt, status }] : [],
  );
  const onTime = told.filter(({ dueAt, status }) => status.name === 'succeeded' && between(dueAt, status.at) <= LATE_AFTER);
  return { updatesOnTime: onTime.length, updatesDue: told.reduce((sum, { missed }) => sum + 1 + missed, 0) };
}
