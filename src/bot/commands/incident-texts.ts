import { ongoingGap } from '#domain/gap/gap.ts';
import { timeline } from '#domain/incident/timeline.ts';
import { incidentView } from '#domain/messages/view.ts';
import type { Policy } from '#domain/policy.ts';
import { formatUtc } from '#domain/time.ts';
import { load } from '#workflows/handle.ts';
import type { House } from '#workflows/house.ts';

const SHOWN_LINES = 15;

/** The incident as it stands, for one person. */
export async function statusText(house: House, number: number): Promise<string> {
  const { incident } = await load(house, number);
  if (!incident) return 'There is no such incident.';
  const view = incidentView(incident, house.now(), house.policy);
  const time = (value: Date | string) => (value instanceof Date ? formatUtc(value) : value);
  const gap = ongoingGap(incident.gaps)
    ? `open since ${time(view.gapStart)} (${view.gapDuration})`
    : `${time(view.gapStart)} to ${time(view.gapEnd)} (${view.gapDuration})`;
  const troubled = incident.calls.filter(({ status }) => status.name === 'due' && status.lastFailure !== null);
  return [
    `*${view.name}* · ${view.status} · ${view.elapsedMinutes} min`,
    `Gap: ${incident.gaps.length === 0 ? view.gapStart : gap}`,
    `Records: ${view.records}`,
    `On it: ${view.claimedBy}`,
    `Root cause: ${view.rootCause}`,
    `Action: ${view.action}`,
    `ETA: ${time(view.eta)}${view.etaExpired ? ' (this time has passed)' : ''}`,
    `Next update: ${time(view.nextUpdate)}`,
    ...troubled.map(({ key, status }) => `Being retried: ${key} (${status.name === 'due' ? status.lastFailure?.detail : ''})`),
  ].join('\n');
}

/** The latest lines of the timeline, for one person. */
export async function timelineText(house: House, number: number): Promise<string> {
  const { facts } = await load(house, number);
  const lines = timeline(facts);
  const latest = lines.slice(-SHOWN_LINES).map(({ at, who, text }) => `${formatUtc(at).slice(11)} ${who}: ${text}`);
  const more = lines.length > SHOWN_LINES ? [`(${lines.length - SHOWN_LINES} earlier entries: \`/incident report\` holds them all)`] : [];
  return [...more, ...latest].join('\n');
}

/** The policy's contacts, for one person. */
export function contactsText(policy: Policy): string {
  const lines = Object.entries(policy.contacts).map(([role, { slack, email }]) => {
    const ways = [slack ? `Slack ${slack}` : '', email ?? ''].filter((way) => way !== '');
    return `• ${role}: ${ways.length > 0 ? ways.join(', ') : 'no address given'}`;
  });
  return lines.length > 0 ? lines.join('\n') : 'No contacts are set. Add them under `contacts` in runbook.yaml.';
}
