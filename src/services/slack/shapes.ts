import { z } from 'zod';
import { answeredNo } from './slack-failure.ts';

export const postedSchema = z.object({ channel: z.string(), ts: z.string() });
export const permalinkSchema = z.object({ permalink: z.string() });
export const authSchema = z.object({
  user: z.string(),
  user_id: z.string(),
  team_id: z.string(),
  enterprise_id: z.string().nullish(),
  response_metadata: z.object({ scopes: z.array(z.string()).optional() }).optional(),
});
export const userSchema = z.object({
  user: z.object({
    id: z.string(),
    team_id: z.string(),
    enterprise_user: z.object({ enterprise_id: z.string().optional(), teams: z.array(z.string()).optional() }).optional(),
    name: z.string(),
    real_name: z.string().optional(),
    is_restricted: z.boolean().optional(),
    is_ultra_restricted: z.boolean().optional(),
    is_stranger: z.boolean().optional(),
    is_bot: z.boolean().optional(),
    deleted: z.boolean().optional(),
    profile: z.object({ display_name: z.string().optional(), email: z.string().optional() }).optional(),
  }),
});
export type User = z.infer<typeof userSchema>['user'];
export const oneChannelSchema = z.object({
  channel: z.object({ id: z.string(), name: z.string(), is_archived: z.boolean().optional(), is_member: z.boolean().optional() }),
});
export const groupsSchema = z.object({ usergroups: z.array(z.object({ id: z.string(), handle: z.string().optional() })) });
export const groupSchema = z.object({ users: z.array(z.string()) });
export const membersSchema = z.object({ members: z.array(z.string()) });
export const oneMessageSchema = z.object({
  messages: z.array(z.object({ ts: z.string(), user: z.string().optional(), text: z.string().optional() })),
});
export const pageSchema = z.object({ response_metadata: z.object({ next_cursor: z.string().optional() }).optional() });
export const historySchema = z.object({
  messages: z.array(
    z.object({
      ts: z.string(),
      user: z.string().optional(),
      text: z.string().optional(),
      subtype: z.string().optional(),
      bot_id: z.string().optional(),
      files: z.array(z.object({ name: z.string().optional(), permalink: z.string().optional() })).optional(),
      metadata: z.object({ event_type: z.string(), event_payload: z.object({ key: z.string().optional() }).optional() }).optional(),
    }),
  ),
});
export const channelsSchema = z.object({ channels: z.array(z.object({ id: z.string(), name: z.string() })) });
export const uploadSchema = z.object({ upload_url: z.string(), file_id: z.string() });
export const completedSchema = z.object({ files: z.array(z.object({ permalink: z.string().optional() })) });

/** A message as the history tells of it. */
export type FoundMessage = z.infer<typeof historySchema>['messages'][number];

/** A message of a thread, in Slack's own words. */
export type ThreadMessage = Omit<FoundMessage, 'metadata'>;

/** An answer in its expected shape. Another one, with "ok" in it or not, may come from something in between. */
export function read<Shape>(schema: z.ZodType<Shape>, method: string, answer: unknown): Shape {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw answeredNo(method, null, parsed.error);
}

/** A call of Slack's Web API. Throws a ServiceFailure. */
export type Call = (method: string, args?: Record<string, unknown>) => Promise<unknown>;

/** Where a list goes on; empty at its end. */
export function nextCursor(answer: unknown): string {
  return pageSchema.parse(answer).response_metadata?.next_cursor ?? '';
}
