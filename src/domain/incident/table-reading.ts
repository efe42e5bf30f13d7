import type { Silence, TableReading } from '#domain/audit-table/reading.ts';
import type { Policy } from '#domain/base/policy.ts';
import { between, formatDuration, formatUtc, plus } from '#domain/base/time.ts';
import { ongoingGap } from '#domain/gap/gap.ts';
import type { EventOf, IncidentEvent } from './event.ts';
import { measuredSilences, reconcileGaps } from './gap-measurement.ts';
import { announce, noteOnAlerts, queueMessage } from './outbox/queue.ts';
import { type Incident, outboxMessage } from './state.ts';

type Seen = Extract<TableReading, { kind: 'seen' }>;

/**
 * Returns what one reading of the audit table makes known. The first one ends the opening (runbook step 1): it fixes the gap, and asks for
 * the initial post and the opening notice, whatever it saw. Gaps are always what the gap scan says; the alert's time counts only while
 * the table can't be read, and is marked as an estimate. After the resolution a reading only measures the recorded gaps again.
 */
export function tableRead(incident: Incident, reading: TableReading, now: Date, policy: Policy): readonly IncidentEvent[] {
  const isFirst = outboxMessage(incident, 'slack/initial-post') === undefined;
  if (reading.kind === 'unseen') {
    if (isFirst) return [...unreadableAtFirst(incident, reading.failure, policy), ...openingMessages(now)];
    return incident.phase.name === 'open' ? unseen(incident, reading.failure, now) : [];
  }
  const silences = measuredSilences(incident, reading, policy);
  const gaps = gapEvents(incident, reading, silences, policy);
  const records = recordsEvents(incident, reading, silences, policy);
  if (isFirst) return [...records, ...gaps, ...openingMessages(now)];
  return [...records, ...gaps, ...tellings(incident, [...records, ...gaps], reading, now, policy)];
}

function openingMessages(now: Date): readonly IncidentEvent[] {
  return [queueMessage('initial-post', { kind: 'initial-post' }, now), queueMessage('opening-notice', { kind: 'opening-notice' }, now)];
}

/** Nothing can be read: with an alert the gap's start is estimated from its time, and replaced once the table can be read. */
function unreadableAtFirst(incident: Incident, failure: string, policy: Policy): readonly IncidentEvent[] {
  const event: IncidentEvent = { type: 'records.unseen', failure };
  return incident.alerts.length > 0 && incident.gaps.length === 0 ? [event, estimate(incident, policy)] : [event];
}

function estimate(incident: Incident, policy: Policy): IncidentEvent {
  const startAt = plus(incident.startedAt, -policy.gap.alertAfter);
  return { type: 'gap.opened', gap: incident.gapCount + 1, startAt, knownBy: { kind: 'alert' }, because: null };
}

function unseen(incident: Incident, failure: string, now: Date): readonly IncidentEvent[] {
  if (incident.records.status === 'unseen') return [];
  return [{ type: 'records.unseen', failure }, announce(incident, now, 'records-unseen', { failure })];
}

function gapEvents(incident: Incident, reading: Seen, silences: readonly Silence[] | null, policy: Policy): readonly IncidentEvent[] {
  const isOver = incident.phase.name === 'resolved';
  if (reading.lastRecordAt === null) {
    // An empty table has no record to count from: only the alert's time is left.
    return isOver || incident.alerts.length === 0 || incident.gaps.length > 0 ? [] : [estimate(incident, policy)];
  }
  if (silences === null) return [];
  return reconcileGaps(incident, reading, silences, policy.gap, isOver);
}

/** Whether records are written, where that is another answer than before. */
function recordsEvents(incident: Incident, reading: Seen, silences: readonly Silence[] | null, { gap }: Policy): readonly IncidentEvent[] {
  if (incident.phase.name === 'resolved' && ongoingGap(incident.gaps) === undefined) return [];
  const { records } = incident;
  const { lastRecordAt } = reading;
  if (lastRecordAt === null || isSilent(reading, lastRecordAt, silences, gap)) {
    const isKnown = records.status === 'silent' && records.lastRecordAt?.getTime() === lastRecordAt?.getTime();
    return isKnown ? [] : [{ type: 'records.silent', lastRecordAt }];
  }
  return records.status === 'written' ? [] : [{ type: 'records.written', lastRecordAt, perMinute: reading.lastMinute }];
}

/** Records brought in later end no silence: it ends with a record younger than the tolerance. */
function isSilent({ at }: Seen, lastRecordAt: Date, silences: readonly Silence[] | null, { tolerance }: Policy['gap']): boolean {
  return between(lastRecordAt, at) > tolerance || (silences ?? []).some(({ end }) => end === 'ongoing');
}

/** What the channel hears of a later reading: silence that begins, records that return, and every change of a gap. */
function tellings(
  incident: Incident,
  events: readonly IncidentEvent[],
  reading: Seen,
  now: Date,
  policy: Policy,
): readonly IncidentEvent[] {
  const ended = events.findLast((event) => event.type === 'gap.ended');
  const isBack = events.some(({ type }) => type === 'records.written') && incident.records.status !== 'unknown';
  const fell = incident.records.status === 'silent' ? undefined : events.find((event) => event.type === 'records.silent');
  const opened = events.some(({ type }) => type === 'gap.opened');
  return [
    ...(fell && (opened || (fell.lastRecordAt !== null && incident.gaps.length === 0))
      ? [tellSilent(incident, fell.lastRecordAt, now, policy)]
      : []),
    ...(ended || (isBack && incident.records.status === 'silent') ? tellReturned(incident, events, ended, reading, now) : []),
    ...events.flatMap((event) => tellGap(incident, event, now)),
  ];
}

function tellSilent(incident: Incident, since: Date | null, now: Date, { gap }: Policy): IncidentEvent {
  const details = { since: since ? formatUtc(since) : '', tolerance: formatDuration(gap.tolerance) };
  return announce(incident, now, 'gap-opened', details, { broadcast: true });
}

function tellReturned(
  incident: Incident,
  events: readonly IncidentEvent[],
  ended: EventOf<'gap.ended'> | undefined,
  reading: Seen,
  now: Date,
): readonly IncidentEvent[] {
  const start = ended && startOf(incident, events, ended.gap);
  const length = start && ended ? formatDuration(between(start, ended.endAt)) : '';
  const end = ended?.endAt ?? reading.lastRecordAt ?? reading.at;
  const details = { end: formatUtc(end), length, perMinute: String(reading.lastMinute) };
  const note =
    start && ended
      ? `has audit records again. Gap from ${formatUtc(start)} to ${formatUtc(ended.endAt)} (${length}).`
      : 'has audit records again.';
  return [announce(incident, now, 'records-returned', details, { broadcast: true }), ...noteOnAlerts(incident, now, note)];
}

/** Where a gap begins after these events: one that was opened or corrected just now counts as it is now. */
function startOf(incident: Incident, events: readonly IncidentEvent[], gap: number): Date | undefined {
  const corrected = events.find((event) => event.type === 'gap.corrected' && event.gap === gap && event.edge === 'start');
  if (corrected?.type === 'gap.corrected') return corrected.at;
  const opened = events.find((event) => event.type === 'gap.opened' && event.gap === gap);
  return opened?.type === 'gap.opened' ? opened.startAt : incident.gaps.find(({ id }) => id === gap)?.start.at;
}

function tellGap(incident: Incident, event: IncidentEvent, now: Date): readonly IncidentEvent[] {
  switch (event.type) {
    case 'gap.corrected': {
      const { edge, at, formerly, gap } = event;
      const details = {
        edge,
        formerly: formerly ? formatUtc(formerly) : 'not known',
        at: formatUtc(at),
        by: 'a record in the audit table',
      };
      return [announce(incident, now, 'gap-corrected', { ...details, because: '' }, { which: String(gap) })];
    }
    case 'gap.dismissed':
      return [announce(incident, now, 'gap-dismissed', {}, { broadcast: true, which: String(event.gap) })];
    case 'gap.remeasured': {
      const left = event.remaining.reduce((sum, { start, end }) => sum + between(start, end === 'ongoing' ? now : end), 0);
      const details = { arrived: String(event.records), unaccounted: formatDuration(left) };
      return [announce(incident, now, 'gap-remeasured', details, { broadcast: true, which: String(event.gap) })];
    }
    default:
      return [];
  }
}
