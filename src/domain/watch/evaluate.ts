import { between, type Milliseconds } from '#domain/base/time.ts';
import { ALARM_NAMES, ALARMS, type AlarmName, OVER_AFTER, TELL_AGAIN } from './alarm.ts';
import { arrivalOf } from './arrival.ts';
import type { Observation } from './observation.ts';
import { type Evaluation, RULES, type Rules, silenceOf, trustworthyTable } from './rules.ts';
import type { AlarmState, WatchState } from './state.ts';

/**
 * One round of the watch: what was remembered and what is seen now become what is remembered next, alarms included. An alarm is raised
 * when what it says has held for its time, and is over when that has not held for a minute; what could not be seen ends nothing.
 */
export function evaluate(state: WatchState, seen: Observation, policy: Rules): WatchState {
  const next = remember(state, seen, policy);
  const alarms: Partial<Record<AlarmName, AlarmState>> = {};
  for (const name of ALARM_NAMES) {
    const judgement = RULES[name]({ state: next, seen, table: trustworthyTable(seen, policy), policy });
    const alarm = nextAlarm(state.alarms[name], judgement, seen.at, holdsFor(name, policy));
    if (alarm) alarms[name] = alarm;
  }
  return { ...next, alarms };
}

/** The alarms that are raised. */
export function raisedAlarms({ alarms }: Pick<WatchState, 'alarms'>): readonly AlarmName[] {
  return ALARM_NAMES.filter((name) => alarms[name]?.raisedAt);
}

function remember(state: WatchState, seen: Observation, policy: Rules): WatchState {
  const table = trustworthyTable(seen, policy);
  const common: WatchState = {
    ...state,
    roundAt: seen.at,
    failingSince: failingSince(state, seen),
    probe: probeOf(state, seen),
    disk: seen.diskPercent === null ? state.disk : { at: seen.at, percent: seen.diskPercent },
    errors: state.errors + (seen.probe.kind === 'refused' ? 1 : 0) + (seen.health === 'failing' ? 1 : 0),
  };
  if (table.kind === 'unseen') return common;
  const arrival = arrivalOf(state.arrival, state.lookedAt, table.newest, table.readUpTo);
  const hasArrived = arrival !== null && arrival.at.getTime() !== state.arrival?.at.getTime();
  const wasSilent = state.lookedAt !== null && silenceOf(state, table) > policy.gap.tolerance;
  return {
    ...common,
    lookedAt: table.at,
    arrival,
    silenceEndedAt: wasSilent && hasArrived ? table.at : state.silenceEndedAt,
    skewMilliseconds: between(seen.at, table.at),
    countedUntil: table.countedUntil,
    comparedAt: table.counts === null ? state.comparedAt : table.at,
    records: state.records + table.arrived,
  };
}

function failingSince(state: WatchState, { at, health }: Observation): Date | null {
  switch (health) {
    case 'failing':
      return state.failingSince ?? at;
    case 'active':
      return null;
    case null:
      return state.failingSince;
    default:
      return health satisfies never;
  }
}

function probeOf(state: WatchState, { at, probe, table }: Observation): WatchState['probe'] {
  switch (probe.kind) {
    case 'not-tried':
      return state.probe;
    case 'written':
    case 'unreached':
    case 'refused':
      return {
        at,
        tableAt: table.kind === 'seen' ? table.at : null,
        outcome: probe.kind,
        words: probe.kind === 'refused' ? probe.words : '',
      };
    default:
      return probe satisfies never;
  }
}

function holdsFor(name: AlarmName, { gap }: Rules): Milliseconds {
  const time = ALARMS[name].holdsFor;
  return time === 'alert_after' ? gap.alertAfter : time;
}

function nextAlarm(before: AlarmState | undefined, judgement: Evaluation, now: Date, length: Milliseconds): AlarmState | undefined {
  if (judgement === 'unknown') return before;
  if (judgement === 'over') {
    if (before === undefined || before.raisedAt === null) return undefined;
    const clearSince = before.clearSince ?? now;
    return between(clearSince, now) >= OVER_AFTER ? undefined : { ...before, clearSince };
  }
  const { words } = judgement;
  if (before?.raisedAt && before.toldAt) {
    // An alert may have been ended in a pause, or by mistake: what holds on is told again. Otherwise its first words stay.
    const isAgain = before.clearSince !== null || between(before.toldAt, now) >= TELL_AGAIN;
    return isAgain ? { ...before, clearSince: null, toldAt: now, words } : before;
  }
  const since = before?.since ?? now;
  const isRaised = between(since, now) >= length;
  return { since, raisedAt: isRaised ? now : null, toldAt: isRaised ? now : null, clearSince: null, words };
}
