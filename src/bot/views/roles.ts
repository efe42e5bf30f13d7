import { personName } from '#bot/people.ts';
import type { Command } from '#domain/incident/command.ts';
import { handle } from '#workflows/execute.ts';
import { type Form, KEPT, wrong } from './form.ts';

/** Who is on it, and who writes. */
export const rolesForm: Form = {
  name: 'roles',
  title: 'Hand over',
  submit: 'Keep',
  fields: (incident) => [
    { kind: 'person', id: 'claim', label: 'On it', initial: incident?.claim?.slackId ?? '' },
    { kind: 'person', id: 'writer', label: 'Writes: keeps timeline and updates', initial: incident?.writer?.slackId ?? '' },
  ],
  take: async (house, { incident, values, person }) => {
    if (!incident) return wrong('claim', 'There is no incident any more.');
    const wanted = [
      { field: 'claim', kind: 'hand-over', slackId: values.claim ?? '', now: incident.claim?.slackId },
      { field: 'writer', kind: 'name-writer', slackId: values.writer ?? '', now: incident.writer?.slackId },
    ] as const;
    for (const { field, kind, slackId, now } of wanted) {
      if (slackId === '' || slackId === now) continue;
      const name = await personName(house, slackId);
      if (name === null) return wrong(field, 'Slack did not tell who this is. Try again in a moment.');
      const command: Command = { kind, slackId, name };
      const { refused } = await handle(house, incident.number, command, person);
      if (refused) return wrong(field, refused.says);
    }
    return KEPT;
  },
};
