import { between, DAY, formatUtc, plus } from '#domain/base/time.ts';
import { announce, announceOnce, queueMessage, wasAnnounced } from '#domain/incident/outbox/queue.ts';
import { actorName } from './actor.ts';
import { type CommandRows, type Decision, type Evolutions, refuse, type TimelineTexts } from './concern.ts';
import type { IncidentEvent } from './event.ts';
import { type Incident, withFollowUp } from './state.ts';
import type { Timer, TimerOf } from './timer-command.ts';

/** Whether HHS must be notified is a person's decision; its 60 days (45 CFR 164.404, 164.408) are watched here. */
export type HhsCommand =
  | { readonly kind: 'decide-hhs'; readonly required: boolean; readonly because: string }
  | { readonly kind: 'hhs-notified' }
  | TimerOf<'hhs-due'>;

type Of<Kind extends HhsCommand['kind']> = Extract<HhsCommand, { kind: Kind }>;

export const hhsCommands: CommandRows<HhsCommand> = {
  'decide-hhs': { permission: 'confirmed-member', decide: (incident, command, { now }) => decideHhs(incident, command, now) },
  'hhs-notified': { permission: 'confirmed-member', decide: (incident, _command, { now }) => hhsNotified(incident, now) },
  'hhs-due': { permission: 'nobody', decide: (incident, command, { now }) => ({ events: hhsDue(incident, command, now) }) },
};

export const hhsEvolutions: Evolutions<'hhs.decided' | 'hhs.notified'> = {
  'hhs.decided': (incident, { required, because }, { at, by }) =>
    withFollowUp(incident, { hhs: { required, because, by: actorName(by), at, notified: incident.followUp.hhs?.notified ?? null } }),
  'hhs.notified': (incident, _event, { at, by }) => {
    const { hhs } = incident.followUp;
    return withFollowUp(incident, { hhs: hhs && { ...hhs, notified: { by: actorName(by), at } } });
  },
};

export const hhsTexts: TimelineTexts<'hhs.decided' | 'hhs.notified'> = {
  'hhs.decided': ({ required, because }) => `HHS notification ${required ? 'is' : 'is not'} required, because ${because}`,
  'hhs.notified': () => 'HHS was notified',
};

/** Returns the reminders of the deadline that are still to be given. */
export function hhsTimers(incident: Incident): readonly Timer[] {
  const { hhs } = incident.followUp;
  if (!hhs?.required || hhs.notified) return [];
  return hhsReminders(incident, hhs.at).flatMap(({ daysLeft, at }): readonly Timer[] =>
    wasAnnounced(incident, 'hhs-deadline', String(daysLeft)) ? [] : [{ command: { kind: 'hhs-due', daysLeft }, dueAt: at }],
  );
}

/** At most 60 days from discovery (45 CFR 164.404(b), 164.408). */
const DAYS = 60;

/** Days before the deadline on which Gapwatch reminds. */
const REMIND_BEFORE_DAYS = [30, 14, 7, 3, 1, 0];

/** The last moment for notifying HHS: 60 days after the incident was discovered. */
export function hhsDeadline({ openedAt }: Pick<Incident, 'openedAt'>): Date {
  return plus(openedAt, DAYS * DAY);
}

/** The reminders that still lie ahead. */
export function hhsReminders(incident: Pick<Incident, 'openedAt'>, now: Date): readonly { readonly daysLeft: number; readonly at: Date }[] {
  return REMIND_BEFORE_DAYS.map((daysLeft) => ({ daysLeft, at: plus(hhsDeadline(incident), -daysLeft * DAY) })).filter(
    ({ at }) => between(now, at) > 0,
  );
}
/**
 * A person says whether HHS must be notified; if so, its 60 days are watched. Gapwatch itself never judges. A decision with another
 * reason is another one; that HHS was notified stays true under either.
 */
export function decideHhs(incident: Incident, { required, because }: Of<'decide-hhs'>, now: Date): Decision {
  const { hhs } = incident.followUp;
  if (hhs?.required === required && hhs.because === because) {
    const decision = required ? 'HHS must be notified' : 'HHS need not be notified';
    return refuse('already-so', `${decision}, because ${because}: ${hhs.by} said so at ${formatUtc(hhs.at)}.`);
  }
  const details = { required: required ? 'yes' : 'no', because, deadline: formatUtc(hhsDeadline(incident)) };
  return {
    events: [{ type: 'hhs.decided', required, because }, announce(incident, now, 'hhs-decided', details, { broadcast: true })],
  };
}

/** A person says that HHS was notified: the reminders end. */
export function hhsNotified(incident: Incident, now: Date): Decision {
  const { hhs } = incident.followUp;
  if (!hhs?.required) return refuse('already-so', 'Nobody has said that HHS must be notified: `/incident hhs required because <reason>`.');
  if (hhs.notified) return refuse('already-so', `HHS was notified at ${formatUtc(hhs.notified.at)}, says ${hhs.notified.by}.`);
  return { events: [{ type: 'hhs.notified' }, announce(incident, now, 'hhs-notified', {}, { broadcast: true })] };
}

/** HHS is still to be notified: the channel and the Privacy Officer are reminded of the day. */
export function hhsDue(incident: Incident, { daysLeft }: Of<'hhs-due'>, now: Date): readonly IncidentEvent[] {
  const { hhs } = incident.followUp;
  if (!hhs?.required || hhs.notified || between(plus(hhsDeadline(incident), -daysLeft * DAY), now) < 0) return [];
  const details = { daysLeft: String(daysLeft), deadline: formatUtc(hhsDeadline(incident)) };
  const told = announceOnce(incident, now, 'hhs-deadline', String(daysLeft), details, { broadcast: true });
  return told.length === 0 ? [] : [...told, queueMessage(`hhs/${daysLeft}`, { kind: 'hhs-notice', daysLeft }, now)];
}
