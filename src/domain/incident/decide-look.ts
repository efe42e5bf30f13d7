import type { Look } from '#domain/audit-table/reading.ts';
import type { Policy } from '#domain/base/policy.ts';
import { between, formatDuration, formatUtc, MINUTE, plus } from '#domain/base/time.ts';
import { type Gap, type KnownBy, ongoingGap } from '#domain/gap/gap.ts';
import type { Fact } from './event.ts';
import { announce, noteOnAlerts, request } from './requests.ts';
import { callNamed, type Incident } from './state.ts';

type Seen = Extract<Look, { kind: 'seen' }>;
const BY_RECORD: KnownBy = { kind: 'record' };

/**
 * What one look at the audit table makes known. The first look ends the opening: it fixes the gap's start (runbook step 1) and
 * asks for the initial post and the opening notice, whatever it saw. Later looks tell only changes.
 */
export function looked(incident: Incident, look: Look, now: Date, policy: Policy): readonly Fact[] {
  if (callNamed(incident, 'slack/initial-post') === undefined) {
    return [
      // Whoever declared a gap before we looked knows better than a first guess.
      ...firstLook(incident, look, policy).filter(({ type }) => incident.gaps.length === 0 || !type.startsWith('gap.')),
      request('initial-post', { kind: 'initial-post' }, now),
      request('opening-notice', { kind: 'opening-notice' }, now),
    ];
  }
  return look.kind === 'unseen' ? unseen(incident, look.failure, now) : laterLook(incident, look, now, policy);
}

function firstLook(incident: Incident, look: Look, policy: Policy): readonly Fact[] {
  const byAlert = openGap(incident, plus(incident.startedAt, -policy.gap.alertAfter), { kind: 'alert' });
  const hasAlert = incident.alerts.length > 0;
  if (look.kind === 'unseen') {
    const fact: Fact = { type: 'records.unseen', failure: look.failure };
    return hasAlert ? [fact, byAlert] : [fact];
  }
  const quietSince = silenceBeforeAlert(incident, look, policy);
  if (quietSince === null) {
    if (look.lastRecordAt === null) return [silent(null), byAlert];
    return hasAlert ? [written(look, look.lastRecordAt), byAlert] : [written(look, look.lastRecordAt)];
  }
  const gap = openGap(incident, quietSince, BY_RECORD);
  if (look.firstSince === null || look.lastRecordAt === null || look.firstSince <= quietSince) return [silent(quietSince), gap];
  return [gap, written(look, look.lastRecordAt), endGap(nextGapId(incident), look.firstSince, BY_RECORD)];
}

/**
 * The last record before the failure, when the table was already silent as long as the alert claims; null while records still
 * trickled up to the alert. A declared incident has no alert to trust, so only a silence beyond the tolerance counts.
 */
function silenceBeforeAlert(incident: Incident, look: Seen, policy: Policy): Date | null {
  if (look.lastBefore === null) return null;
  const needed = incident.alerts.length > 0 ? policy.gap.alertAfter : policy.gap.tolerance;
  return between(look.lastBefore, incident.startedAt) >= needed ? look.lastBefore : null;
}

function unseen(incident: Incident, failure: string, now: Date): readonly Fact[] {
  if (incident.records.status === 'unseen') return [];
  return [{ type: 'records.unseen', failure }, announce(incident, now, 'records-unseen', { failure })];
}

function laterLook(incident: Incident, look: Seen, now: Date, policy: Policy): readonly Fact[] {
  switch (incident.records.status) {
    case 'silent':
      return look.firstSince === null || look.lastRecordAt === null
        ? []
        : returned(incident, look, look.lastRecordAt, look.firstSince, now);
    case 'written':
      return whileWritten(incident, look, now, policy);
    case 'unseen':
    case 'unknown':
      return seenAgain(incident, look, now, policy);
    default:
      return incident.records satisfies never;
  }
}

function returned(incident: Incident, look: Seen, lastRecordAt: Date, firstRecordAt: Date, now: Date): readonly Fact[] {
  const gap = endedBy(ongoingGap(incident.gaps), firstRecordAt);
  const facts: readonly Fact[] = [written(look, lastRecordAt), ...(gap ? [endGap(gap.id, firstRecordAt, BY_RECORD)] : [])];
  return [...facts, ...tellReturned(incident, gap, firstRecordAt, look, now)];
}

/** A person may have moved the gap's start behind the record that would end it; then only a person knows when it ended. */
function endedBy(gap: Gap | undefined, at: Date): Gap | undefined {
  return gap !== undefined && between(gap.start.at, at) > 0 ? gap : undefined;
}

function tellReturned(incident: Incident, gap: Gap | undefined, endAt: Date, look: Seen, now: Date): readonly Fact[] {
  const length = gap ? formatDuration(between(gap.start.at, endAt)) : '';
  const details = { end: formatUtc(endAt), length, perMinute: String(look.lastMinute) };
  const note = gap
    ? `has audit records again. Gap from ${formatUtc(gap.start.at)} to ${formatUtc(endAt)} (${length}).`
    : 'has audit records again.';
  return [announce(incident, now, 'records-returned', details, { broadcast: true }), ...noteOnAlerts(incident, now, note)];
}

function whileWritten(incident: Incident, look: Seen, now: Date, policy: Policy): readonly Fact[] {
  const gap = ongoingGap(incident.gaps);
  if (look.lastRecordAt === null || between(look.lastRecordAt, look.at) > policy.gap.tolerance) {
    return fallsSilent(incident, look, gap, now, policy);
  }
  // Records trickled through the failure, so no single record ends this gap: only the usual rate does. A gap that a person
  // declared beside a writing table is ended by a person: they know what the table can't show.
  if (gap?.start.knownBy.kind !== 'alert' || look.lastMinute < policy.expectedRate.lowest) return [];
  const endAt = plus(look.at, -MINUTE);
  if (endAt.getTime() <= gap.start.at.getTime()) return [];
  return [endGap(gap.id, endAt, { kind: 'rate' }), ...tellReturned(incident, gap, endAt, look, now)];
}

function fallsSilent(incident: Incident, look: Seen, gap: Gap | undefined, now: Date, policy: Policy): readonly Fact[] {
  const since = look.lastRecordAt;
  const opens = gap === undefined && since !== null ? [openGap(incident, since, BY_RECORD)] : [];
  const details = { since: since ? formatUtc(since) : '', tolerance: formatDuration(policy.gap.tolerance) };
  return [silent(since), ...opens, announce(incident, now, 'gap-opened', details, { broadcast: true })];
}

/** The table can be read again after it could not: what it holds replaces what was guessed from the alert. */
function seenAgain(incident: Incident, look: Seen, now: Date, policy: Policy): readonly Fact[] {
  const gap = ongoingGap(incident.gaps);
  const quietSince = silenceBeforeAlert(incident, look, policy);
  const corrected = gap?.start.knownBy.kind === 'alert' && quietSince !== null ? correctStart(incident, gap, quietSince, now) : [];
  if (look.lastRecordAt === null) return [silent(null), ...corrected];
  const known = gap && corrected.length > 0 && quietSince ? { ...gap, start: { at: quietSince, knownBy: BY_RECORD } } : gap;
  // Without a gap only the tolerance tells silence: in a quiet minute nothing new need have been written.
  const isSilent = between(look.lastRecordAt, look.at) > policy.gap.tolerance || (gap !== undefined && look.firstSince === null);
  if (isSilent) return [silent(look.lastRecordAt), ...corrected, ...(gap ? [] : fallsSilent(incident, look, gap, now, policy).slice(1))];
  if (known === undefined || known.start.knownBy.kind === 'alert') return [written(look, look.lastRecordAt), ...corrected];
  const endAt = look.firstSince ?? look.lastRecordAt;
  if (endedBy(known, endAt) === undefined) return [written(look, look.lastRecordAt), ...corrected];
  const told = tellReturned(incident, known, endAt, look, now);
  return [written(look, look.lastRecordAt), ...corrected, endGap(known.id, endAt, BY_RECORD), ...told];
}

function correctStart(incident: Incident, gap: Gap, at: Date, now: Date): readonly Fact[] {
  const details = { edge: 'start', formerly: formatUtc(gap.start.at), at: formatUtc(at), by: 'a record in the audit table', because: '' };
  return [
    { type: 'gap.corrected', gap: gap.id, edge: 'start', at, knownBy: BY_RECORD, formerly: gap.start.at, because: null },
    announce(incident, now, 'gap-corrected', details),
  ];
}

function silent(lastRecordAt: Date | null): Fact {
  return { type: 'records.silent', lastRecordAt };
}

function written(look: Seen, lastRecordAt: Date): Fact {
  return { type: 'records.written', lastRecordAt, perMinute: look.lastMinute };
}

function openGap(incident: Incident, startAt: Date, knownBy: KnownBy): Fact {
  return { type: 'gap.opened', gap: nextGapId(incident), startAt, knownBy, because: null };
}

function endGap(gap: number, endAt: Date, knownBy: KnownBy): Fact {
  return { type: 'gap.ended', gap, endAt, knownBy, because: null };
}

function nextGapId(incident: Incident): number {
  return incident.gaps.length + 1;
}
