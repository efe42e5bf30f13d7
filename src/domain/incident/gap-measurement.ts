import type { Silence, TableReading } from '#domain/audit-table/reading.ts';
import type { Policy } from '#domain/base/policy.ts';
import { between } from '#domain/base/time.ts';
import type { Gap, KnownBy, Stretch } from '#domain/gap/gap.ts';
import type { IncidentEvent } from './event.ts';
import type { Incident } from './state.ts';

type Seen = Extract<TableReading, { kind: 'seen' }>;

const BY_RECORD: KnownBy = { kind: 'record' };

/**
 * Returns the silences of an incident as the table has them: those of the gap scan that reach into the incident, and the one that was
 * under way when the alert fired, which counts from `gap.alert_after` on. Null when the table could not be scanned to its end.
 */
export function measuredSilences(incident: Incident, reading: Seen, policy: Policy): readonly Silence[] | null {
  if (reading.silences === null) return null;
  const begin = incident.startedAt.getTime() - policy.gap.alertAfter;
  const reaching = reading.silences.filter(({ end }) => end === 'ongoing' || end.getTime() > begin);
  const atAlert = silenceAtAlert(incident, reading, policy);
  const isKnown = atAlert === null || reaching.some(({ start }) => start.getTime() === atAlert.start.getTime());
  return isKnown ? reaching : [atAlert, ...reaching].toSorted((one, other) => between(other.start, one.start));
}

/** The silence that the alert tells of. A declared incident has no alert to trust, so only the tolerance counts there. */
function silenceAtAlert(incident: Incident, { at, lastBefore, firstAfter }: Seen, policy: Policy): Silence | null {
  if (incident.alerts.length === 0 || lastBefore === null) return null;
  if (between(lastBefore, incident.startedAt) < policy.gap.alertAfter) return null;
  if (between(lastBefore, firstAfter ?? at) < policy.gap.alertAfter) return null;
  return { start: lastBefore, end: firstAfter ?? 'ongoing' };
}

/**
 * Returns the events that bring the recorded gaps to what the table says: estimates are replaced or dismissed, silences without a gap
 * open one, gaps whose silence has ended end, and gaps into which records were brought later are measured again. Edges that a person
 * declared stay. `isOver`: the incident is resolved, so a silence that begins now is none of it.
 */
export function reconcileGaps(
  incident: Incident,
  reading: Seen,
  silences: readonly Silence[],
  { alertAfter }: Policy['gap'],
  isOver = false,
): readonly IncidentEvent[] {
  const known = incident.gaps.filter((gap) => isInScan(gap, reading));
  const recorded = known.flatMap((gap) => {
    const own = silences.filter((silence) => overlaps(gap, silence));
    const inside = reading.recordsInside[incident.gaps.indexOf(gap)] ?? 0;
    return gap.start.knownBy.kind === 'alert' ? replaceEstimate(gap, own, reading) : measureAgain(gap, own, inside, reading, alertAfter);
  });
  const fresh = isOver ? [] : silences.filter((silence) => !incident.gaps.some((gap) => overlaps(gap, silence)));
  return [...recorded, ...fresh.flatMap((silence, index) => opening(incident.gapCount + index + 1, silence))];
}

/** A gap that ended before the scan began is not looked at this time. */
function isInScan({ end }: Gap, { since }: Seen): boolean {
  return end === 'ongoing' || end.at > since;
}

function overlaps(gap: Gap, { start, end }: Silence): boolean {
  const gapEnd = gap.end === 'ongoing' ? Number.POSITIVE_INFINITY : gap.end.at.getTime();
  const silenceEnd = end === 'ongoing' ? Number.POSITIVE_INFINITY : end.getTime();
  return start.getTime() < gapEnd && silenceEnd > gap.start.at.getTime();
}

function opening(gap: number, { start, end }: Silence): readonly IncidentEvent[] {
  const opened: IncidentEvent = { type: 'gap.opened', gap, startAt: start, knownBy: BY_RECORD, because: null };
  return end === 'ongoing' ? [opened] : [opened, { type: 'gap.ended', gap, endAt: end, knownBy: BY_RECORD, because: null }];
}

function replaceEstimate({ id, start, end }: Gap, own: readonly Silence[], { lastBefore, firstAfter }: Seen): readonly IncidentEvent[] {
  if (lastBefore === null) {
    // No record is older than the alert, so its time stays the only start; the first record ends the gap.
    const isEnded = end === 'ongoing' && firstAfter !== null && firstAfter > start.at;
    return isEnded ? [{ type: 'gap.ended', gap: id, endAt: firstAfter, knownBy: BY_RECORD, because: null }] : [];
  }
  const [first] = own;
  const last = own.at(-1);
  if (first === undefined || last === undefined) return [{ type: 'gap.dismissed', gap: id }];
  const corrected = correction(id, 'start', start.at, first.start);
  if (end !== 'ongoing' || last.end === 'ongoing') return [corrected];
  return [corrected, { type: 'gap.ended', gap: id, endAt: last.end, knownBy: BY_RECORD, because: null }];
}

function correction(gap: number, edge: 'start' | 'end', formerly: Date, at: Date): IncidentEvent {
  return { type: 'gap.corrected', gap, edge, at, knownBy: BY_RECORD, formerly, because: null };
}

/** A recorded gap keeps its edges as it happened; what the table lacks of it may be less, once records were brought in. */
function measureAgain(
  gap: Gap,
  own: readonly Silence[],
  records: number,
  { at, lastRecordAt }: Seen,
  alertAfter: number,
): readonly IncidentEvent[] {
  const last = own.at(-1);
  const isDeclared = gap.start.knownBy.kind === 'person';
  // A gap that a person declared where the table shows none is ended by a person: they know what the table can't show.
  if (isDeclared && last === undefined) return [];
  const moved = startMoved(gap, own, alertAfter);
  if (moved) return [correction(gap.id, 'start', gap.start.at, moved)];
  const ended = endOf(gap, last, lastRecordAt ?? at);
  const end = ended ?? (gap.end === 'ongoing' ? 'ongoing' : gap.end.at);
  const remaining = own.map((silence) => clip(silence, gap.start.at, end));
  const events: readonly IncidentEvent[] =
    ended === null ? [] : [{ type: 'gap.ended', gap: gap.id, endAt: ended, knownBy: BY_RECORD, because: null }];
  const isWhole = remaining.length === 1 && isSame(remaining[0], { start: gap.start.at, end });
  const before = gap.remeasured?.remaining ?? [{ start: gap.start.at, end }];
  const isNews = !isDeclared && !(isWhole && gap.remeasured === null) && !isSameList(before, remaining) && records > 0;
  return isNews ? [...events, { type: 'gap.remeasured', gap: gap.id, remaining: [...remaining], records }] : events;
}

/** A record that was still on its way when the gap was first seen: the gap began a little later than it seemed. */
function startMoved(gap: Gap, own: readonly Silence[], alertAfter: number): Date | null {
  const [only, other] = own;
  if (gap.end !== 'ongoing' || gap.start.knownBy.kind !== 'record' || only === undefined || other !== undefined) return null;
  const shift = between(gap.start.at, only.start);
  return only.end === 'ongoing' && gap.remeasured === null && shift > 0 && shift <= alertAfter ? only.start : null;
}

/** When an open gap ended: with the record that ends its last silence, or, where all of it was brought in, with the newest record. */
function endOf(gap: Gap, last: Silence | undefined, lastRecordAt: Date): Date | null {
  if (gap.end !== 'ongoing') return null;
  const end = last === undefined ? lastRecordAt : last.end;
  // A person may have moved the start behind the record that would end the gap; then only a person knows when it ended.
  return end === 'ongoing' || between(gap.start.at, end) <= 0 ? null : end;
}

function clip({ start, end }: Silence, from: Date, until: Date | 'ongoing'): Stretch {
  const clippedStart = start > from ? start : from;
  if (until === 'ongoing') return { start: clippedStart, end };
  return { start: clippedStart, end: end === 'ongoing' || end > until ? until : end };
}

function isSame(one: Stretch | undefined, other: Stretch): boolean {
  return one !== undefined && one.start.getTime() === other.start.getTime() && timeOf(one.end) === timeOf(other.end);
}

function isSameList(one: readonly Stretch[], other: readonly Stretch[]): boolean {
  return one.length === other.length && one.every((stretch, index) => isSame(other[index], stretch));
}

function timeOf(end: Date | 'ongoing'): number {
  return end === 'ongoing' ? Number.POSITIVE_INFINITY : end.getTime();
}
