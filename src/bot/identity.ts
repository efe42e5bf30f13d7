import type { Person } from '#domain/incident/actor.ts';
import { type Denial, denialOf, type Identity, type Permission } from '#domain/incident/permission.ts';
import { type SlackMessage, slackMessage } from '#domain/messages/blocks.ts';
import { keepDenial } from '#store/denials.ts';
import { openIncident } from '#store/event-store.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, type Requester } from '#workflows/execute.ts';
import { channelLabel } from './channel.ts';
import { membersOf, userOf } from './people.ts';
import type { Reply } from './reply.ts';

/** Returns who somebody is, as far as Slack says it in time. What that allows is decided in domain/incident/permission.ts. */
export async function identify(context: AppContext, { slackId }: Person): Promise<Identity> {
  const [user, members, groups] = await Promise.all([userOf(context, slackId), membersOf(context, 'channel'), groupsOf(context, slackId)]);
  return { channel: channelLabel(context), relation: relationOf(slackId, user, members), groups };
}

function relationOf(
  slackId: string,
  user: { readonly isOutside: boolean } | null,
  members: ReadonlySet<string> | null,
): Identity['relation'] {
  if (user?.isOutside) return 'guest-or-stranger';
  if (members !== null && !members.has(slackId)) return 'not-in-channel';
  return user === null || members === null ? 'unknown' : 'member';
}

/** The user groups among the policy's approvers that a person belongs to. */
async function groupsOf(context: AppContext, slackId: string): Promise<Identity['groups']> {
  const groups = context.policy.approvers.filter((id) => id.startsWith('S'));
  const members = await Promise.all(groups.map((group) => membersOf(context, group)));
  const own = groups.filter((_group, index) => members[index]?.has(slackId));
  return own.length === 0 && members.includes(null) ? 'unknown' : own;
}

/** Returns what a person is told who may not do this, and keeps the denial on record; null when they may. */
export async function refuseUnlessPermitted(
  context: AppContext,
  { person, identity }: Requester,
  permission: Permission,
  what: string,
): Promise<Reply | null> {
  const denial = denialOf(permission, person, identity, context.policy);
  if (denial === null) return null;
  await keepOnRecord(context, person, what, denial.message);
  return denial.whoMay.length === 0 ? denial.message : naming(denial);
}

/** Names those who may, without paging them: only the one who asked reads it. */
function naming({ whoMay, hint }: Denial): SlackMessage {
  const names = whoMay.map((id) => (id.startsWith('S') ? `<!subteam^${id}>` : `<@${id}>`)).join(', ');
  return slackMessage(`Only these may do that: ${names} (\`approvals.approvers\` in runbook.yaml). Ask one of them.${hint}`);
}

/** A denial is kept by itself, and on the timeline as well while an incident is open. */
async function keepOnRecord(context: AppContext, person: Person, what: string, why: string): Promise<void> {
  const { slackId, name } = person;
  await keepDenial(context.database, { at: context.now(), slackId, name, what, why });
  const number = await openIncident(context.database);
  if (number !== null) await execute(context, number, { kind: 'deny', what, why }, person);
}
