import { closest } from 'fastest-levenshtein';
import { refuseUnlessPermitted } from '#bot/identity.ts';
import type { Asker, Reply } from '#bot/reply.ts';
import { redactLine } from '#domain/base/text/foreign.ts';
import type { AppContext } from '#workflows/context.ts';
import { FOLLOW_UP_VERBS } from './follow-up-verbs.ts';
import { contactsText, statusReply, timelineReply } from './incident-texts.ts';
import { INCIDENT_VERBS } from './incident-verbs.ts';
import { onIncident, type Verb } from './request.ts';
import { TASK_VERBS } from './task-verbs.ts';

const VERBS: ReadonlyMap<string, Verb> = new Map(
  Object.entries<Verb>({
    status: {
      usage: 'status',
      help: 'what is known right now',
      run: (request) => onIncident(request, (number) => statusReply(request.context, number)),
    },
    ...INCIDENT_VERBS,
    timeline: {
      usage: 'timeline [page]',
      help: 'the latest entries of the timeline; page 2 and on go back',
      run: (request) => onIncident(request, (number) => timelineReply(request.context, number, request.rest)),
    },
    contacts: { usage: 'contacts', help: 'who to reach', run: async ({ context }) => contactsText(context.policy) },
    ...TASK_VERBS,
    ...FOLLOW_UP_VERBS,
    help: { usage: 'help', help: 'this list', run: async () => incidentHelp() },
  }),
);

/** `/incident [INC-1] <verb>`: does what a person asks of the incident and answers them. */
export async function incidentCommand(context: AppContext, text: string, asker: Asker): Promise<Reply> {
  const [, named, name = '', rest = ''] = /^(?:INC-(\d{1,9})\s+)?(\S*)\s*([\s\S]*)$/i.exec(text.trim()) ?? [];
  const verb = VERBS.get(name.toLowerCase() || 'help');
  if (!verb) {
    return `There is no \`/incident ${redactLine(name, 30)}\`. Did you mean \`/incident ${closest(name, [...VERBS.keys()])}\`?\n${incidentHelp()}`;
  }
  const denied = await refuseUnlessPermitted(context, asker, verb.permission ?? 'member', `/incident ${name.toLowerCase()}`);
  return (
    denied ??
    verb.run({ context, rest: rest.trim(), asker, number: named === undefined ? null : Number(named), mentions: asker.mentions ?? [] })
  );
}

function incidentHelp(): string {
  const lines = [...VERBS.values()].map(({ usage, help }) => `• \`/incident ${usage}\`: ${help}`);
  return [...lines, 'An earlier incident is meant by its name: `/incident INC-1 status`.'].join('\n');
}
