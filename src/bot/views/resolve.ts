import { typedText } from '#bot/typed.ts';
import { readMoment } from '#bot/typed-time.ts';
import { escapeMrkdwn } from '#domain/base/text/mrkdwn.ts';
import { formatUtc } from '#domain/base/time.ts';
import { unmetConditions } from '#domain/incident/resolution.ts';
import { readTable } from '#workflows/checks/poll-table.ts';
import { execute } from '#workflows/execute.ts';
import type { Field } from './field.ts';
import { type Form, KEPT, wrong } from './form.ts';

/** The look that a form waits for: Slack gives three seconds for everything. */
const LOOK_WITHIN_MILLISECONDS = 1_500;

/** Resolves the incident, with all that the resolution post, the report and the final notice say (runbook, "Resolution post"). */
export const resolveForm: Form = {
  name: 'resolve',
  title: 'Resolve the incident',
  submit: 'Check and resolve',
  fields: (incident) => {
    const unmet = incident ? unmetConditions(incident) : [];
    const details = incident?.followUp.details ?? {};
    const long = (id: string, label: string, initial: string, isRequired = false): Field => ({
      kind: 'text',
      id,
      label,
      initial,
      isLong: true,
      isRequired,
    });
    return [
      {
        kind: 'words',
        text: unmet.length === 0 ? ALL_WELL : `*Not resolvable yet:*\n${unmet.map((line) => `• ${escapeMrkdwn(line)}`).join('\n')}`,
      },
      long('cause', 'Root cause', incident?.rootCause ?? '', true),
      long('resolution', 'What was done', details.resolution ?? incident?.action ?? ''),
      long('prevention', 'Prevention', details.prevention ?? ''),
      long('controls', 'Compensating controls during the gap', details.controls ?? ''),
      long('impact', 'Compliance impact, as far as you can say', details.impact ?? ''),
      {
        kind: 'text',
        id: 'post-mortem',
        label: 'Post-mortem time',
        hint: 'In your time zone, such as 2026-01-06 15:00, or with UTC behind it',
        initial: incident?.followUp.postMortemAt ? formatUtc(incident.followUp.postMortemAt) : '',
        isLong: false,
        isRequired: false,
      },
      ...(unmet.length === 0 ? [] : [long('anyway', 'Resolve all the same, because', '')]),
    ];
  },
  take: async (context, { incident, values, requester }) => {
    if (!incident) return wrong('cause', 'There is no incident any more.');
    const said = (id: string) => typedText(values[id]);
    const typedTime = values['post-mortem'] ?? '';
    const postMortemAt = typedTime === '' ? null : ((await readMoment(context, requester.person, typedTime))?.at ?? null);
    if (typedTime !== '' && postMortemAt === null)
      return wrong('post-mortem', 'This is no time. Write it such as 2026-01-06 15:00 in your own time zone, or 2026-01-06 15:00 UTC.');
    const isNewTime = postMortemAt?.getTime() !== incident.followUp.postMortemAt?.getTime();
    if (postMortemAt && isNewTime && postMortemAt <= context.now()) return wrong('post-mortem', 'This time has already passed.');
    const reading = await readTable(context, incident.number, LOOK_WITHIN_MILLISECONDS);
    const details = { resolution: said('resolution'), prevention: said('prevention'), controls: said('controls'), impact: said('impact') };
    const anywayBecause = said('anyway') || null;
    const command = {
      kind: 'resolve',
      rootCause: said('cause'),
      anywayBecause,
      reading,
      details,
      postMortemAt: isNewTime ? postMortemAt : null,
    } as const;
    const { refused } = await execute(context, incident.number, command, requester);
    return refused ? wrong('anyway' in values ? 'anyway' : 'cause', plainWords(refused.message)) : KEPT;
  },
};

const ALL_WELL = 'Records are being written and no gap is open. Gapwatch looks once more when you press the button.';

/** Beside a field Slack shows plain text. */
function plainWords(text: string): string {
  return text.replaceAll('`', '');
}
