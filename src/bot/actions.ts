import { auditCommand } from '#bot/commands/audit.ts';
import { incidentCommand } from '#bot/commands/incident.ts';
import { decideOnRemedy } from '#bot/commands/remedy.ts';
import type { FormName } from '#bot/views/form.ts';
import { openForm } from '#bot/views/open.ts';
import { type Button, parseActionId } from '#domain/messages/action-id.ts';
import { currentIncident, openIncident } from '#store/event-store.ts';
import type { House } from '#workflows/context.ts';
import { handle } from '#workflows/execute.ts';
import { refuseUnlessApprover } from './identity.ts';
import type { Asker, Reply } from './reply.ts';

/** Does what a pressed button says; answers the person who pressed it. */
export async function press(house: House, actionId: string, value: string, asker: Asker): Promise<Reply> {
  const button = parseActionId(actionId);
  if (button === null) return 'This button belongs to a version of Gapwatch that is gone. Use `/incident help`.';
  return byButton[button](house, asker, value);
}

type Press = (house: House, asker: Asker, value: string) => Promise<Reply>;

/** A button's value begins with its incident's name: an old message means its own incident, not today's. */
const verb =
  (name: string): Press =>
  (house, asker, value) =>
    incidentCommand(house, `${incidentOf(value)} ${name}`, asker);

const form =
  (name: FormName): Press =>
  (house, asker, value) =>
    onIncidentOf(house, value, (number) => openForm(house, asker, name, number));

const byButton: Readonly<Record<Button, Press>> = {
  claim: verb('claim'),
  update: form('update'),
  gap: async (house, asker, value) =>
    (await refuseUnlessApprover(house, asker.person, 'the button Gap')) ?? form('gap')(house, asker, value),
  roles: form('roles'),
  tasks: verb('tasks'),
  resolve: form('resolve'),
  assess: form('assess'),
  close: verb('close'),
  declare: (house, asker) => openForm(house, asker, 'declare', null),
  task: async (house, asker, value) => {
    const [, task = ''] = value.split(' ');
    return onIncidentOf(house, value, async (number) => {
      const { refused } = await handle(house, number, { kind: 'finish-task', task }, asker.person);
      return refused?.says ?? '';
    });
  },
  timeline: (house, asker, value) => incidentCommand(house, `${incidentOf(value)} timeline ${value.split(' ')[1] ?? ''}`, asker),
  diagnose: (house, asker) => auditCommand(house, 'diagnose', asker),
  next: nextStep,
  stop: stopCheck,
  'remedy-approve': (house, asker, value) => decideOnRemedy(house, 'approve-remedy', value, asker),
  'remedy-decline': (house, asker, value) => decideOnRemedy(house, 'decline-remedy', value, asker),
  'remedy-stop': (house, asker, value) => decideOnRemedy(house, 'stop-remedy', value, asker),
  // Slack opens the link by itself and tells us of it; there is nothing to do or to say.
  open: async () => '',
};

function incidentOf(value: string): string {
  return /^INC-\d+/.exec(value)?.[0] ?? '';
}

async function onIncidentOf(house: House, value: string, work: (number: number) => Promise<Reply>): Promise<Reply> {
  const named = /^INC-(\d+)/.exec(value)?.[1];
  const number = named === undefined ? await currentIncident(house.database) : Number(named);
  return number === null ? 'There is no incident.' : work(number);
}

/** A next step is one of our own commands, as it would be typed. */
async function nextStep(house: House, asker: Asker, command: string): Promise<Reply> {
  const [name, ...rest] = command.split(' ');
  if (name === '/audit') return auditCommand(house, rest.join(' '), asker);
  if (name === '/incident') return incidentCommand(house, rest.join(' '), asker);
  return `This button's command, ${command.slice(0, 60)}, belongs to another version of Gapwatch. Use \`/audit help\`.`;
}

async function stopCheck(house: House, { person }: Asker, request: string): Promise<Reply> {
  const number = (await openIncident(house.database)) ?? (await currentIncident(house.database));
  if (number === null) return 'It has ended already.';
  const { refused } = await handle(house, number, { kind: 'stop-check', request }, person);
  return refused?.says ?? 'It stops at its next safe point, with what it knows.';
}
