import { z } from 'zod';
import { redactLine } from '#domain/base/text/foreign.ts';
import type { Person } from '#domain/incident/actor.ts';
import { type Incident, rootMessages } from '#domain/incident/state.ts';
import { currentIncident, incidentNumbers } from '#store/event-store.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, load } from '#workflows/execute.ts';
import { identify, refuseUnlessPermitted } from './identity.ts';
import { personName } from './people.ts';
import { readableText } from './slack-text.ts';

const messageEvent = z.object({
  channel: z.string(),
  ts: z.string(),
  thread_ts: z.string(),
  user: z.string(),
  text: z.string().min(1),
  bot_id: z.undefined().optional(),
  subtype: z.enum(['thread_broadcast', 'file_share']).optional(),
});

/** A person's message in an incident's thread goes on its timeline, without identities. Anything else is no business of ours. */
export async function keepThreadMessage(context: AppContext, event: unknown): Promise<void> {
  const { success, data } = messageEvent.safeParse(event);
  if (!success) return;
  const number = await incidentOfThread(context, data.channel, data.thread_ts);
  if (number !== null) await keep(context, number, data.user, data);
}

const pinEvent = z.object({
  user: z.string(),
  reaction: z.literal('pushpin'),
  item: z.object({ type: z.literal('message'), channel: z.string(), ts: z.string() }),
});

/** A message with the 📌 reaction goes on the timeline of the current incident, also one outside its thread. */
export async function keepPinned(context: AppContext, event: unknown): Promise<void> {
  const { success, data } = pinEvent.safeParse(event);
  if (!success) return;
  const number = await currentIncident(context.database);
  if (number === null || data.item.channel !== (await context.slack.channelId())) return;
  const message = await context.slack.message(data.item);
  if (message?.userId && message.text !== '') await keep(context, number, message.userId, { ...data.item, text: message.text }, data.user);
}

const KEEPING = 'a message for the timeline';

type Message = { readonly ts: string; readonly text: string };

async function keep(context: AppContext, number: number, authorId: string, { ts, text }: Message, keeperId = authorId): Promise<void> {
  const [author, keeper] = await Promise.all([personName(context, authorId), personName(context, keeperId)]);
  const person: Person = { kind: 'person', slackId: keeperId, name: keeper ?? keeperId };
  const requester = { person, identity: await identify(context, person) };
  if ((await refuseUnlessPermitted(context, requester, 'member', KEEPING)) !== null) return;
  const kept = redactLine(await readableText(context, text), 3_000);
  await execute(context, number, { kind: 'keep-message', ts, author: author ?? authorId, text: kept }, person);
}

/** Threads that were looked up; most messages of a channel belong to no incident. */
const MOST_REMEMBERED = 500;
/** Older incidents' threads are not listened to. */
const LATEST = 10;

async function incidentOfThread(context: AppContext, channel: string, ts: string): Promise<number | null> {
  const known = context.remembered.threads;
  const remembered = known.get(`${channel} ${ts}`);
  if (remembered !== undefined) return remembered;
  for (const number of (await incidentNumbers(context.database)).slice(-LATEST).toReversed()) {
    const { incident } = await load(context, number);
    if (!isRootOf(incident, channel, ts)) continue;
    if (known.size >= MOST_REMEMBERED) known.clear();
    known.set(`${channel} ${ts}`, number);
    return number;
  }
  return null;
}

function isRootOf(incident: Incident | null, channel: string, ts: string): boolean {
  return incident !== null && rootMessages(incident).some((root) => root.channel === channel && root.ts === ts);
}
