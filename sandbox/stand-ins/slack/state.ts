import type { SlackBlock } from './block-kit.ts';
import type { SlackView } from './views.ts';

/** A message as the stand-in keeps it. */
export type SlackMessage = {
  readonly channel: string;
  readonly ts: string;
  readonly threadTs: string | null;
  readonly isBroadcast: boolean;
  text: string;
  blocks: readonly SlackBlock[];
  readonly key: string | null;
  /** Who wrote it; null for the app. */
  readonly userId: string | null;
  readonly file: { readonly name: string; readonly content: Buffer; readonly words: string } | null;
  edits: number;
};

export type SlackUser = {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  /** What Slack says of people who are no full members of the workspace. */
  readonly outside?: 'is_restricted' | 'is_ultra_restricted' | 'is_bot' | 'deleted';
  /** The workspace they belong to, where it is another than ours, and on Enterprise Grid their organization. */
  readonly teamId?: string;
  readonly enterpriseUser?: { readonly enterprise_id: string; readonly teams: readonly string[] };
};
/** What the bot's token is; a story may change it. */
export type SlackOwn = { enterpriseId: string | null; scopes: ReadonlySet<string> };

/** A channel; people rename and archive it, and remove the bot. */
export type SlackChannel = { readonly id: string; name: string; hasBot: boolean; isArchived?: boolean };

export type SlackState = {
  readonly channels: readonly SlackChannel[];
  /** Members of #incidents, and of user groups. */
  readonly members: readonly string[];
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** Triggers that open a form, and when each was given; one opens one form within three seconds. */
  readonly triggers: Map<string, { readonly at: number; readonly userId: string }>;
  /** Whose answers a response address takes. */
  readonly doors: Map<string, string>;
  readonly onView: (trigger: string, userId: string, view: SlackView) => void;
  readonly users: readonly SlackUser[];
  /** The time zones that people set their Slack to, by user; UTC where the story does not say. */
  readonly timeZones: Map<string, string>;
  /** What the token is: of which organization on Enterprise Grid, with which scopes. */
  readonly own: SlackOwn;
  readonly messages: SlackMessage[];
  /** What each person's Home tab shows. */
  readonly homes: Map<string, readonly SlackBlock[]>;
  readonly files: Map<string, { readonly name: string; readonly length: number; readonly words: string; content: Buffer | null }>;
  readonly nextTs: () => string;
  readonly onWhisper: (userId: string, text: string) => void;
  readonly onMessage: (message: SlackMessage) => void;
  readonly uploadUrl: (fileId: string) => string;
};

/** Our own workspace. */
export const TEAM_ID = 'T1';

export type Answer = Readonly<Record<string, unknown>> | { readonly error: string };
