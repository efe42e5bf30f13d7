import pTimeout from 'p-timeout';
import type { Reply } from '#bot/reply.ts';
import type { Policy } from '#domain/base/policy.ts';
import { escapeMrkdwn } from '#domain/base/text/mrkdwn.ts';
import { formatUtc } from '#domain/base/time.ts';
import { ongoingGap } from '#domain/gap/gap.ts';
import { openTasks } from '#domain/incident/checklist.ts';
import { type Incident, incidentName } from '#domain/incident/state.ts';
import { timeline } from '#domain/incident/timeline.ts';
import { type SlackMessage, singleButton, slackMessage } from '#domain/messages/blocks.ts';
import { incidentView } from '#domain/messages/view.ts';
import type { AppContext, OnCall } from '#workflows/context.ts';
import { load } from '#workflows/execute.ts';

/** The incident as it stands, with who is on call for the next levels, for one person. */
export async function statusReply(context: AppContext, number: number): Promise<Reply> {
  const { incident } = await load(context, number);
  if (!incident) return `There is no ${incidentName(number)}.`;
  return [...statusLines(context, incident), `On call: ${await onCallWords(context, incident)}`].join('\n');
}

/** What is known of an incident, line by line. */
export function statusLines(context: AppContext, incident: Incident): readonly string[] {
  const view = incidentView(incident, context.now(), context.policy);
  const time = (value: Date | string) => (value instanceof Date ? formatUtc(value) : value);
  const gap = ongoingGap(incident.gaps)
    ? `open since ${time(view.gapStart)} (${view.gapDuration})`
    : `${time(view.gapStart)} to ${time(view.gapEnd)} (${view.gapDuration})`;
  const troubled = incident.outbox.filter(({ status }) => status.name === 'due' && status.lastFailure !== null);
  const open = openTasks(incident, context.now(), context.policy).length;
  return [
    `${view.isDrill ? '*DRILL* ' : ''}*${view.name}* · ${view.status} · ${view.elapsedMinutes} min`,
    `Gap: ${incident.gaps.length === 0 ? view.gapStart : gap}`,
    `Records: ${view.records}`,
    `On it: ${view.claimedBy} · scribe: ${view.scribe}`,
    `Root cause: ${view.rootCause}`,
    `Action: ${view.action}`,
    `ETA: ${time(view.eta)}${view.etaExpired ? ' (this time has passed)' : ''}`,
    `Next update: ${time(view.nextUpdate)}`,
    `Open tasks: ${open} (\`/incident tasks\`)`,
    ...troubled.map(({ key, status }) => `Being retried: ${key} (${status.name === 'due' ? status.lastFailure?.detail : ''})`),
  ];
}

/** PagerDuty may be slow; the rest of the answer must not wait for it. */
const ON_CALL_WITHIN_MILLISECONDS = 1_200;

async function onCallWords(context: AppContext, incident: Incident): Promise<string> {
  const alert = incident.alerts.at(-1);
  if (incident.isDrill || !alert) return 'no PagerDuty alert belongs to this incident';
  const asked = context.pagerduty.onCalls(alert.id).catch(() => null);
  const levels = await pTimeout(asked, { milliseconds: ON_CALL_WITHIN_MILLISECONDS, fallback: () => null });
  if (levels === null) return 'PagerDuty did not say in time';
  return levels.length === 0 ? 'nobody, says PagerDuty' : levels.map(levelWords).join('; ');
}

function levelWords({ level, names }: OnCall): string {
  return `level ${level}: ${names.join(', ')}`;
}

const PAGE_LINES = 15;

/** A page of the timeline, the latest first page, with a button to the one before. */
export async function timelineReply(context: AppContext, number: number, page: string): Promise<Reply> {
  const { events, incident } = await load(context, number);
  if (!incident) return `There is no ${incidentName(number)}.`;
  const lines = timeline(events);
  const pages = Math.max(1, Math.ceil(lines.length / PAGE_LINES));
  const wanted = page === '' ? 1 : Number(page);
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > pages)
    return `The timeline has ${pages} pages: \`/incident timeline ${pages}\` is the oldest.`;
  const end = lines.length - (wanted - 1) * PAGE_LINES;
  const shown = lines
    .slice(Math.max(0, end - PAGE_LINES), end)
    .map(({ at, who, text }) => `${formatUtc(at).slice(5)} ${who}: ${text.slice(0, 500)}`);
  const title = `${incidentName(number)}, page ${wanted} of ${pages}`;
  const text = escapeMrkdwn([title, ...shown].join('\n'));
  const earlier = wanted < pages ? singleButton('timeline', 'Earlier', `${incidentName(number)} ${wanted + 1}`) : [];
  return slackMessage(text, earlier) satisfies SlackMessage;
}

/** The policy's contacts, for one person. */
export function contactsText(policy: Policy): string {
  const lines = Object.entries(policy.contacts).map(([role, { slack, email }]) => {
    const ways = [slack ? `Slack ${slack}` : '', email ?? ''].filter((way) => way !== '');
    return `• ${role}: ${ways.length > 0 ? ways.join(', ') : 'no address given'}`;
  });
  return lines.length > 0 ? lines.join('\n') : 'No contacts are set. Add them under `contacts` in runbook.yaml.';
}
