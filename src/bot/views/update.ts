import { typedText } from '#bot/typed.ts';
import { readTimeAhead } from '#bot/typed-time.ts';
import { formatUtc } from '#domain/base/time.ts';
import { execute } from '#workflows/execute.ts';
import { type Form, KEPT, wrong } from './form.ts';

/** Status, action and ETA of the next update, which goes out when the form is sent (runbook, "Progress updates"). */
export const updateForm: Form = {
  name: 'update',
  title: 'Post an update',
  submit: 'Post',
  fields: (incident) => [
    {
      kind: 'text',
      id: 'cause',
      label: 'Status: root cause',
      hint: 'Empty: still investigating',
      initial: incident?.rootCause ?? '',
      isLong: true,
      isRequired: false,
    },
    {
      kind: 'text',
      id: 'action',
      label: 'Action: the current step',
      initial: incident?.action ?? '',
      isLong: true,
      isRequired: false,
    },
    {
      kind: 'text',
      id: 'eta',
      label: 'ETA',
      hint: 'A duration such as 15m, or a time such as 2:30pm, 14:30 or 14:30 UTC',
      initial: incident?.etaAt ? formatUtc(incident.etaAt) : '',
      isLong: false,
      isRequired: false,
    },
  ],
  take: async (context, { incident, values, requester }) => {
    if (!incident) return wrong('action', 'There is no incident any more.');
    const { cause = '', action = '', eta = '' } = values;
    const now = context.now();
    const isUnchanged = incident.etaAt !== null && eta === formatUtc(incident.etaAt);
    const etaAt = eta === '' ? null : isUnchanged ? incident.etaAt : ((await readTimeAhead(context, requester.person, eta))?.at ?? null);
    if (eta !== '' && etaAt === null) return wrong('eta', 'This is no time. Write 15m, or a time such as 2:30pm, 14:30 or 14:30 UTC.');
    if (etaAt && !isUnchanged && etaAt <= now) return wrong('eta', `${formatUtc(etaAt)} has already passed. Give a time ahead.`);
    const command = { kind: 'submit-update', cause: typedText(cause), action: typedText(action), etaAt } as const;
    const { refused } = await execute(context, incident.number, command, requester);
    return refused ? wrong('action', refused.message) : KEPT;
  },
};
