import { ServiceFailure } from '#services/failure.ts';
import { type Call, channelsSchema, membersSchema, nextCursor, read } from './shapes.ts';

/** The ID of the channel with this name. Throws a ServiceFailure when the bot sees none. */
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

/** Everybody in the channel. */
export async function channelMembers(call: Call, channel: string): Promise<readonly string[]> {
  const members: string[] = [];
  let cursor = '';
  for (let page = 0; page < 20; page += 1) {
    const answer = await call('conversations.members', { channel, limit: 1_000, ...(cursor ? { cursor } : {}) });
    members.push(...membersSchema.parse(answer).members);
    cursor = nextCursor(answer);
    if (cursor === '') break;
  }
  return members;
}
