import { z } from 'zod';
import { redactLine } from '#domain/base/text/foreign.ts';
import { plus, SECOND } from '#domain/base/time.ts';
import type { Person } from '#domain/incident/actor.ts';
import { type Incident, rootMessage, rootMessages } from '#domain/incident/state.ts';
import { currentIncident, incidentNumbers } from '#store/event-store.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, load } from '#workflows/execute.ts';
import { identify, refuseUnlessPermitted } from './identity.ts';
import { personName } from './people.ts';
import { readableText } from './slack-text.ts';

const files = z.array(z.object({ name: z.string().nullish() })).nullish();
const messageEvent = z.object({
  channel: z.string(),
  ts: z.string(),
  thread_ts: z.string(),
  user: z.string(),
  text: z.string().nullish(),
  files,
  bot_id: z.undefined().optional(),
  subtype: z.enum(['thread_broadcast', 'file_share']).optional(),
});

/** A person's message in an incident's thread goes on its timeline, without identities; so do its corrections, and that it was deleted. */
export async function keepThreadMessage(context: AppContext, event: unknown): Promise<void> {
  const changed = changedEvent.safeParse(event);
  if (changed.success) return keepCorrection(context, changed.data.channel, changed.data.message);
  const deleted = deletedEvent.safeParse(event);
  if (deleted.success) return keepDeletion(context, deleted.data);
  const { success, data } = messageEvent.safeParse(event);
  if (!success) return;
  const number = await incidentOfThread(context, data.channel, data.thread_ts);
  if (number !== null) await keep(context, number, data.user, data);
}

const changedEvent = z.object({
  subtype: z.literal('message_changed'),
  channel: z.string(),
  message: messageEvent.omit({ channel: true }).extend({ thread_ts: z.string().nullish() }),
});
type Changed = z.infer<typeof changedEvent>['message'];

/** Slack tells of every change, of a link's preview too: the same words once more add nothing. */
async function keepCorrection(context: AppContext, channel: string, message: Changed): Promise<void> {
  const number = await incidentThatKept(context, channel, message);
  if (number !== null) await keep(context, number, message.user, message, { change: 'edited' });
}

const deletedEvent = z.object({
  subtype: z.literal('message_deleted'),
  channel: z.string(),
  deleted_ts: z.string(),
  previous_message: z.object({ user: z.string().nullish(), thread_ts: z.string().nullish() }).nullish(),
});

/** Who deleted a message Slack does not tell: it may have been an admin. */
async function keepDeletion(context: AppContext, event: z.infer<typeof deletedEvent>): Promise<void> {
  const { channel, deleted_ts: ts, previous_message: previous } = event;
  const number = await incidentThatKept(context, channel, { ts, thread_ts: previous?.thread_ts });
  if (number === null) return;
  const author = previous?.user ? await personName(context, previous.user) : null;
  await execute(
    context,
    number,
    { kind: 'keep-message', ts, author: author ?? 'somebody', text: '', change: 'deleted' },
    { kind: 'gapwatch' },
  );
}

/** The incident whose timeline holds this message: that of its thread, or for a pinned one the current one. */
async function incidentThatKept(
  context: AppContext,
  channel: string,
  { ts, thread_ts: threadTs }: { readonly ts: string; readonly thread_ts?: string | null | undefined },
): Promise<number | null> {
  const number = threadTs ? await incidentOfThread(context, channel, threadTs) : await currentIncident(context.database);
  if (number === null) return null;
  const { incident } = await load(context, number);
  return incident?.kept.some((key) => key.startsWith(`${ts} `)) === true ? number : null;
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
  if (message?.userId) await keep(context, number, message.userId, { ...data.item, text: message.text }, { keeperId: data.user });
}

/** What people wrote in the threads of the open incidents since then, while Gapwatch could not keep it. What is kept already adds nothing. */
export async function catchUpMessages(context: AppContext, since: Date): Promise<void> {
  for (const number of await incidentNumbers(context.database, 'open')) {
    const { incident } = await load(context, number);
    const root = incident && rootMessage(incident);
    if (!root) continue;
    for (const message of await context.slack.thread(root.channel, root.ts, plus(since, -MARGIN)))
      await keepThreadMessage(context, { ...message, channel: root.channel, thread_ts: root.ts });
  }
}

/** Slack's clock and ours may differ by so much. */
const MARGIN = 30 * SECOND;

const KEEPING = 'a message for the timeline';

type Message = { readonly ts: string; readonly text?: string | null | undefined; readonly files?: z.infer<typeof files> };
type How = { readonly keeperId?: string; readonly change?: 'edited' };

async function keep(context: AppContext, number: number, authorId: string, message: Message, how: How = {}): Promise<void> {
  const { keeperId = authorId, change } = how;
  const text = await wordsOf(context, message);
  if (text === '') return;
  const [author, keeper] = await Promise.all([personName(context, authorId), personName(context, keeperId)]);
  const person: Person = { kind: 'person', slackId: keeperId, name: keeper ?? keeperId };
  const requester = { person, identity: await identify(context, person) };
  if ((await refuseUnlessPermitted(context, requester, 'member', KEEPING)) !== null) return;
  const command = { kind: 'keep-message', ts: message.ts, author: author ?? authorId, text, ...(change ? { change } : {}) } as const;
  await execute(context, number, command, person);
}

/** The words of a message as people read them, without identities; a picture without words leaves its name. */
async function wordsOf(context: AppContext, { text, files: shared }: Message): Promise<string> {
  const names = (shared ?? []).map(({ name }) => name ?? 'a file').slice(0, 10);
  const attached = names.length === 0 ? '' : `(shared ${names.join(', ')})`;
  return redactLine(`${await readableText(context, text ?? '')} ${attached}`.trim(), 3_000);
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
