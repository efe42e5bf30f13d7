import { type Actor, clock, type Expected, type Happened, type History, type IncidentEvent, type Time } from './decisions.ts';

type Of<Type extends IncidentEvent['type']> = Extract<IncidentEvent, { readonly type: Type }>;
type Payload = Of<'outbox.queued'>['payload'];
type Announcement = Extract<Payload, { readonly kind: 'announcement' }>['name'];
type Answer = Of<'outbox.delivered'>['answer'];

const person = (number: number, name: string) => ({ kind: 'person', slackId: `U000000000${number}`, name }) as const;

export const robin = person(1, 'robin');
export const sam = person(2, 'sam');
export const kim = person(3, 'kim');
export const timer: Actor = { kind: 'timer' };
export const watch: Actor = { kind: 'watch' };
export const reader: Actor = { kind: 'reader' };
const pagerduty: Actor = { kind: 'pagerduty' };
const gapwatch: Actor = { kind: 'gapwatch' };

/** An event that is on the record. */
export function has(event: IncidentEvent, by: Actor = gapwatch): Happened {
  return { at: null, by, event: () => event };
}

/** The same at its time; what is named after it happened then too, until another time is named. */
export function at(time: Time, ...history: readonly History[]): History {
  const [first, ...rest] = history.flatMap(flat);
  return first ? [{ ...first, at: first.at ?? time }, ...rest] : [];
}

function flat(history: History): readonly Happened[] {
  return 'event' in history ? [history] : history.flatMap(flat);
}

/** INC-1 is open since noon, or whenever `at` says. */
export function opened({ drill = false, startedAt = '12:00' as Time } = {}): Happened {
  return has({ type: 'incident.opened', number: 1, startedAt: clock(startedAt), reason: 'AuditLogFailure', drill });
}

/** An alert as PagerDuty tells of it. */
export function alert(id: string, { service = 'audit', createdAt = '12:00' as Time } = {}): Of<'alert.fired'>['alert'] {
  return { id, title: `AuditLogFailure ${id}`, service, url: `https://pd.example/${id}`, createdAt: clock(createdAt) };
}

export function alertFired(id = 'P1', service = 'audit'): Happened {
  return has({ type: 'alert.fired', alert: alert(id, { service }), seenBy: 'webhook' }, pagerduty);
}

export function alertIs(event: Of<'alert.changed'>['event'], alertId = 'P1'): Happened {
  const change = { alertId, event, agent: 'Sam', detail: '', seenBy: 'webhook' } as const;
  return { at: null, by: pagerduty, event: (occurredAt) => ({ type: 'alert.changed', ...change, occurredAt }) };
}

export function tableSilent(since: Time | null): Happened {
  return has({ type: 'records.silent', lastRecordAt: since === null ? null : clock(since) }, watch);
}

export function tableWritten(lastRecordAt: Time): Happened {
  return has({ type: 'records.written', lastRecordAt: clock(lastRecordAt), perMinute: 200 }, watch);
}

export function tableUnseen(failure = 'the connection timed out'): Happened {
  return has({ type: 'records.unseen', failure }, watch);
}

export function gapOpened(start: Time, knownBy: 'record' | 'alert' = 'record', gap = 1): Happened {
  return has({ type: 'gap.opened', gap, startAt: clock(start), knownBy: { kind: knownBy }, because: null }, watch);
}

export function gapEnded(end: Time, gap = 1): Happened {
  return has({ type: 'gap.ended', gap, endAt: clock(end), knownBy: { kind: 'record' }, because: null }, watch);
}

export function claimedBy(who: typeof robin | typeof sam | typeof kim): Happened {
  return has({ type: 'commander.named', slackId: who.slackId, name: who.name }, who);
}

/** A message waits to go out, due now. */
export function queued(key: string, payload: Payload): Happened {
  return { at: null, by: gapwatch, event: (dueAt) => ({ type: 'outbox.queued', key, payload, dueAt }) };
}

export function delivered(key: string, answer: Partial<Answer> = {}): Happened {
  const whole = { message: 'taken', ...answer };
  return { at: null, by: gapwatch, event: (dueAt) => ({ type: 'outbox.delivered', key, attempt: 1, dueAt, answer: whole }) };
}

export function failed(
  key: string,
  detail = 'no answer within 5 seconds',
  outcome: Of<'outbox.failed'>['outcome'] = 'unavailable',
): Happened {
  return { at: null, by: gapwatch, event: (retryAt) => ({ type: 'outbox.failed', key, attempt: 1, outcome, detail, retryAt }) };
}

/** A message that went out the moment it was asked for. */
export function sent(key: string, payload: Payload, answer: Partial<Answer> = {}): History {
  return [queued(key, payload), delivered(key, answer)];
}

/** The root message stands in Slack, and update 1 is due five minutes later. */
export function rootPosted(): History {
  const posted = { channel: 'C1', ts: '1767614400.000100', permalink: 'https://slack.example/root' };
  return [sent('slack/initial-post', { kind: 'initial-post' }, posted), updateDueAfter(1, 5)];
}

/** Update `number` is scheduled so many minutes ahead. */
export function updateDueAfter(number: number, minutes: number): Happened {
  return {
    at: null,
    by: gapwatch,
    event: (now) => ({ type: 'update.scheduled', number, dueAt: new Date(now.getTime() + minutes * 60_000) }),
  };
}

export function updateQueued(number: number): Happened {
  return queued(`slack/update/${number}`, { kind: 'update', number, missed: [], whyMissed: null });
}

export function openingNoticeSent(): History {
  return sent('mail/opening-notice', { kind: 'opening-notice' });
}

export function finalNoticeSent(): History {
  return sent('mail/final-notice/1', { kind: 'final-notice' });
}

/** INC-1 at noon: the alert fired, the table is silent since 11:57, the root message is posted. */
export function incidentOpen(): History {
  return [at('12:00', opened(), alertFired()), tableSilent('11:57'), gapOpened('11:57'), rootPosted()];
}

/** INC-1 with records again since 12:09. */
export function gapOver(): History {
  return [incidentOpen(), at('12:09', tableWritten('12:09'), gapEnded('12:09'))];
}

export function resolved(): Happened {
  return has({ type: 'incident.resolved', rootCause: 'a migration revoked INSERT', anywayBecause: null, unmet: [] }, robin);
}

/** INC-1, resolved by robin at 12:12 after a gap of twelve minutes. */
export function incidentResolved(): History {
  return [gapOver(), at('12:12', resolved())];
}

type ExpectedPayload = NonNullable<Extract<Expected, { readonly type: 'outbox.queued' }>['payload']>;

/** A message that is asked for. What is left out may be anything. */
export function queues(payload: ExpectedPayload & Pick<Payload, 'kind'>, dueAt?: Time): Expected {
  return { type: 'outbox.queued', payload, ...(dueAt === undefined ? {} : { dueAt: clock(dueAt) }) };
}

type Details = Readonly<Record<string, string>>;

/** A short message under the root message. */
export function tellsThread(name: Announcement, details: Details = {}): Expected {
  return { type: 'outbox.queued', payload: { kind: 'announcement', name, details, broadcast: false } };
}

/** A short message that the whole channel sees as well. */
export function tellsChannel(name: Announcement, details: Details = {}): Expected {
  return { type: 'outbox.queued', payload: { kind: 'announcement', name, details, broadcast: true } };
}
