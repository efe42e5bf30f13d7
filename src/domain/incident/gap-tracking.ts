import type { TableReading } from '#domain/audit-table/reading.ts';
import type { Policy } from '#domain/base/policy.ts';
import { between, formatDuration, formatUtc, MINUTE, plus } from '#domain/base/time.ts';
import { type Gap, type KnownBy, knownByWords, ongoingGap } from '#domain/gap/gap.ts';
import { announce, noteOnAlerts, queueMessage } from '#domain/incident/outbox/queue.ts';
import type { Became, CommandRows, Evolutions, TimelineTexts } from './concern.ts';
import type { EventOf, IncidentEvent } from './event.ts';
import { type Incident, outboxMessage } from './state.ts';

/** What the readings of the audit table make known: silence, records, and the gaps between them (runbook steps 1, 13, 14). */
export type TableReadCommand = { readonly kind: 'table-read'; readonly reading: TableReading };

export const gapTrackingCommands: CommandRows<TableReadCommand> = {
  'table-read': {
    permission: 'nobody',
    // A gap that was left open by a resolution is followed to its end.
    decide: (incident, { reading }, { now, policy }) => ({ events: isPolled(incident) ? tableRead(incident, reading, now, policy) : [] }),
  },
};

type TableEvent = 'records.silent' | 'records.written' | 'records.unseen' | 'gap.opened' | 'gap.ended' | 'gap.corrected';

export const gapTrackingEvolutions: Evolutions<TableEvent> = {
  'records.silent': (incident, { lastRecordAt }) => ({ ...incident, records: { status: 'silent', lastRecordAt } }),
  'records.written': (incident, { lastRecordAt, perMinute }, { at }) => ({
    ...incident,
    records: { status: 'written', lastRecordAt, perMinute, since: at },
  }),
  'records.unseen': (incident, { failure }, { at }) => ({ ...incident, records: { status: 'unseen', failure, since: at } }),
  'gap.opened': (incident, { gap, startAt, knownBy }) => ({
    ...incident,
    gaps: [...incident.gaps, { id: gap, start: { at: startAt, knownBy }, end: 'ongoing' }],
  }),
  'gap.ended': (incident, { gap, endAt, knownBy }) => withGap(incident, gap, (each) => ({ ...each, end: { at: endAt, knownBy } })),
  'gap.corrected': (incident, { gap, edge, at, knownBy }) => withGap(incident, gap, (each) => ({ ...each, [edge]: { at, knownBy } })),
};

/** Returns the incident as it is after what a reading made known, as far as records and gaps go. */
export function afterReading(incident: Incident, events: readonly IncidentEvent[], now: Date): Incident {
  const counted = { ...incident, eventCount: incident.eventCount + events.length };
  return events.reduce<Incident>(
    (state, event) => (isTableEvent(event) ? evolveTable(event.type, state, event, { at: now, by: { kind: 'watch' } }) : state),
    counted,
  );
}

function isTableEvent(event: IncidentEvent): event is EventOf<TableEvent> {
  return event.type in gapTrackingEvolutions;
}

function evolveTable<Type extends TableEvent>(type: Type, incident: Incident, event: EventOf<Type>, became: Became): Incident {
  return gapTrackingEvolutions[type](incident, event, became);
}

function withGap(incident: Incident, id: number, change: (gap: Gap) => Gap): Incident {
  return { ...incident, gaps: incident.gaps.map((gap) => (gap.id === id ? change(gap) : gap)) };
}

export const gapTrackingTexts: TimelineTexts<TableEvent> = {
  'records.silent': ({ lastRecordAt }) =>
    lastRecordAt ? `Audit table silent; last record ${formatUtc(lastRecordAt)}` : 'Audit table silent; it holds no record',
  'records.written': ({ lastRecordAt, perMinute }) =>
    `Audit records are being written; last record ${formatUtc(lastRecordAt)}, ${perMinute} in the last minute`,
  'records.unseen': ({ failure }) => `Audit table can't be seen: ${failure}`,
  'gap.opened': ({ gap, startAt, knownBy, because }) =>
    `Gap ${gap} starts ${formatUtc(startAt)}, known by ${knownByWords(knownBy)}${becauseText(because)}`,
  'gap.ended': ({ gap, endAt, knownBy, because }) =>
    `Gap ${gap} ends ${formatUtc(endAt)}, known by ${knownByWords(knownBy)}${becauseText(because)}`,
  'gap.corrected': ({ gap, edge, at, formerly, knownBy, because }) => {
    const before = formerly ? formatUtc(formerly) : 'not known';
    return `Gap ${gap} ${edge} corrected from ${before} to ${formatUtc(at)}, known by ${knownByWords(knownBy)}${becauseText(because)}`;
  },
};

function becauseText(reason: string | null): string {
  return reason === null ? '' : `, because ${reason}`;
}

/** Whether the audit table is looked at for this incident: while it is open, and after that until its last gap has ended. */
export function isPolled({ phase, gaps }: Incident): boolean {
  return phase.name === 'open' || ongoingGap(gaps) !== undefined;
}
const BY_RECORD: KnownBy = { kind: 'record' };

/**
 * What one reading of the audit table makes known. The first look ends the opening: it fixes the gap's start (runbook step 1) and
 * asks for the initial post and the opening notice, whatever it saw. Later looks tell only changes.
 */
export function tableRead(incident: Incident, reading: TableReading, now: Date, policy: Policy): readonly IncidentEvent[] {
  if (outboxMessage(incident, 'slack/initial-post') === undefined) {
    return [
      // Whoever declared a gap before we looked knows better than a first guess.
      ...firstReading(incident, reading, policy).filter(({ type }) => incident.gaps.length === 0 || !type.startsWith('gap.')),
      queueMessage('initial-post', { kind: 'initial-post' }, now),
      queueMessage('opening-notice', { kind: 'opening-notice' }, now),
    ];
  }
  return reading.kind === 'unseen' ? unseen(incident, reading.failure, now) : laterReading(incident, reading, now, policy);
}

type Seen = Extract<TableReading, { kind: 'seen' }>;

function firstReading(incident: Incident, reading: TableReading, policy: Policy): readonly IncidentEvent[] {
  const byAlert = openGap(incident, plus(incident.startedAt, -policy.gap.alertAfter), { kind: 'alert' });
  const hasAlert = incident.alerts.length > 0;
  if (reading.kind === 'unseen') {
    const event: IncidentEvent = { type: 'records.unseen', failure: reading.failure };
    return hasAlert ? [event, byAlert] : [event];
  }
  const quietSince = silenceBeforeAlert(incident, reading, policy);
  if (quietSince === null) {
    if (reading.lastRecordAt === null) return [silent(null), byAlert];
    return hasAlert ? [written(reading, reading.lastRecordAt), byAlert] : [written(reading, reading.lastRecordAt)];
  }
  const gap = openGap(incident, quietSince, BY_RECORD);
  if (reading.firstSince === null || reading.lastRecordAt === null || reading.firstSince <= quietSince) return [silent(quietSince), gap];
  return [gap, written(reading, reading.lastRecordAt), endGap(nextGapId(incident), reading.firstSince, BY_RECORD)];
}

/**
 * The last record before the failure, when the table was already silent as long as the alert claims; null while records still
 * trickled up to the alert. A declared incident has no alert to trust, so only a silence beyond the tolerance counts.
 */
function silenceBeforeAlert(incident: Incident, reading: Seen, policy: Policy): Date | null {
  if (reading.lastBefore === null) return null;
  const needed = incident.alerts.length > 0 ? policy.gap.alertAfter : policy.gap.tolerance;
  return between(reading.lastBefore, incident.startedAt) >= needed ? reading.lastBefore : null;
}

function unseen(incident: Incident, failure: string, now: Date): readonly IncidentEvent[] {
  if (incident.records.status === 'unseen') return [];
  return [{ type: 'records.unseen', failure }, announce(incident, now, 'records-unseen', { failure })];
}

function laterReading(incident: Incident, reading: Seen, now: Date, policy: Policy): readonly IncidentEvent[] {
  switch (incident.records.status) {
    case 'silent':
      return reading.firstSince === null || reading.lastRecordAt === null
        ? []
        : returned(incident, reading, reading.lastRecordAt, reading.firstSince, now);
    case 'written':
      return whileWritten(incident, reading, now, policy);
    case 'unseen':
    case 'unknown':
      return seenAgain(incident, reading, now, policy);
    default:
      return incident.records satisfies never;
  }
}

function returned(incident: Incident, reading: Seen, lastRecordAt: Date, firstRecordAt: Date, now: Date): readonly IncidentEvent[] {
  const gap = endedBy(ongoingGap(incident.gaps), firstRecordAt);
  const events: readonly IncidentEvent[] = [written(reading, lastRecordAt), ...(gap ? [endGap(gap.id, firstRecordAt, BY_RECORD)] : [])];
  return [...events, ...tellReturned(incident, gap, firstRecordAt, reading, now)];
}

/** A person may have moved the gap's start behind the record that would end it; then only a person knows when it ended. */
function endedBy(gap: Gap | undefined, at: Date): Gap | undefined {
  return gap !== undefined && between(gap.start.at, at) > 0 ? gap : undefined;
}

function tellReturned(incident: Incident, gap: Gap | undefined, endAt: Date, reading: Seen, now: Date): readonly IncidentEvent[] {
  const length = gap ? formatDuration(between(gap.start.at, endAt)) : '';
  const details = { end: formatUtc(endAt), length, perMinute: String(reading.lastMinute) };
  const note = gap
    ? `has audit records again. Gap from ${formatUtc(gap.start.at)} to ${formatUtc(endAt)} (${length}).`
    : 'has audit records again.';
  return [announce(incident, now, 'records-returned', details, { broadcast: true }), ...noteOnAlerts(incident, now, note)];
}

function whileWritten(incident: Incident, reading: Seen, now: Date, policy: Policy): readonly IncidentEvent[] {
  const gap = ongoingGap(incident.gaps);
  if (reading.lastRecordAt === null || between(reading.lastRecordAt, reading.at) > policy.gap.tolerance) {
    return fallsSilent(incident, reading, gap, now, policy);
  }
  // Records trickled through the failure, so no single record ends this gap: only the usual rate does. A gap that a person
  // declared beside a writing table is ended by a person: they know what the table can't show.
  if (gap?.start.knownBy.kind !== 'alert' || reading.lastMinute < policy.expectedRate.lowest) return [];
  const endAt = plus(reading.at, -MINUTE);
  if (endAt.getTime() <= gap.start.at.getTime()) return [];
  return [endGap(gap.id, endAt, { kind: 'rate' }), ...tellReturned(incident, gap, endAt, reading, now)];
}

function fallsSilent(incident: Incident, reading: Seen, gap: Gap | undefined, now: Date, policy: Policy): readonly IncidentEvent[] {
  const since = reading.lastRecordAt;
  const opens = gap === undefined && since !== null ? [openGap(incident, since, BY_RECORD)] : [];
  const details = { since: since ? formatUtc(since) : '', tolerance: formatDuration(policy.gap.tolerance) };
  return [silent(since), ...opens, announce(incident, now, 'gap-opened', details, { broadcast: true })];
}

/** The table can be read again after it could not: what it holds replaces what was guessed from the alert. */
function seenAgain(incident: Incident, reading: Seen, now: Date, policy: Policy): readonly IncidentEvent[] {
  const gap = ongoingGap(incident.gaps);
  const quietSince = silenceBeforeAlert(incident, reading, policy);
  const corrected = gap?.start.knownBy.kind === 'alert' && quietSince !== null ? correctStart(incident, gap, quietSince, now) : [];
  if (reading.lastRecordAt === null) return [silent(null), ...corrected];
  const known = gap && corrected.length > 0 && quietSince ? { ...gap, start: { at: quietSince, knownBy: BY_RECORD } } : gap;
  // Without a gap only the tolerance tells silence: in a quiet minute nothing new need have been written.
  const isSilent = between(reading.lastRecordAt, reading.at) > policy.gap.tolerance || (gap !== undefined && reading.firstSince === null);
  if (isSilent)
    return [silent(reading.lastRecordAt), ...corrected, ...(gap ? [] : fallsSilent(incident, reading, gap, now, policy).slice(1))];
  if (known === undefined || known.start.knownBy.kind === 'alert') return [written(reading, reading.lastRecordAt), ...corrected];
  const endAt = reading.firstSince ?? reading.lastRecordAt;
  if (endedBy(known, endAt) === undefined) return [written(reading, reading.lastRecordAt), ...corrected];
  const told = tellReturned(incident, known, endAt, reading, now);
  return [written(reading, reading.lastRecordAt), ...corrected, endGap(known.id, endAt, BY_RECORD), ...told];
}

function correctStart(incident: Incident, gap: Gap, at: Date, now: Date): readonly IncidentEvent[] {
  const details = { edge: 'start', formerly: formatUtc(gap.start.at), at: formatUtc(at), by: 'a record in the audit table', because: '' };
  return [
    { type: 'gap.corrected', gap: gap.id, edge: 'start', at, knownBy: BY_RECORD, formerly: gap.start.at, because: null },
    announce(incident, now, 'gap-corrected', details),
  ];
}

function silent(lastRecordAt: Date | null): IncidentEvent {
  return { type: 'records.silent', lastRecordAt };
}

function written(reading: Seen, lastRecordAt: Date): IncidentEvent {
  return { type: 'records.written', lastRecordAt, perMinute: reading.lastMinute };
}

function openGap(incident: Incident, startAt: Date, knownBy: KnownBy): IncidentEvent {
  return { type: 'gap.opened', gap: nextGapId(incident), startAt, knownBy, because: null };
}

function endGap(gap: number, endAt: Date, knownBy: KnownBy): IncidentEvent {
  return { type: 'gap.ended', gap, endAt, knownBy, because: null };
}

function nextGapId(incident: Incident): number {
  return incident.gaps.length + 1;
}
