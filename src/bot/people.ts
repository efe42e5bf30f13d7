import pTimeout from 'p-timeout';
import { foreignLine } from '#domain/base/text/sanitize.ts';
import { MINUTE } from '#domain/base/time.ts';
import type { AppContext, SlackUser } from '#workflows/context.ts';
import type { Kept } from '#workflows/remembered.ts';

const KEEP_MILLISECONDS = 5 * MINUTE;
/** A person waits for a button's answer: Slack gets this long. */
const WITHIN_MILLISECONDS = 1_200;
const MOST_REMEMBERED = 1_000;

/** The person as Slack knows them; null when Slack does not say in time. Remembered for five minutes. */
export function userOf(context: AppContext, slackId: string): Promise<SlackUser | null> {
  return known(context, context.remembered.users, slackId, () => context.slack.user(slackId));
}

/** The name by which a person is kept on the timeline; null when Slack does not tell it. */
export async function personName(context: AppContext, slackId: string): Promise<string | null> {
  const user = await userOf(context, slackId);
  return user && foreignLine(user.name, 80);
}

/** A channel's name; null when Slack does not tell it in time. Remembered for five minutes. */
export async function channelName(context: AppContext, id: string): Promise<string | null> {
  const channel = await known(context, context.remembered.names, `channel ${id}`, async () => (await context.slack.channel(id)).name);
  return channel && foreignLine(channel, 80);
}

/** A user group's handle; null when Slack does not tell it in time. Remembered for five minutes. */
export async function groupHandle(context: AppContext, id: string): Promise<string | null> {
  const handle = await known(context, context.remembered.names, `group ${id}`, () => context.slack.groupHandle(id));
  return handle && foreignLine(handle, 80);
}

/** The members of the channel, or of a user group (`S…`); null when Slack does not say in time. */
export function membersOf(context: AppContext, group: 'channel' | string): Promise<ReadonlySet<string> | null> {
  const ask = async () => new Set(await (group === 'channel' ? channelMembers(context) : context.slack.groupMembers(group)));
  return known(context, context.remembered.members, group, ask);
}

async function channelMembers(context: AppContext): Promise<readonly string[]> {
  return context.slack.channelMembers(await context.slack.channelId());
}

/** What Slack says in time, else null; what it did not say in time is asked anew by the next who wants to know. */
function known<Value>(
  context: AppContext,
  memory: Map<string, Kept<Value>>,
  name: string,
  ask: () => Promise<Value>,
): Promise<Value | null> {
  const answer = remembered(context, memory, name, ask);
  return pTimeout(
    answer.catch(() => null),
    {
      milliseconds: WITHIN_MILLISECONDS,
      fallback: () => {
        if (memory.get(name)?.answer === answer) memory.delete(name);
        return null;
      },
    },
  );
}

function remembered<Value>(context: AppContext, memory: Map<string, Kept<Value>>, name: string, ask: () => Promise<Value>): Promise<Value> {
  const now = context.now().getTime();
  const kept = memory.get(name);
  if (kept && now - kept.at < KEEP_MILLISECONDS) return kept.answer;
  const answer = ask();
  if (memory.size >= MOST_REMEMBERED) memory.clear();
  memory.set(name, { at: now, answer });
  answer.catch(() => memory.delete(name));
  return answer;
}
