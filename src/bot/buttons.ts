import type { Person } from '#domain/incident/actor.ts';
import { type Button, parseActionId } from '#domain/messages/action-id.ts';
import { currentIncident } from '#store/facts.ts';
import { handle } from '#workflows/handle.ts';
import type { House } from '#workflows/house.ts';
import { auditCommand } from './commands/audit.ts';
import { incidentCommand } from './commands/incident.ts';

/** Does what a pressed button says; answers in words for the person who pressed it. */
export async function press(house: House, actionId: string, value: string, person: Person): Promise<string> {
  const button = parseActionId(actionId);
  if (button === null) return 'This button belongs to a version of Gapwatch that is gone. Use `/incident help`.';
  return byButton[button](house, person, value);
}

const byButton: Readonly<Record<Button, (house: House, person: Person, value: string) => Promise<string>>> = {
  claim: (house, person) => incidentCommand(house, 'claim', person),
  update: (house, person) => incidentCommand(house, 'update', person),
  resolve: (house, person) => incidentCommand(house, 'resolve', person),
  diagnose: (house, person) => auditCommand(house, 'diagnose', person),
  next: (house, person, value) => nextStep(house, value, person),
  stop: (house, person, value) => stopCheck(house, value, person),
  // Slack opens the link by itself and tells us of it; there is nothing to do or to say.
  open: async () => '',
};

/** A next step is one of our own commands, as it would be typed. */
async function nextStep(house: House, command: string, person: Person): Promise<string> {
  const [name, ...rest] = command.split(' ');
  if (name === '/audit') return auditCommand(house, rest.join(' '), person);
  if (name === '/incident') return incidentCommand(house, rest.join(' '), person);
  return `This button's command, ${command.slice(0, 60)}, belongs to another version of Gapwatch. Use \`/audit help\`.`;
}

async function stopCheck(house: House, request: string, person: Person): Promise<string> {
  const number = await currentIncident(house.database);
  if (number === null) return 'It has ended already.';
  const { refused } = await handle(house, number, { kind: 'stop-check', request }, person);
  return refused?.says ?? 'It stops at its next safe point, with what it knows.';
}
