import type { Reply } from '#bot/reply.ts';
import { roleName } from '#domain/base/policy.ts';
import { escapeMrkdwn, slackTime } from '#domain/base/text/mrkdwn.ts';
import { formatDuration } from '#domain/base/time.ts';
import { type Gap, gapLength, ongoingGap } from '#domain/gap/gap.ts';
import { reachedEscalations } from '#domain/incident/escalations.ts';
import type { GapCorrectionCommand } from '#domain/incident/gap-corrections.ts';
import { type Incident, incidentName } from '#domain/incident/state.ts';
import { slackMessage } from '#domain/messages/blocks.ts';
import { readGapEvidence } from '#workflows/checks/poll-table.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, load, type Requester } from '#workflows/execute.ts';

type Change = Pick<GapCorrectionCommand, 'edge' | 'at' | 'because' | 'anyway'>;

/**
 * Moves an edge of the latest gap, after the table was asked what it holds there. Returns the refusal with its figures, or what changed
 * from what to what, how long the gap is now, who is notified because of it, and how the time was read.
 */
export async function changeGap(context: AppContext, requester: Requester, number: number, change: Change, how = ''): Promise<Reply> {
  const { incident: before } = await load(context, number);
  const evidence = await readGapEvidence(context, number, change);
  const { incident, refused } = await execute(context, number, { kind: 'move-gap', ...change, evidence }, requester);
  if (refused) return refused.message;
  return incident ? slackMessage(`${changeText(context, before, incident, change)} ${how}`.trimEnd()) : 'There is no such incident.';
}

function changeText(
  { policy, now }: Pick<AppContext, 'policy' | 'now'>,
  before: Incident | null,
  after: Incident,
  { edge, at }: Change,
): string {
  const old = before && edgeOf(latestGap(before), edge);
  const gap = latestGap(after);
  const length = gap ? formatDuration(gapLength(gap, now())) : '';
  const roles = reachedEscalations(after, now(), policy).flatMap(({ escalation }) => escalation.notify.map(roleName));
  const notified = roles.length === 0 ? 'Nobody else is notified because of it.' : `This notifies: ${[...new Set(roles)].join(', ')}.`;
  const from = old ? slackTime(old) : 'not known';
  const isOpen = gap?.end === 'ongoing' ? ' so far' : '';
  return `${incidentName(after.number)}: gap ${edge} changed from ${from} to ${slackTime(at)}. The gap is now ${escapeMrkdwn(length)}${isOpen}. ${notified}`;
}

function latestGap({ gaps }: Incident): Gap | undefined {
  return ongoingGap(gaps) ?? gaps.at(-1);
}

function edgeOf(gap: Gap | undefined, edge: 'start' | 'end'): Date | null {
  if (gap === undefined) return null;
  if (edge === 'start') return gap.start.at;
  return gap.end === 'ongoing' ? null : gap.end.at;
}
