import { z } from 'zod';
import type { Incident } from '#domain/incident/state.ts';
import { announcementButtons, hasButtons } from '#domain/messages/announcement-buttons.ts';
import type { Block, SlackMessage } from '#domain/messages/blocks.ts';
import type { Posted } from '#services/slack/history.ts';
import { loadSentMessages } from '#store/sent-messages.ts';
import type { AppContext } from '#workflows/context.ts';
import { postedOf } from './slack.ts';

/**
 * Returns the announcements whose buttons have changed since they went out, with those that still apply. Their words stay what went out:
 * they are what people read then.
 */
export async function messagesWithOutdatedButtons(
  context: AppContext,
  incident: Incident,
): Promise<readonly { readonly posted: Posted; readonly message: SlackMessage }[]> {
  const announcements = incident.outbox.flatMap(({ key, payload }) => {
    if (payload.kind !== 'announcement' || !hasButtons(payload.name)) return [];
    const posted = postedOf(incident, key);
    return posted ? [{ key, payload, posted }] : [];
  });
  if (announcements.length === 0) return [];
  const keys = announcements.map(({ key }) => key);
  const sent = await loadSentMessages(context.database, incident.number, keys);
  return announcements.flatMap(({ key, payload, posted }) => {
    const content = sent.get(key);
    if (content === undefined) return [];
    const went = messageSchema.parse(JSON.parse(content));
    const buttons = announcementButtons(incident, payload, context.now(), context.policy);
    const former = went.blocks.filter(({ type }) => type === 'actions');
    if (JSON.stringify(former) === JSON.stringify(buttons)) return [];
    return [{ posted, message: { ...went, blocks: [...went.blocks.filter(({ type }) => type !== 'actions'), ...buttons] } }];
  });
}

/** What is kept went out by our own hand: its blocks are as Slack took them, of which only the kind matters here. */
const messageSchema = z.object({ text: z.string(), blocks: z.array(z.custom<Block>((block) => blockSchema.safeParse(block).success)) });

const blockSchema = z.looseObject({ type: z.enum(['section', 'context', 'actions']) });
