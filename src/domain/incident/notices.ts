import { roleName } from '#domain/base/policy.ts';
import { formatUtc, HOUR, MINUTE, plus } from '#domain/base/time.ts';
import { destinationOf, type OutboxMessage, type Payload } from '#domain/incident/outbox/message.ts';
import { announce, announceOnce, wasAnnounced } from '#domain/incident/outbox/queue.ts';
import { type CommandRows, type Decision, type Evolutions, refuse, type TimelineTexts } from './concern.ts';
import type { IncidentEvent } from './event.ts';
import { type Incident, outboxMessage, withFollowUp } from './state.ts';
import type { Timer, TimerOf } from './timer-command.ts';

/** Notices to the compliance side: one that has not gone out in time is told, and its receipt is asked for. */
export type NoticeCommand = { readonly kind: 'notice-received'; readonly key: string } | TimerOf<'notice-late' | 'receipt-due'>;

type Of<Kind extends NoticeCommand['kind']> = Extract<NoticeCommand, { kind: Kind }>;

export const noticeCommands: CommandRows<NoticeCommand> = {
  'notice-received': { permission: 'nobody', decide: (incident, command, { now }) => noticeReceived(incident, command, now) },
  'notice-late': { permission: 'nobody', decide: (incident, { key }, { now }) => ({ events: noticeLate(incident, key, now) }) },
  'receipt-due': { permission: 'nobody', decide: (incident, command, { now }) => ({ events: receiptDue(incident, command, now) }) },
};

export const noticeEvolutions: Evolutions<'notice.received'> = {
  'notice.received': (incident, { key }, { at }) => withFollowUp(incident, { received: { ...incident.followUp.received, [key]: at } }),
};

export const noticeTexts: TimelineTexts<'notice.received'> = {
  'notice.received': ({ key }) => `Receipt acknowledged: ${key}`,
};

/** A notice still undelivered after this long is reported in the channel. */
const NOTICE_LATE_AFTER = 5 * MINUTE;
/** A notice's receipt should be acknowledged within this time. */
const RECEIPT_WITHIN = HOUR;

/** Returns when an undelivered notice, or a missing receipt, is to be told. */
export function noticeTimers(incident: Incident): readonly Timer[] {
  return incident.outbox.flatMap((outgoing): readonly Timer[] => {
    const { key, dueAt, status } = outgoing;
    if (destinationOf(outgoing.payload) !== 'mail') return [];
    if (status.name === 'due')
      return isToldLate(incident, outgoing) ? [] : [{ command: { kind: 'notice-late', key }, dueAt: plus(dueAt, NOTICE_LATE_AFTER) }];
    const isAsked = status.name === 'succeeded' && status.answer.asksReceipt === true && !incident.followUp.received[key];
    if (!isAsked || wasAnnounced(incident, 'notice-unconfirmed', key)) return [];
    return [{ command: { kind: 'receipt-due', key }, dueAt: plus(status.at, RECEIPT_WITHIN) }];
  });
}

function isToldLate({ outbox }: Incident, { payload, dueAt }: OutboxMessage): boolean {
  const role = noticeRole(payload);
  return outbox.some(
    ({ payload: { kind, ...told } }) =>
      kind === 'announcement' &&
      'name' in told &&
      (told.name === 'notice-undelivered' || told.name === 'notice-unclear') &&
      'details' in told &&
      told.details.role === role &&
      told.details.dueAt === formatUtc(dueAt),
  );
}

/** Whom a notice is for, in words. */
export function noticeRole(payload: Payload): string {
  return 'role' in payload ? roleName(payload.role) : 'Privacy Officer';
}

/** A notice that has not gone out by now is reported in the channel, once, by the role it was meant for. */
export function noticeLate(incident: Incident, key: string, now: Date): readonly IncidentEvent[] {
  const outgoing = outboxMessage(incident, key);
  if (outgoing?.status.name !== 'due' || isToldLate(incident, outgoing)) return [];
  const why = outgoing.status.lastFailure?.detail ?? 'no attempt has come to an end';
  const role = noticeRole(outgoing.payload);
  const name = (outgoing.status.unclear ?? 0) > 0 ? 'notice-unclear' : 'notice-undelivered';
  return [announce(incident, now, name, { role, why, dueAt: formatUtc(outgoing.dueAt), state: 'failing' }, { broadcast: true })];
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
