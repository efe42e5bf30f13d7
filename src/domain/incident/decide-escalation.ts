import { type Contact, contactOf, isReachable, type Policy } from '#domain/base/policy.ts';
import { escalationName, type Reached, reachedEscalations } from './escalation.ts';
import type { IncidentEvent } from './event.ts';
import { announce, queueMessage } from './requests.ts';
import type { Incident } from './state.ts';

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
