import { typedText } from '#bot/typed.ts';
import { readMoment, TIME_EXAMPLES } from '#bot/typed-time.ts';
import { escapeMrkdwn } from '#domain/base/text/mrkdwn.ts';
import { formatUtc } from '#domain/base/time.ts';
import { knownByWords, ongoingGap } from '#domain/gap/gap.ts';
import type { Incident } from '#domain/incident/state.ts';
import { readGapEvidence } from '#workflows/checks/poll-table.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute } from '#workflows/execute.ts';
import { type Form, KEPT, type Submitted, type Taken, wrong } from './form.ts';

/** Corrects or declares the gap's start and end, with the reason; the former values stay on the record. */
export const gapForm: Form = {
  name: 'gap',
  title: 'Correct the gap',
  submit: 'Save',
  fields: (incident) => {
    const { start, end } = edges(incident);
    return [
      {
        kind: 'words',
        text: `${escapeMrkdwn(knownText(incident))}\nA time without a zone is read in your own, as your Slack has it: \`9:57am\`, \`09:57\`, \`14:57 UTC\`.`,
      },
      { kind: 'text', id: 'start', label: 'Gap start', initial: start, isLong: false, isRequired: false },
      { kind: 'text', id: 'end', label: 'Gap end', hint: 'Empty: ongoing', initial: end, isLong: false, isRequired: false },
      {
        kind: 'text',
        id: 'because',
        label: 'Why',
        hint: 'How do you know? Begin with "anyway" if the table shows something else.',
        initial: '',
        isLong: true,
        isRequired: true,
      },
    ];
  },
  take: async (context, submitted) => {
    const { incident, values } = submitted;
    if (!incident) return wrong('start', 'There is no incident any more.');
    const known = edges(incident);
    const changed = (['start', 'end'] as const).filter((edge) => (values[edge] ?? '') !== known[edge] && (values[edge] ?? '') !== '');
    if (changed.length === 0) return wrong('start', 'Neither start nor end is different from what is known.');
    for (const edge of changed) {
      const taken = await move(context, submitted, edge);
      if (taken.kind === 'wrong') return taken;
    }
    return KEPT;
  },
};

async function move(context: AppContext, { incident, values, requester }: Submitted, edge: 'start' | 'end'): Promise<Taken> {
  const read = await readMoment(context, requester.person, values[edge] ?? '');
  if (read === null) return wrong(edge, `This is no time. ${TIME_EXAMPLES.replaceAll('`', '')}`);
  const { at } = read;
  const because = typedText(values.because) || null;
  const number = incident?.number ?? 0;
  const anyway = /^anyway\b/i.test(values.because ?? '');
  const evidence = await readGapEvidence(context, number, { edge, at });
  const { refused } = await execute(context, number, { kind: 'move-gap', edge, at, because, evidence, anyway }, requester);
  return refused ? wrong(edge, refused.message) : KEPT;
}

function latest(incident: Incident | null) {
  return incident ? (ongoingGap(incident.gaps) ?? incident.gaps.at(-1)) : undefined;
}

function edges(incident: Incident | null): { readonly start: string; readonly end: string } {
  const gap = latest(incident);
  return { start: gap ? formatUtc(gap.start.at) : '', end: gap && gap.end !== 'ongoing' ? formatUtc(gap.end.at) : '' };
}

function knownText(incident: Incident | null): string {
  const gap = latest(incident);
  if (!gap) return 'No gap is known yet.';
  const end = gap.end === 'ongoing' ? 'It is ongoing.' : `Its end is known by ${knownByWords(gap.end.knownBy)}.`;
  return `Gap ${gap.id}: its start is known by ${knownByWords(gap.start.knownBy)}. ${end}`;
}
