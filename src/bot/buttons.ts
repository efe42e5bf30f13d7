import type { Person } from '#domain/incident/actor.ts';
import { type Button, parseActionId } from '#domain/messages/action-id.ts';
import type { House } from '#workflows/house.ts';
import { auditCommand } from './commands/audit.ts';
import { incidentCommand } from './commands/incident.ts';

/** Does what a pressed button says; answers in words for the person who pressed it. */
export async function press(house: House, actionId: string, person: Person): Promise<string> {
  const button = parseActionId(actionId);
  if (button === null) return 'This button belongs to a version of Gapwatch that is gone. Use `/incident help`.';
  return byButton[button](house, person);
}

const byButton: Readonly<Record<Button, (house: House, person: Person) => Promise<string>>> = {
  claim: (house, person) => incidentCommand(house, 'claim', person),
  update: (house, person) => incidentCommand(house, 'update', person),
  resolve: (house, person) => incidentCommand(house, 'resolve', person),
  diagnose: (house, person) => auditCommand(house, 'diagnose', person),
};
