import type { Policy } from '#domain/base/policy.ts';
import { tasksOfEscalation } from '#domain/incident/checklist.ts';
import type { Announcement, PayloadMap } from '#domain/incident/outbox/message.ts';
import { type Incident, incidentName } from '#domain/incident/state.ts';
import { type Block, singleButton, taskButtons } from './blocks.ts';

/** Returns the buttons under an announcement: what its reader can still do about it. None once it no longer applies. */
export function announcementButtons(
  incident: Incident,
  { name, details }: Pick<PayloadMap['announcement'], 'name' | 'details'>,
  now: Date,
  policy: Policy,
): readonly Block[] {
  const own = incidentName(incident.number);
  const isOpen = incident.phase.name === 'open';
  switch (name) {
    case 'nudge':
      return isOpen ? singleButton('update', 'Update', own) : [];
    case 'escalation':
      return taskButtons(own, tasksOfEscalation(incident, details.escalation ?? '', now, policy));
    case 'follow-up':
      return incident.followUp.closed ? [] : singleButton('tasks', 'Tasks', own);
    case 'claim-overdue':
      return isOpen && incident.commander === null ? singleButton('claim', "I'm on it", own) : [];
    default:
      return [];
  }
}

/** The announcements that have buttons. */
export const BUTTONED: ReadonlySet<Announcement> = new Set(['nudge', 'escalation', 'follow-up', 'claim-overdue']);
