import { z } from 'zod';
import { ServiceFailure } from '#services/failure.ts';
import { type Call, nextCursor, read } from './answers.ts';

/** A channel: its present name, and whether the bot can write there. */
export type SlackChannel = { readonly id: string; readonly name: string; readonly isArchived: boolean; readonly isMember: boolean };

/** Returns a channel by its ID (`conversations.info`). */
export async function channelById(call: Call, id: string): Promise<SlackChannel> {
  const { channel } = read(oneChannelSchema, 'conversations.info', await call('conversations.info', { channel: id }));
  return { id: channel.id, name: channel.name, isArchived: channel.is_archived === true, isMember: channel.is_member !== false };
}

/** Finds a channel's ID by its name. Throws a refusal that says what to do where the bot sees no such channel. */
export async function findChannel(call: Call, name: string): Promise<string> {
  const bare = name.replace(/^#/, '');
  let cursor = '';
  for (let page = 0; page < 50; page += 1) {
    const answer = await call('conversations.list', {
      types: 'public_channel,private_channel',
      exclude_archived: true,
      limit: 1_000,
      ...(cursor ? { cursor } : {}),
    });
    const found = read(channelsSchema, 'conversations.list', answer).channels.find((channel) => channel.name === bare);
    if (found) return found.id;
    cursor = nextCursor(answer);
    if (cursor === '') break;
  }
  throw new ServiceFailure('slack', 'refused', `there is no channel #${bare} that the bot can see; invite it with /invite`);
}

/** Returns the members of a channel, at most 20,000. */
export async function channelMembers(call: Call, channel: string): Promise<readonly string[]> {
  const members: string[] = [];
  let cursor = '';
  for (let page = 0; page < 20; page += 1) {
    const answer = await call('conversations.members', { channel, limit: 1_000, ...(cursor ? { cursor } : {}) });
    members.push(...read(membersSchema, 'conversations.members', answer).members);
    cursor = nextCursor(answer);
    if (cursor === '') break;
  }
  return members;
}

const oneChannelSchema = z.object({
  channel: z.object({ id: z.string(), name: z.string(), is_archived: z.boolean().optional(), is_member: z.boolean().optional() }),
});
const channelsSchema = z.object({ channels: z.array(z.object({ id: z.string(), name: z.string() })) });
const membersSchema = z.object({ members: z.array(z.string()) });
