import { auditCommand } from '#bot/commands/audit.ts';
import { incidentCommand } from '#bot/commands/incident.ts';
import { decideOnRemedy } from '#bot/commands/remedy.ts';
import type { FormName } from '#bot/views/form.ts';
import { openForm } from '#bot/views/open.ts';
import { permissionOf } from '#domain/incident/command.ts';
import { type Button, parseActionId } from '#domain/messages/action-id.ts';
import { currentIncident, openIncident } from '#store/event-store.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute } from '#workflows/execute.ts';
import { refuseUnlessPermitted } from './identity.ts';
import type { Asker, Reply } from './reply.ts';

/** Does what a pressed button says; answers the person who pressed it. */
export async function press(context: AppContext, actionId: string, value: string, asker: Asker): Promise<Reply> {
  const button = parseActionId(actionId);
  if (button === null) return 'This button belongs to a version of Gapwatch that is gone. Use `/incident help`.';
  return byButton[button](context, asker, value);
}

type Press = (context: AppContext, asker: Asker, value: string) => Promise<Reply>;

/** A button's value begins with its incident's name: an old message means its own incident, not today's. */
const verb =
  (name: string): Press =>
  (context, asker, value) =>
    incidentCommand(context, `${incidentOf(value)} ${name}`, asker);

const form =
  (name: FormName): Press =>
  (context, asker, value) =>
    onIncidentOf(context, value, (number) => openForm(context, asker, name, number));

const byButton: Readonly<Record<Button, Press>> = {
  claim: verb('claim'),
  update: form('update'),
  gap: async (context, asker, value) =>
    (await refuseUnlessPermitted(context, asker, permissionOf('move-gap'), 'the button Gap')) ?? form('gap')(context, asker, value),
  roles: form('roles'),
  tasks: verb('tasks'),
  resolve: form('resolve'),
  assess: form('assess'),
  close: verb('close'),
  declare: (context, asker) => openForm(context, asker, 'declare', null),
  task: async (context, asker, value) => {
    const [, task = ''] = value.split(' ');
    return onIncidentOf(context, value, async (number) => {
      const { refused } = await execute(context, number, { kind: 'finish-task', task }, asker);
      return refused?.message ?? '';
    });
  },
  timeline: (context, asker, value) => incidentCommand(context, `${incidentOf(value)} timeline ${value.split(' ')[1] ?? ''}`, asker),
  diagnose: (context, asker) => auditCommand(context, 'diagnose', asker),
  next: nextStep,
  stop: stopCheck,
  'remedy-approve': (context, asker, value) => decideOnRemedy(context, 'approve-remedy', value, asker),
  'remedy-decline': (context, asker, value) => decideOnRemedy(context, 'decline-remedy', value, asker),
  'remedy-stop': (context, asker, value) => decideOnRemedy(context, 'stop-remedy', value, asker),
  // Slack opens the link by itself and tells us of it; there is nothing to do or to say.
  open: async () => '',
};

function incidentOf(value: string): string {
  return /^INC-\d+/.exec(value)?.[0] ?? '';
}

async function onIncidentOf(context: AppContext, value: string, work: (number: number) => Promise<Reply>): Promise<Reply> {
  const named = /^INC-(\d+)/.exec(value)?.[1];
  const number = named === undefined ? await currentIncident(context.database) : Number(named);
  return number === null ? 'There is no incident.' : work(number);
}

/** A next step is one of our own commands, as it would be typed. */
async function nextStep(context: AppContext, asker: Asker, command: string): Promise<Reply> {
  const [name, ...rest] = command.split(' ');
  if (name === '/audit') return auditCommand(context, rest.join(' '), asker);
  if (name === '/incident') return incidentCommand(context, rest.join(' '), asker);
  return `This button's command, ${command.slice(0, 60)}, belongs to another version of Gapwatch. Use \`/audit help\`.`;
}

async function stopCheck(context: AppContext, asker: Asker, request: string): Promise<Reply> {
  const number = (await openIncident(context.database)) ?? (await currentIncident(context.database));
  if (number === null) return 'It has ended already.';
  const { refused } = await execute(context, number, { kind: 'stop-check', request }, asker);
  return refused?.message ?? 'It stops at its next safe point, with what it knows.';
}
