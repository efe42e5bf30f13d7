import { z } from 'zod';
import type { Answer, SlackMessage, SlackState } from './state.ts';

/** A channel by its ID or name, as Slack takes either. */
export function channelOf(state: SlackState, name: unknown) {
  return state.channels.find((channel) => channel.id === name || channel.name === String(name).replace(/^#/, ''));
}

/** Where people open a shared file. */
export function fileLink(name: string): string {
  return `https://clinic.slack.example/files/${name}`;
}

const text = z.string();
const filesSchema = z.array(z.strictObject({ id: z.string(), title: z.string().optional() }));

/** Shares what was uploaded. */
export function completeUpload(args: Readonly<Record<string, unknown>>, state: SlackState): Answer {
  const files = filesSchema.parse(args.files).map(({ id }) => state.files.get(id));
  const channel = channelOf(state, args.channel_id);
  if (!channel) return { error: 'channel_not_found' };
  if (channel.isArchived) return { error: 'is_archived' };
  if (!channel.hasBot) return { error: 'not_in_channel' };
  const uploaded = files.filter((file) => file !== undefined && file.content !== null);
  if (uploaded.length !== files.length) return { error: 'file_not_found' };
  const shared = uploaded.map((file) => {
    const message: SlackMessage = {
      channel: channel.id,
      ts: state.nextTs(),
      threadTs: args.thread_ts === undefined ? null : text.parse(args.thread_ts),
      isBroadcast: false,
      text: text.catch('').parse(args.initial_comment),
      blocks: [],
      key: null,
      userId: null,
      file: { name: file?.name ?? '', content: file?.content ?? Buffer.alloc(0), words: file?.words ?? '' },
      edits: 0,
    };
    state.messages.push(message);
    state.onMessage(message);
    return { id: 'F', permalink: fileLink(file?.name ?? '') };
  });
  return { files: shared };
}
