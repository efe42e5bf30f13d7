import type { types } from '@slack/bolt';
import { escapeMrkdwn, slackTime } from '#domain/base/text/mrkdwn.ts';
import { between, DAY, formatDuration, formatUtc } from '#domain/base/time.ts';
import { type Gap, gapLength, unaccountedLength } from '#domain/gap/gap.ts';
import { openTasks } from '#domain/incident/checklist.ts';
import { denialOf } from '#domain/incident/permission.ts';
import { type Incident, incidentName } from '#domain/incident/state.ts';
import { actionId } from '#domain/messages/action-id.ts';
import { incidentNumbers } from '#store/event-store.ts';
import { loadFindings } from '#store/findings.ts';
import type { AppContext } from '#workflows/context.ts';
import { load } from '#workflows/execute.ts';
import { channelLabel } from './channel.ts';
import { statusLines } from './commands/incident-texts.ts';
import { identify } from './identity.ts';
import { personName } from './people.ts';

type HomeView = types.HomeView;
type Block = HomeView['blocks'][number];

/** The most incidents that are looked at: a Home tab is no archive. */
const LATEST = 50;
const SHOWN_GAPS = 10;

/** The Home tab: open incidents, one's own tasks, the gaps of the last 12 months, and how Gapwatch itself is doing. */
export async function homeView(context: AppContext, slackId: string): Promise<HomeView> {
  const person = { kind: 'person', slackId, name: slackId } as const;
  const denial = denialOf('member', person, await identify(context, person), context.policy);
  if (denial !== null) return { type: 'home', blocks: [header('Gapwatch'), textBlock(denial.message)] };
  const numbers = (await incidentNumbers(context.database)).slice(-LATEST).toReversed();
  const incidents = (await Promise.all(numbers.map((number) => load(context, number)))).flatMap(({ incident }) => incident ?? []);
  const name = (await personName(context, slackId)) ?? '';
  const open = incidents.filter(({ phase }) => phase.name === 'open');
  return {
    type: 'home',
    blocks: [
      header('Gapwatch'),
      ...(open.length === 0
        ? [textBlock(incidents.length === 0 ? 'No incident so far.' : 'No incident is open.')]
        : open.map((incident) => textBlock(escapeMrkdwn(statusLines(context, incident).join('\n'))))),
      {
        type: 'actions',
        elements: [
          { type: 'button', action_id: actionId('declare'), text: { type: 'plain_text', text: 'Declare an incident' }, value: 'declare' },
        ],
      },
      header('My tasks'),
      textBlock(myTasks(context, incidents, name)),
      header('Gaps of the last 12 months'),
      textBlock(gapLines(incidents, context.now())),
      header('Gapwatch itself'),
      textBlock(await health(context, incidents)),
      small(`In ${channelLabel(context)}: \`/incident help\` and \`/audit help\` list what can be done.`),
    ],
  };
}

function myTasks(context: AppContext, incidents: readonly Incident[], name: string): string {
  const mine = incidents.flatMap((incident) =>
    openTasks(incident, context.now(), context.policy)
      .filter(({ owner }) => owner === name && name !== '')
      .map(({ number, text }) => escapeMrkdwn(`• ${incidentName(incident.number)}, task ${number}: ${text}`)),
  );
  return mine.length === 0 ? 'None. `/incident tasks take <number>` takes one.' : mine.join('\n');
}

function gapLines(incidents: readonly Incident[], now: Date): string {
  const recent = incidents
    .filter(({ isDrill }) => !isDrill)
    .flatMap((incident) => incident.gaps.map((gap) => ({ gap, name: incidentName(incident.number) })))
    .filter(({ gap }) => between(gap.start.at, now) <= 366 * DAY);
  if (recent.length === 0) return 'None on record.';
  const lines = recent.slice(0, SHOWN_GAPS).map(({ gap, name }) => {
    const end = gap.end === 'ongoing' ? 'still open' : `to ${slackTime(gap.end.at)}`;
    return `• ${name}: ${slackTime(gap.start.at)} ${end}, ${formatDuration(gapLength(gap, now))}${unaccountedWords(gap, now)}`;
  });
  return recent.length > SHOWN_GAPS ? [...lines, `And ${recent.length - SHOWN_GAPS} more.`].join('\n') : lines.join('\n');
}

/** What the table still lacks of a gap into which records were brought later; nothing for one that is as it happened. */
function unaccountedWords(gap: Gap, now: Date): string {
  return gap.remeasured === null ? '' : `; still unaccounted for: ${formatDuration(unaccountedLength(gap, now))}`;
}

/** What does not go out, and why: "well" is only said when nothing is known that isn't. */
async function health(context: AppContext, incidents: readonly Incident[]): Promise<string> {
  const findings = await loadFindings(context.database);
  const failing = incidents.flatMap(({ number, outbox }) =>
    outbox.flatMap(({ key, status }) =>
      status.name === 'due' && status.lastFailure ? [`• ${incidentName(number)}, ${key}: ${status.lastFailure.detail}`] : [],
    ),
  );
  const trouble = [...findings.map(({ text, since }) => `• ${text} (since ${formatUtc(since)})`), ...failing.slice(0, 10)];
  return trouble.length === 0
    ? 'Its store answers, nothing is being retried, nothing is known to be wrong.'
    : escapeMrkdwn(trouble.join('\n'));
}

function header(text: string): Block {
  return { type: 'header', text: { type: 'plain_text', text } };
}

function textBlock(text: string): Block {
  return { type: 'section', text: { type: 'mrkdwn', text: text.slice(0, 3_000) } };
}

function small(text: string): Block {
  return { type: 'context', elements: [{ type: 'mrkdwn', text }] };
}
