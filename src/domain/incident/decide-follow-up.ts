import type { Policy } from '#domain/base/policy.ts';
import { between, DAY, formatUtc, HOUR, plus } from '#domain/base/time.ts';
import type { Command, Decision } from './command.ts';
import type { IncidentEvent } from './event.ts';
import { hhsDeadline } from './hhs.ts';
import { refuse } from './refusals.ts';
import { announce, announceOnce, queueMessage } from './requests.ts';
import { type Incident, incidentName, outboxMessage } from './state.ts';
import { openTasks } from './tasks.ts';

type Of<Kind extends Command['kind']> = Extract<Command, { kind: Kind }>;

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
  if (between(now, at) <= 0) return refuse('impossible-time', `${formatUtc(at)} has already passed. Give a time ahead.`);
  return { events: postMortemEvents(incident, at, now) };
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

/** A person says whether HHS must be notified; if so, its 60 days are watched. Gapwatch itself never judges. */
export function decideHhs(incident: Incident, { required, because }: Of<'decide-hhs'>, now: Date): Decision {
  const details = { required: required ? 'yes' : 'no', because, deadline: formatUtc(hhsDeadline(incident)) };
  return {
    events: [{ type: 'hhs.decided', required, because }, announce(incident, now, 'hhs-decided', details, { broadcast: true })],
  };
}

/** A person says that HHS was notified: the reminders end. */
export function hhsNotified(incident: Incident, now: Date): Decision {
  const { hhs } = incident.followUp;
  if (!hhs?.required) return refuse('already-so', 'Nobody has said that HHS must be notified: `/incident hhs required because <reason>`.');
  if (hhs.notified) return refuse('already-so', `HHS was notified at ${formatUtc(hhs.notified.at)}, says ${hhs.notified.by}.`);
  return { events: [{ type: 'hhs.notified' }, announce(incident, now, 'hhs-notified', {}, { broadcast: true })] };
}

/** HHS is still to be notified: the channel and the Privacy Officer are reminded of the day. */
export function hhsDue(incident: Incident, { daysLeft }: Of<'hhs-due'>, now: Date): readonly IncidentEvent[] {
  const { hhs } = incident.followUp;
  if (!hhs?.required || hhs.notified || between(plus(hhsDeadline(incident), -daysLeft * DAY), now) < 0) return [];
  const details = { daysLeft: String(daysLeft), deadline: formatUtc(hhsDeadline(incident)) };
  const told = announceOnce(incident, now, 'hhs-deadline', String(daysLeft), details, { broadcast: true });
  return told.length === 0 ? [] : [...told, queueMessage(`hhs/${daysLeft}`, { kind: 'hhs-notice', daysLeft }, now)];
}

/** What is still open a day and two days after the resolution is named once; nothing is said when nothing is. */
export function followUpDue(
  incident: Incident,
  { hours, resolution }: Of<'follow-up-due'>,
  now: Date,
  policy: Policy,
): readonly IncidentEvent[] {
  const isMeant = incident.phase.name === 'resolved' && incident.resolutions === resolution && incident.followUp.closed === null;
  if (!isMeant || between(incident.phase.at, now) < hours * HOUR) return [];
  const open = openTasks(incident, now, policy).map(({ number, text, owner }) => `${number}. ${text}${owner ? ` (${owner})` : ''}`);
  const postMortem = incident.followUp.postMortemAt === null ? ['the post-mortem has no time: `/incident post-mortem <time>`'] : [];
  const left = [...open, ...postMortem];
  const details = { hours: String(hours), open: left.map((line) => `• ${line}`).join('\n') };
  return announceOnce(incident, now, 'follow-up', `${hours}/${resolution}`, details, { broadcast: true });
}

/** The reader of a notice pressed the button of its page. */
export function noticeReceived(incident: Incident, { key }: Of<'notice-received'>, now: Date): Decision {
  if (outboxMessage(incident, key) === undefined) return refuse('unknown-notice', 'This link belongs to no notice on record.');
  const at = incident.followUp.received[key];
  if (at) return refuse('already-so', `Its receipt was acknowledged at ${formatUtc(at)}.`);
  return { events: [{ type: 'notice.received', key }, announce(incident, now, 'notice-received', { notice: noticeWords(key) })] };
}

/** An hour after a notice that asked for it nobody has acknowledged its receipt: the channel hears it, once. */
export function receiptDue(incident: Incident, { key }: Of<'receipt-due'>, now: Date): readonly IncidentEvent[] {
  if (incident.followUp.received[key] || outboxMessage(incident, key)?.status.name !== 'succeeded') return [];
  return announceOnce(incident, now, 'notice-unconfirmed', key, { notice: noticeWords(key) }, { broadcast: true });
}

function noticeWords(key: string): string {
  if (key.includes('opening')) return 'opening notice';
  return key.includes('final') ? 'final notice' : 'correction';
}
