import type { Person } from '#domain/incident/actor.ts';
import { type SlackMessage, slackMessage } from '#domain/messages/blocks.ts';
import { keepDenial } from '#store/denials.ts';
import { openIncident } from '#store/event-store.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute } from '#workflows/execute.ts';
import { membersOf, userOf } from './people.ts';
import type { Reply } from './reply.ts';

/**
 * Whether a person may command at all: members of the channel may, guests and people of other workspaces may not. Null when they may;
 * else what they are told, and it is on record. Where Slack does not say in time who they are, its signature on the request decides.
 */
export async function refuseOutsiders(context: AppContext, person: Person, what: string): Promise<Reply | null> {
  const [user, members] = await Promise.all([userOf(context, person.slackId), membersOf(context, 'channel')]);
  const channel = context.channel.replace(/^#/, '');
  if (user?.isOutside) {
    return deny(context, person, what, `Guests and people of other workspaces can't command Gapwatch. Ask a member of #${channel}.`);
  }
  if (members && !members.has(person.slackId)) {
    return deny(context, person, what, `Only members of #${channel} can command Gapwatch. Join the channel first.`);
  }
  return null;
}

/** Whether a person may correct the gap: those whom the policy names, or every member when it names nobody. Null when they may. */
export async function refuseUnlessApprover(context: AppContext, person: Person, what: string): Promise<Reply | null> {
  const { approvers } = context.policy;
  if (approvers.length === 0 || approvers.includes(person.slackId)) return null;
  const groups = await Promise.all(approvers.filter((id) => id.startsWith('S')).map((group) => membersOf(context, group)));
  if (groups.some((members) => members?.has(person.slackId))) return null;
  const unknown = groups.includes(null) ? ' Slack did not say in time who belongs to them, so try again if you do.' : '';
  await deny(context, person, what, 'not among approvals.approvers');
  return who(approvers, unknown);
}

/** Names those who may, without paging them: only the one who asked reads it. */
function who(approvers: readonly string[], unknown: string): SlackMessage {
  const names = approvers.map((id) => (id.startsWith('S') ? `<!subteam^${id}>` : `<@${id}>`)).join(', ');
  return slackMessage(`Only these may do that: ${names} (\`approvals.approvers\` in runbook.yaml). Ask one of them.${unknown}`);
}

/** Keeps a denial, on the timeline as well while an incident is open. */
async function deny(context: AppContext, person: Person, what: string, why: string): Promise<string> {
  const { slackId, name } = person;
  await keepDenial(context.database, { at: context.now(), slackId, name, what, why });
  const number = await openIncident(context.database);
  if (number !== null) await execute(context, number, { kind: 'deny', what, why }, person);
  return why;
}
