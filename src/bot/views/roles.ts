import { personName } from '#bot/people.ts';
import type { Command } from '#domain/incident/command.ts';
import { execute } from '#workflows/execute.ts';
import { type Form, KEPT, wrong } from './form.ts';

/** Who is on it, and who writes. */
export const rolesForm: Form = {
  name: 'roles',
  title: 'Hand over',
  submit: 'Keep',
  fields: (incident) => [
    { kind: 'person', id: 'claim', label: 'On it', initial: incident?.commander?.slackId ?? '' },
    { kind: 'person', id: 'scribe', label: 'Writes: keeps timeline and updates', initial: incident?.scribe?.slackId ?? '' },
  ],
  take: async (context, { incident, values, requester }) => {
    if (!incident) return wrong('claim', 'There is no incident any more.');
    const wanted = [
      { field: 'claim', kind: 'hand-over', slackId: values.claim ?? '', now: incident.commander?.slackId },
      { field: 'scribe', kind: 'name-scribe', slackId: values.scribe ?? '', now: incident.scribe?.slackId },
    ] as const;
    for (const { field, kind, slackId, now } of wanted) {
      if (slackId === '' || slackId === now) continue;
      const name = await personName(context, slackId);
      if (name === null) return wrong(field, 'Slack did not tell who this is. Try again in a moment.');
      const command: Command = { kind, slackId, name };
      const { refused } = await execute(context, incident.number, command, requester);
      if (refused) return wrong(field, refused.message);
    }
    return KEPT;
  },
};
