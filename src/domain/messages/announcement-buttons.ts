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
  return BUTTONS[name]?.(incident, details, now, policy) ?? [];
}

/** Returns whether announcements of this name have buttons, as long as they apply. */
export function hasButtons(name: Announcement): boolean {
  return name in BUTTONS;
}

type ButtonsOf = (incident: Incident, details: Readonly<Record<string, string>>, now: Date, policy: Policy) => readonly Block[];

const BUTTONS: { readonly [Name in Announcement]?: ButtonsOf } = {
  nudge: (incident) => (isOpen(incident) ? singleButton('update', 'Update', incidentName(incident.number)) : []),
  escalation: (incident, { escalation = '' }, now, policy) =>
    taskButtons(incidentName(incident.number), tasksOfEscalation(incident, escalation, now, policy)),
  'follow-up': (incident) => (incident.followUp.closed ? [] : singleButton('tasks', 'Tasks', incidentName(incident.number))),
  'claim-overdue': (incident) =>
    isOpen(incident) && incident.commander === null ? singleButton('claim', "I'm on it", incidentName(incident.number)) : [],
};

function isOpen({ phase }: Incident): boolean {
  return phase.name === 'open';
}
