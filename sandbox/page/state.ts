import type { BreakageName } from '#sandbox/clinic/breakages.ts';
import type { Silence } from '#sandbox/clinic/ledger.ts';
import type { ClockReading } from '#sandbox/clock.ts';
import type { SlackBlock } from '#sandbox/stand-ins/slack/block-kit.ts';
import type { SlackView } from '#sandbox/stand-ins/slack/views.ts';
import type { ActorId } from './actors.ts';

/** What the page shows of Slack, PagerDuty and the mailbox. Moments are milliseconds of the sandbox's time. */
export type Conversation = {
  readonly people: readonly Person[];
  readonly commands: readonly SlashCommand[];
  /** Of the channel, its threads, and what only one person sees; oldest first. */
  readonly messages: readonly PageMessage[];
  /** The form that each person has open. */
  readonly forms: Readonly<Record<string, OpenForm>>;
  /** The Home tab that each person has opened. */
  readonly homes: Readonly<Record<string, readonly SlackBlock[]>>;
  readonly incidents: readonly PageIncident[];
  readonly mails: readonly PageMail[];
};

export type Person = { readonly id: ActorId; readonly name: string };
export type SlashCommand = { readonly command: string; readonly description: string; readonly words: readonly string[] };

export type PageMessage = {
  /** A message's own name; Slack's `ts` for what all see. */
  readonly key: string;
  readonly at: number;
  readonly threadKey: string | null;
  readonly isBroadcast: boolean;
  /** A person's id; null for the app. */
  readonly userId: string | null;
  /** Whose eyes alone it is for. */
  readonly onlyFor: string | null;
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
  readonly file: PageFile | null;
  readonly isEdited: boolean;
};
export type PageFile = { readonly name: string; readonly url: string; readonly isImage: boolean; readonly words: string };
export type OpenForm = { readonly view: SlackView; readonly errors: Readonly<Record<string, string>> };

export type PageIncident = {
  readonly id: string;
  readonly title: string;
  readonly status: 'triggered' | 'acknowledged' | 'resolved';
  readonly assignee: string;
  readonly log: readonly { readonly at: number; readonly words: string }[];
};

export type PageMail = {
  readonly at: number;
  readonly subject: string;
  readonly to: string;
  readonly url: string;
  readonly attachments: readonly { readonly name: string; readonly url: string; readonly bytes: number }[];
};

/** What the page shows of the clinic, and how time runs. */
export type ClinicView = {
  readonly clock: ClockReading;
  readonly breakages: readonly { readonly name: BreakageName; readonly title: string; readonly means: string }[];
  readonly broken: BreakageName | null;
  /** Records of each minute of the last three hours, oldest first, beginning at `firstMinuteAt`. */
  readonly firstMinuteAt: number;
  readonly records: readonly number[];
  readonly silences: readonly Silence[];
  readonly lastWrittenAt: number | null;
  readonly isBotRunning: boolean;
};

/** What a message answered: nothing to say, or why it was not done. */
export type ActionAnswer = { readonly refused: string | null };
