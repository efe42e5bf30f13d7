import type { Policy } from '#domain/base/policy.ts';
import { between, formatUtc, HOUR, plus } from '#domain/base/time.ts';
import { announce, announceOnce, queueMessage, wasAnnounced } from '#domain/incident/outbox/queue.ts';
import { actorName } from './actor.ts';
import { openTasks } from './checklist.ts';
import { type CommandRows, type Decision, type Evolutions, refuse, refuseUnlessAhead, type TimelineTexts } from './concern.ts';
import type { Assessment, IncidentEvent } from './event.ts';
import { type Incident, incidentName, withFollowUp } from './state.ts';
import type { Timer, TimerOf } from './timer-command.ts';

/** What follows a resolution: assessment (runbook §16), post-mortem, reminders of what is open, the daily signature. */
export type FollowUpCommand =
  | { readonly kind: 'count-earlier-gaps'; readonly count: number | null; readonly text: string }
  | { readonly kind: 'assess'; readonly assessment: Assessment }
  | { readonly kind: 'schedule-post-mortem'; readonly for: Date }
  | { readonly kind: 'keep-signature'; readonly statement: string; readonly signature: string; readonly publicKey: string }
  | { readonly kind: 'deny'; readonly what: string; readonly why: string }
  | TimerOf<'follow-up-due' | 'post-mortem-due'>;

type Of<Kind extends FollowUpCommand['kind']> = Extract<FollowUpCommand, { kind: Kind }>;

export const followUpCommands: CommandRows<FollowUpCommand> = {
  'count-earlier-gaps': {
    permission: 'nobody',
    decide: (_incident, { count, text }) => ({ events: [{ type: 'earlier-gaps.counted', count, text }] }),
  },
  assess: { permission: 'member', decide: (incident, command, { now }) => assess(incident, command, now) },
  'schedule-post-mortem': { permission: 'member', decide: (incident, command, { now }) => schedulePostMortem(incident, command.for, now) },
  'keep-signature': {
    permission: 'nobody',
    decide: (_incident, { statement, signature, publicKey }) => ({
      events: [{ type: 'evidence.signed', statement, signature, publicKey }],
    }),
  },
  deny: { permission: 'anybody', decide: (_incident, { what, why }) => ({ events: [{ type: 'command.denied', what, why }] }) },
  'follow-up-due': {
    permission: 'nobody',
    decide: (incident, command, { now, policy }) => ({ events: followUpDue(incident, command, now, policy) }),
  },
  'post-mortem-due': { permission: 'nobody', decide: (incident, command, { now }) => ({ events: postMortemDue(incident, command, now) }) },
};

type FollowUpEvent = 'earlier-gaps.counted' | 'assessment.confirmed' | 'post-mortem.scheduled' | 'evidence.signed' | 'command.denied';

export const followUpEvolutions: Evolutions<FollowUpEvent> = {
  'earlier-gaps.counted': (incident, { count, text }) => withFollowUp(incident, { earlierGaps: { count, text } }),
  'assessment.confirmed': (incident, { assessment }, { at, by }) =>
    withFollowUp(incident, { assessment: { ...assessment, by: actorName(by), at } }),
  'post-mortem.scheduled': (incident, event) => withFollowUp(incident, { postMortemAt: event.for }),
  'evidence.signed': (incident) => incident,
  'command.denied': (incident) => incident,
};

export const followUpTexts: TimelineTexts<FollowUpEvent> = {
  'earlier-gaps.counted': ({ text }) => `Earlier gaps in the audit table: ${text}`,
  'assessment.confirmed': ({ assessment }) => `Compliance impact assessed: ${assessment.summary}`,
  'post-mortem.scheduled': (event) => `Post-mortem scheduled for ${formatUtc(event.for)}`,
  'evidence.signed': ({ statement }) => `Record signed: ${statement}`,
  'command.denied': ({ what, why }) => `Denied: ${what}. ${why}`,
};

/** What is still open is named so long after the resolution (runbook, "Post-Incident (24-48 hours)"). */
const FOLLOW_UP_HOURS = [24, 48];

/** Returns the reminders after the resolution, and the time of the post-mortem. */
export function followUpTimers(incident: Incident): readonly Timer[] {
  const { phase, resolutions, followUp } = incident;
  const reminders = phase.name === 'resolved' && followUp.closed === null ? FOLLOW_UP_HOURS : [];
  const { postMortemAt } = followUp;
  const isTold = postMortemAt !== null && wasAnnounced(incident, 'post-mortem-now', String(postMortemAt.getTime()));
  return [
    ...reminders.flatMap((hours): readonly Timer[] =>
      phase.name !== 'resolved' || wasAnnounced(incident, 'follow-up', `${hours}/${resolutions}`)
        ? []
        : [{ command: { kind: 'follow-up-due', hours, resolution: resolutions }, dueAt: plus(phase.at, hours * HOUR) }],
    ),
    ...(postMortemAt === null || isTold ? [] : [{ command: { kind: 'post-mortem-due' as const, for: postMortemAt }, dueAt: postMortemAt }]),
  ];
}

/** Runbook §16: a person confirms the four factors with their name; the report is written anew with them. */
export function assess(incident: Incident, { assessment }: Of<'assess'>, now: Date): Decision {
  if (incident.phase.name === 'open') {
    return refuse('not-resolvable-yet', `${incidentName(incident.number)} is still open; its impact can be assessed once it is resolved.`);
  }
  return {
    events: [
      { type: 'assessment.confirmed', assessment },
      announce(incident, now, 'assessed', { summary: assessment.summary }, { broadcast: true }),
      queueMessage(`gap-report/${incident.eventCount}`, { kind: 'gap-report' }, now),
    ],
  };
}

/** The post-mortem gets its time, and the document that it starts from. */
export function schedulePostMortem(incident: Incident, at: Date, now: Date): Decision {
  return refuseUnlessPostMortemAhead(at, now) ?? { events: postMortemEvents(incident, at, now) };
}

/** The refusal for a post-mortem whose time has passed; null for one that lies ahead. */
export function refuseUnlessPostMortemAhead(at: Date, now: Date): Decision | null {
  return refuseUnlessAhead(at, now, 'Give a time ahead for the post-mortem.');
}

/** What follows from a post-mortem's time: it is kept, told, and its document is written. */
export function postMortemEvents(incident: Incident, at: Date, now: Date): readonly IncidentEvent[] {
  return [
    { type: 'post-mortem.scheduled', for: at },
    announce(incident, now, 'post-mortem-scheduled', { at: formatUtc(at) }, { broadcast: true }),
    queueMessage(`post-mortem/${incident.eventCount}`, { kind: 'post-mortem' }, now),
  ];
}

/** It is time for the post-mortem; one that was moved since is not announced. */
export function postMortemDue(incident: Incident, command: Of<'post-mortem-due'>, now: Date): readonly IncidentEvent[] {
  const { postMortemAt } = incident.followUp;
  if (postMortemAt === null || postMortemAt.getTime() !== command.for.getTime() || between(postMortemAt, now) < 0) return [];
  const document = incident.outbox.findLast(({ payload, status }) => payload.kind === 'post-mortem' && status.name === 'succeeded')?.status;
  const file = document?.name === 'succeeded' ? (document.answer.file ?? '') : '';
  return announceOnce(incident, now, 'post-mortem-now', String(postMortemAt.getTime()), { file }, { broadcast: true });
}

/** What is still open a day and two days after the resolution is named once; nothing is said when nothing is. */
export function followUpDue(
  incident: Incident,
  { hours, resolution }: Of<'follow-up-due'>,
  now: Date,
  policy: Policy,
): readonly IncidentEvent[] {
  const isMeant = incident.phase.name === 'resolved' && incident.resolutions === resolution && incident.followUp.closed === null;
  if (!isMeant || between(incident.phase.at, now) < hours * 3_600_000) return [];
  const open = openTasks(incident, now, policy).map(({ number, text, owner }) => `${number}. ${text}${owner ? ` (${owner})` : ''}`);
  const postMortem = incident.followUp.postMortemAt === null ? ['the post-mortem has no time: `/incident post-mortem <time>`'] : [];
  const left = [...open, ...postMortem];
  const details = { hours: String(hours), open: left.map((line) => `• ${line}`).join('\n') };
  return announceOnce(incident, now, 'follow-up', `${hours}/${resolution}`, details, { broadcast: true });
}
