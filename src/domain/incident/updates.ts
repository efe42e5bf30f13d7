import type { Policy } from '#domain/base/policy.ts';
import { between, formatUtc, MINUTE, plus } from '#domain/base/time.ts';
import { announce, announceOnce, queueMessage } from '#domain/incident/outbox/queue.ts';
import { LATE_AFTER } from '#domain/incident/outbox/retry.ts';
import {
  type CommandRows,
  type Decision,
  type Evolutions,
  refuse,
  refuseUnlessAhead,
  refuseUnlessOpen,
  type TimelineTexts,
} from './concern.ts';
import type { IncidentEvent } from './event.ts';
import { type Incident, outboxMessage } from './state.ts';
import type { Timer, TimerOf } from './timer-command.ts';
import { dueTimes, lastUpdateNumber, nextUpdate } from './update-schedule.ts';

/** The update every five minutes (runbook, "Communication"): its schedule, pauses, and what is merged when one was missed. */
export type UpdateCommand =
  | { readonly kind: 'post-update' }
  | { readonly kind: 'submit-update'; readonly cause: string; readonly action: string; readonly etaAt: Date | null }
  | { readonly kind: 'pause-updates'; readonly until: Date }
  | { readonly kind: 'continue-updates' }
  | TimerOf<'update-due' | 'nudge-due' | 'pause-over'>;

export const updateCommands: CommandRows<UpdateCommand> = {
  'post-update': { permission: 'member', decide: (incident, _command, { now, policy }) => postUpdate(incident, now, policy) },
  'submit-update': { permission: 'member', decide: (incident, command, { now, policy }) => submitUpdate(incident, command, now, policy) },
  'pause-updates': { permission: 'member', decide: (incident, command, { now }) => pause(incident, command, now) },
  'continue-updates': { permission: 'member', decide: (incident, _command, { now, policy }) => continueUpdates(incident, now, policy) },
  'update-due': {
    permission: 'nobody',
    decide: (incident, { number }, { now, policy }) => ({ events: updateDue(incident, number, now, policy) }),
  },
  'nudge-due': { permission: 'nobody', decide: (incident, command, { now }) => ({ events: nudgeDue(incident, command, now) }) },
  'pause-over': {
    permission: 'nobody',
    decide: (incident, command, { now, policy }) => ({ events: pauseOver(incident, command, now, policy) }),
  },
};

type UpdateEvent = 'update.scheduled' | 'updates.paused' | 'updates.continued';

export const updateEvolutions: Evolutions<UpdateEvent> = {
  'update.scheduled': (incident, { number, dueAt }) => ({ ...incident, nextUpdate: { number, dueAt } }),
  'updates.paused': (incident, { until }) => ({ ...incident, updatesPaused: true, pausedUntil: until ?? null }),
  'updates.continued': (incident) => ({ ...incident, updatesPaused: false, pausedUntil: null }),
};

export const updateTexts: TimelineTexts<UpdateEvent> = {
  'update.scheduled': ({ number, dueAt }) => `Update ${number} is due ${formatUtc(dueAt)}`,
  'updates.paused': ({ until }) => (until ? `Updates paused until ${formatUtc(until)}` : 'Updates paused'),
  'updates.continued': () => 'Updates continued',
};

/** Returns the next update and the reminder before it, or the end of a pause. */
export function updateTimers(incident: Incident): readonly Timer[] {
  const { phase, nextUpdate, updatesPaused, pausedUntil } = incident;
  if (phase.name !== 'open') return [];
  if (updatesPaused) return pausedUntil ? [{ command: { kind: 'pause-over', until: pausedUntil }, dueAt: pausedUntil }] : [];
  if (nextUpdate === null) return [];
  const { number, dueAt } = nextUpdate;
  const nudge: readonly Timer[] = wantsNudge(incident, number)
    ? [{ command: { kind: 'nudge-due', update: number }, dueAt: plus(dueAt, -MINUTE) }]
    : [];
  return [{ command: { kind: 'update-due', number }, dueAt }, ...nudge];
}

/** So many updates in a row with the same action and ETA ask for news. */
const UNCHANGED = 2;

function wantsNudge(incident: Incident, update: number): boolean {
  const isSame = incident.commander !== null && incident.unchangedUpdates >= UNCHANGED;
  return isSame && outboxMessage(incident, `slack/nudge/${update}`) === undefined;
}

/** A person's own update goes out at once and the next one is due a full interval later. */
export function postUpdate(incident: Incident, now: Date, policy: Policy): Decision {
  const closed = refuseUnlessOpen(incident);
  if (closed) return closed;
  const number = lastUpdateNumber(incident) + 1;
  const update = queueMessage(`update/${number}`, { kind: 'update', number, missed: [], whyMissed: null }, now);
  return { events: [update, { type: 'update.scheduled', number: number + 1, dueAt: plus(now, policy.updates.every) }] };
}

/** The update form: what differs from what is known is stated, and the update goes out at once. */
export function submitUpdate(
  incident: Incident,
  { cause, action, etaAt }: Extract<UpdateCommand, { kind: 'submit-update' }>,
  now: Date,
  policy: Policy,
): Decision {
  const update = postUpdate(incident, now, policy);
  if (update.refused) return update;
  const newEtaAt = etaAt?.getTime() === incident.etaAt?.getTime() ? null : etaAt;
  // The form comes filled with the ETA that is known, which may have passed since: only a new one must lie ahead.
  const passed = newEtaAt && refuseUnlessAhead(newEtaAt, now, 'Give a time ahead, such as `15m`.');
  if (passed) return passed;
  const stated: readonly IncidentEvent[] = [
    ...(cause !== '' && cause !== incident.rootCause ? [{ type: 'cause.stated' as const, text: cause }] : []),
    ...(action !== '' && action !== incident.action ? [{ type: 'action.stated' as const, text: action }] : []),
    ...(newEtaAt ? [{ type: 'eta.stated' as const, etaAt: newEtaAt }] : []),
  ];
  return { events: [...stated, ...update.events] };
}

/** Stops the regular updates until a moment: a pause without an end would be silence. */
export function pause(incident: Incident, { until }: Extract<UpdateCommand, { kind: 'pause-updates' }>, now: Date): Decision {
  const closed = refuseUnlessOpen(incident);
  if (closed) return closed;
  if (incident.updatesPaused && incident.pausedUntil?.getTime() === until.getTime()) {
    return refuse('already-so', `Updates are paused until ${formatUtc(until)} already. \`/incident continue\` starts them again.`);
  }
  return { events: [{ type: 'updates.paused', until }, announce(incident, now, 'updates-paused', { until: formatUtc(until) })] };
}

/** Starts the regular updates again, with the next one a full interval away. */
export function continueUpdates(incident: Incident, now: Date, policy: Policy): Decision {
  const closed = refuseUnlessOpen(incident);
  if (closed) return closed;
  if (!incident.updatesPaused) return refuse('already-so', 'Updates are not paused.');
  const next = nextUpdate(incident, now, policy);
  return { events: [{ type: 'updates.continued' }, next, announce(incident, now, 'updates-continued')] };
}
/**
 * The next regular update is due. What earlier updates failed to say is merged into this one, which names the missed times and
 * why: after an outage the channel gets one late update, never a burst.
 */
export function updateDue(incident: Incident, number: number, now: Date, policy: Policy): readonly IncidentEvent[] {
  const next = incident.nextUpdate;
  if (incident.phase.name !== 'open' || incident.updatesPaused || next === null || next.number !== number) return [];
  if (between(now, next.dueAt) > 0) return [];
  const times = dueTimes(next.dueAt, now, policy);
  const dueAt = times.at(-1) ?? next.dueAt;
  const slept = times.slice(0, -1);
  const merged = mergeUndelivered(incident, number);
  const missed = [...merged.missed, ...slept].slice(-1_000);
  const isLate = slept.length > 0 || between(dueAt, now) > LATE_AFTER;
  const whyMissed = merged.why ?? (isLate ? 'cause not known' : null);
  return [
    ...merged.superseded,
    queueMessage(`update/${number}`, { kind: 'update', number, missed, whyMissed }, dueAt),
    { type: 'update.scheduled', number: number + 1, dueAt: plus(dueAt, policy.updates.every) },
  ];
}

type Merged = { readonly superseded: readonly IncidentEvent[]; readonly missed: readonly Date[]; readonly why: string | null };

function mergeUndelivered(incident: Incident, byNumber: number): Merged {
  const undelivered = incident.outbox.filter(({ payload, status }) => payload.kind === 'update' && status.name === 'due');
  const superseded = undelivered.map<IncidentEvent>(({ key }) => ({
    type: 'outbox.superseded',
    key,
    because: `not delivered in time; update ${byNumber} says it too`,
  }));
  const missed = undelivered.flatMap(({ payload, dueAt }) => (payload.kind === 'update' ? [...payload.missed, dueAt] : []));
  const lastFailure = undelivered
    .map(({ status }) => (status.name === 'due' ? status.lastFailure : null))
    .find((failure) => failure !== null);
  const why = undelivered.length === 0 ? null : (lastFailure?.detail ?? 'cause not known');
  return { superseded, missed, why };
}

/** A minute before an update that would say the same a third time, whoever is on it is asked for news. */
export function nudgeDue(incident: Incident, { update }: TimerOf<'nudge-due'>, now: Date): readonly IncidentEvent[] {
  const { commander, nextUpdate, unchangedUpdates, updatesPaused, phase } = incident;
  const isMeant = phase.name === 'open' && !updatesPaused && nextUpdate?.number === update;
  if (!isMeant || commander === null || unchangedUpdates < UNCHANGED) return [];
  return announceOnce(incident, now, 'nudge', String(update), { slackId: commander.slackId, count: String(unchangedUpdates) });
}

/** A pause has come to its end; one that was ended or prolonged meanwhile has another. */
export function pauseOver(incident: Incident, { until }: TimerOf<'pause-over'>, now: Date, policy: Policy): readonly IncidentEvent[] {
  if (!incident.updatesPaused || incident.pausedUntil?.getTime() !== until.getTime()) return [];
  return continueUpdates(incident, now, policy).events;
}
