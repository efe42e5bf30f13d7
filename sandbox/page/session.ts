import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { BREAKAGES } from '#sandbox/clinic/breakages.ts';
import type { Sandbox } from '#sandbox/sandbox.ts';
import type { EphemeralReply } from '#sandbox/stand-ins/slack/replies.ts';
import type { SlackMessage } from '#sandbox/stand-ins/slack/state.ts';
import { ACTORS } from './actors.ts';
import type { ClinicView, Conversation, OpenForm, PageIncident, PageMail, PageMessage, SlashCommand } from './state.ts';

/** What the page knows beyond the stand-ins: answers that only one person saw, open forms, when a mail came. */
export type Session = {
  readonly conversation: () => Conversation;
  readonly clinic: () => ClinicView;
  /** Shows something to one person alone. */
  readonly whispers: (userId: string, reply: EphemeralReply) => void;
  /** A message of the channel or a whisper, by its key. */
  readonly messageOf: (key: string) => Pressable | null;
  readonly forms: Map<string, OpenForm>;
};

type Pressable = { readonly blocks: EphemeralReply['blocks']; readonly channel?: string; readonly ts?: string };
type Whisper = { readonly key: string; readonly userId: string; readonly at: number; readonly reply: EphemeralReply };
type Log = PageIncident['log'];

/** Listens to a sandbox from now on. */
export function openSession(sandbox: Sandbox): Session {
  const { slack, pagerduty, mail, clock } = sandbox;
  const whispers: Whisper[] = [];
  const forms = new Map<string, OpenForm>();
  const logs = new Map<string, Log>();
  const mailTimes: number[] = [];
  const commands = commandsOfManifest();
  const whispersTo = (userId: string, reply: EphemeralReply) => {
    whispers.push({ key: `only-${whispers.length + 1}`, userId, at: clock.now(), reply });
  };
  slack.events.on('reply', whispersTo);
  slack.events.on('view', (userId, view) => forms.set(userId, { view, errors: {} }));
  pagerduty.events.on('change', (incident, type) => {
    const words = type === 'incident.annotated' ? `note: ${incident.notes.at(-1)}` : type.replace('incident.', '');
    logs.set(incident.id, [...(logs.get(incident.id) ?? []), { at: clock.now(), words }]);
  });
  mail.events.on('mail', () => mailTimes.push(clock.now()));
  return {
    forms,
    whispers: whispersTo,
    messageOf: (key) => slack.messages.find(({ ts }) => ts === key) ?? whispers.find((each) => each.key === key)?.reply ?? null,
    conversation: () => ({
      people: ACTORS.map(({ id, name }) => ({ id, name })),
      commands,
      messages: [...slack.messages.map(toPage), ...whispers.map(whisperToPage)].toSorted((one, other) => one.at - other.at),
      forms: Object.fromEntries(forms),
      homes: Object.fromEntries(slack.homes),
      incidents: [...pagerduty.incidents.values()].map(({ id, title, status, assignee }) => ({
        ...{ id, title, status, assignee },
        log: logs.get(id) ?? [],
      })),
      mails: mail.mails.map((each, index) => toMail(each, index, mailTimes[index] ?? 0)),
    }),
    clinic: () => {
      const { minutes, silences, lastWrittenAt } = sandbox.application.ledger();
      return {
        clock: clock.reading,
        breakages: BREAKAGES,
        broken: sandbox.breakages.current,
        firstMinuteAt: minutes[0]?.at ?? 0,
        records: minutes.map(({ records }) => records),
        ...{ silences, lastWrittenAt },
        isBotRunning: sandbox.isBotRunning(),
      };
    },
  };
}

function toPage({ ts, threadTs, isBroadcast, userId, text, blocks, file, edits }: SlackMessage): PageMessage {
  const url = `/files/${ts}`;
  return {
    key: ts,
    at: Number(ts) * 1_000,
    threadKey: threadTs,
    ...{ isBroadcast, userId, text, blocks },
    onlyFor: null,
    file: file && { name: file.name, url, isImage: file.name.endsWith('.png'), words: file.words },
    isEdited: edits > 0,
  };
}

function whisperToPage({ key, userId, at, reply }: Whisper): PageMessage {
  const { text, blocks } = reply;
  return { key, at, threadKey: null, isBroadcast: false, userId: null, onlyFor: userId, text, blocks, file: null, isEdited: false };
}

function toMail(mail: Sandbox['mail']['mails'][number], index: number, at: number): PageMail {
  const to = [mail.to ?? []].flat().map((each) => each.text);
  return {
    at,
    subject: mail.subject ?? '',
    to: to.join(', '),
    url: `/mails/${index}`,
    attachments: mail.attachments.map(({ filename, size }, number) => ({
      name: filename ?? 'attachment',
      url: `/mails/${index}/${number}`,
      bytes: size,
    })),
  };
}

const manifestSchema = z.object({
  features: z.object({
    slash_commands: z.array(z.object({ command: z.string(), description: z.string(), usage_hint: z.string() })),
  }),
});

/** The app's slash commands as Slack knows them: from the manifest. */
function commandsOfManifest(): readonly SlashCommand[] {
  const manifest = manifestSchema.parse(parse(readFileSync(new URL('../../manifest.yml', import.meta.url), 'utf8')));
  return manifest.features.slash_commands.map(({ command, description, usage_hint }) => ({
    ...{ command, description },
    words: usage_hint.split('|').map((word) => word.trim().split(' ')[0] ?? ''),
  }));
}
