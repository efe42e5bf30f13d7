import type { TableReading } from '#domain/audit-table/reading.ts';
import { formatUtc } from '#domain/base/time.ts';
import { type Gap, knownByWords, ongoingGap } from '#domain/gap/gap.ts';
import type { Became, CommandRows, Evolutions, TimelineTexts } from './concern.ts';
import type { EventOf, IncidentEvent } from './event.ts';
import type { Incident } from './state.ts';
import { tableRead } from './table-reading.ts';

/** What the readings of the audit table make known: silence, records, and the gaps between them (runbook steps 1, 13, 14). */
export type TableReadCommand = { readonly kind: 'table-read'; readonly reading: TableReading };

export const gapTrackingCommands: CommandRows<TableReadCommand> = {
  'table-read': {
    permission: 'nobody',
    decide: (incident, { reading }, { now, policy }) => ({ events: tableRead(incident, reading, now, policy) }),
  },
};

type TableEvent =
  | 'records.silent'
  | 'records.written'
  | 'records.unseen'
  | 'gap.opened'
  | 'gap.ended'
  | 'gap.corrected'
  | 'gap.dismissed'
  | 'gap.remeasured';

export const gapTrackingEvolutions: Evolutions<TableEvent> = {
  'records.silent': (incident, { lastRecordAt }) => ({ ...incident, records: { status: 'silent', lastRecordAt } }),
  'records.written': (incident, { lastRecordAt, perMinute }, { at }) => ({
    ...incident,
    records: { status: 'written', lastRecordAt, perMinute, since: at },
  }),
  'records.unseen': (incident, { failure }, { at }) => ({ ...incident, records: { status: 'unseen', failure, since: at } }),
  'gap.opened': (incident, { gap, startAt, knownBy }) => ({
    ...incident,
    gaps: [...incident.gaps, { id: gap, start: { at: startAt, knownBy }, end: 'ongoing', remeasured: null }],
    gapCount: Math.max(incident.gapCount, gap),
  }),
  'gap.ended': (incident, { gap, endAt, knownBy }) => withGap(incident, gap, (each) => ({ ...each, end: { at: endAt, knownBy } })),
  'gap.corrected': (incident, { gap, edge, at, knownBy }) => withGap(incident, gap, (each) => ({ ...each, [edge]: { at, knownBy } })),
  'gap.dismissed': (incident, { gap }) => ({ ...incident, gaps: incident.gaps.filter(({ id }) => id !== gap) }),
  'gap.remeasured': (incident, { gap, remaining, records }, { at }) =>
    withGap(incident, gap, (each) => ({ ...each, remeasured: { at, remaining, records } })),
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
  'gap.dismissed': ({ gap }) => `Gap ${gap} was an estimate; the audit table shows no gap there`,
  'gap.remeasured': ({ gap, remaining, records }) => {
    const left = remaining.map(({ start, end }) => `${formatUtc(start)} to ${end === 'ongoing' ? 'now' : formatUtc(end)}`);
    return `Gap ${gap} measured again: ${records} records dated inside it have arrived; still without records: ${left.join(', ') || 'nothing'}`;
  },
};

function becauseText(reason: string | null): string {
  return reason === null ? '' : `, because ${reason}`;
}

/** Whether the audit table is looked at for this incident: while it is open, and after that until its last gap has ended. */
export function isPolled({ phase, gaps }: Incident): boolean {
  return phase.name === 'open' || ongoingGap(gaps) !== undefined;
}
