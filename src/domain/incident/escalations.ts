import { type Contact, contactOf, type Escalation, isReachable, type Policy } from '#domain/base/policy.ts';
import { between, formatDuration, formatUtc, plus } from '#domain/base/time.ts';
import { type Gap, gapLength } from '#domain/gap/gap.ts';
import { announce, queueMessage } from '#domain/incident/outbox/queue.ts';
import { type CommandRows, type Decision, type Evolutions, refuse, refuseUnlessOpen, type TimelineTexts } from './concern.ts';
import type { IncidentEvent } from './event.ts';
import { type Incident, incidentName } from './state.ts';
import type { Timer, TimerOf } from './timer-command.ts';

/** Escalations of the policy (runbook, "Escalation": 15 minutes, 30 minutes of gap, 24 hours of gap), and paging the next level. */
export type EscalationCommand = { readonly kind: 'escalate' } | TimerOf<'escalation-due'>;

export const escalationCommands: CommandRows<EscalationCommand> = {
  escalate: { permission: 'confirmed-member', decide: (incident, _command, { now }) => escalate(incident, now) },
  'escalation-due': {
    permission: 'nobody',
    decide: (incident, _command, { now, policy }) => ({ events: escalationDue(incident, now, policy) }),
  },
};

export const escalationEvolutions: Evolutions<'escalation.requested' | 'escalation.reached'> = {
  'escalation.requested': (incident) => incident,
  'escalation.reached': (incident, { escalation }) => ({ ...incident, escalated: [...incident.escalated, escalation] }),
};

export const escalationTexts: TimelineTexts<'escalation.requested' | 'escalation.reached'> = {
  'escalation.requested': ({ reason }) => `Escalation requested: ${reason}`,
  'escalation.reached': ({ why, notify, unreachable, say }) => {
    const nobody = unreachable.length === 0 ? '' : `; no address is known for ${unreachable.join(', ')}`;
    return `Escalation: ${why}; told: ${notify.join(', ') || 'nobody'}${nobody}; ${say}`;
  },
};

/** Returns when the next escalation comes due if nothing changes. */
export function escalationTimers(incident: Incident, policy: Policy): readonly Timer[] {
  const times = waiting(incident, policy).flatMap((escalation) => dueTime(incident, escalation)?.getTime() ?? []);
  return times.length === 0 ? [] : [{ command: { kind: 'escalation-due' }, dueAt: new Date(Math.min(...times)) }];
}

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
    const dueAt = dueTime(incident, escalation);
    return dueAt !== null && between(dueAt, now) >= 0 ? [{ escalation, why: whyOf(incident, escalation, now) }] : [];
  });
}

function waiting(incident: Incident, policy: Policy): readonly Escalation[] {
  return policy.escalations.filter((escalation) => !incident.escalated.includes(escalationName(escalation)));
}

function dueTime(incident: Incident, { when, after }: Escalation): Date | null {
  if (when === 'incident') return incident.phase.name === 'open' ? plus(incident.startedAt, after) : null;
  const candidates = incident.gaps.filter((gap) => gap.end === 'ongoing' || between(gap.start.at, gap.end.at) >= after);
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
/** Escalations whose time has come: each mentions or mails exactly its contacts, once, and names those whom nobody can reach. */
export function escalationDue(incident: Incident, now: Date, policy: Policy): readonly IncidentEvent[] {
  return reachedEscalations(incident, now, policy).flatMap((reached) => escalated(incident, reached, now, policy));
}

function escalated(incident: Incident, { escalation, why }: Reached, now: Date, policy: Policy): readonly IncidentEvent[] {
  const name = escalationName(escalation);
  const { notify, say } = escalation;
  const contacts = notify.map((role) => ({ role, contact: contactOf(policy, role) }));
  const unreachable = contacts.filter(({ contact }) => !isReachable(contact)).map(({ role }) => role);
  const reached: IncidentEvent = { type: 'escalation.reached', escalation: name, why, notify: [...notify], unreachable, say };
  const details = {
    escalation: name,
    why,
    say,
    mentions: contacts.flatMap(({ contact }) => contact.slack ?? []).join(' '),
    mailed: contacts
      .filter(({ contact }) => contact.email)
      .map(({ role }) => role)
      .join(', '),
    unreachable: unreachable.join(', '),
  };
  return [reached, announce(incident, now, 'escalation', details, { broadcast: true, which: name }), ...mails(name, contacts, now)];
}

type RoleContact = { readonly role: string; readonly contact: Contact };

function mails(escalation: string, contacts: readonly RoleContact[], now: Date): readonly IncidentEvent[] {
  return contacts
    .filter(({ contact }) => contact.email)
    .map(({ role }) => queueMessage(`escalation/${escalation}/${role}`, { kind: 'escalation-notice', escalation, role }, now));
}
/** Pages the next escalation level of every alert that PagerDuty still holds open. */
export function escalate(incident: Incident, now: Date): Decision {
  const closed = refuseUnlessOpen(incident);
  if (closed) return closed;
  const pages = pageNextLevel(incident, now);
  if (pages.length === 0) {
    return refuse(
      'already-so',
      'No open PagerDuty alert belongs to this incident, so there is nobody to page. Call the next person yourself.',
    );
  }
  return { events: [{ type: 'escalation.requested', reason: 'asked by a person' }, ...pages] };
}

/** The calls that page the level after the one paged last, once a service: a hundred alerts of one failure must not page anybody a hundred times. */
export function pageNextLevel(incident: Incident, now: Date): readonly IncidentEvent[] {
  const level = incident.pagedLevel + 1;
  const open = incident.alerts.filter((alert) => alert.status !== 'resolved');
  return open
    .filter((alert, index) => open.findIndex(({ service }) => service === alert.service) === index)
    .map((alert) => queueMessage(`page/${alert.id}/${incident.eventCount}`, { kind: 'page-next-level', alertId: alert.id, level }, now));
}
