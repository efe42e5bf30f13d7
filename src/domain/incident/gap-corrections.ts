import type { Silence } from '#domain/audit-table/reading.ts';
import { between, DAY, formatDuration, formatUtc } from '#domain/base/time.ts';
import { type Gap, ongoingGap, type Stretch, unaccountedLength } from '#domain/gap/gap.ts';
import type { Change, OutboxMessage } from '#domain/incident/outbox/message.ts';
import { announce, queueMessage } from '#domain/incident/outbox/queue.ts';
import type { Person } from './actor.ts';
import { type CommandRows, type Decision, type DecisionContext, personOf, refuse } from './concern.ts';
import type { EventOf, IncidentEvent } from './event.ts';
import { type Incident, incidentName } from './state.ts';

/** A person corrects an edge of the gap; what was told to the Privacy Officer before is corrected by mail. */
export type GapCorrectionCommand = {
  readonly kind: 'move-gap';
  readonly edge: 'start' | 'end';
  readonly at: Date;
  readonly because: string | null;
  /** What the table says about the gap as it would be; absent while the table can't be read. */
  readonly evidence?: GapEvidence | null;
  /** The person knows better than the table, and says why. */
  readonly anyway?: boolean;
};

/** How many records the table holds strictly inside the gap as it would be, and where it is silent. */
export type GapEvidence = { readonly recordsInside: number; readonly silences: readonly Silence[] | null };

export const gapCorrectionCommands: CommandRows<GapCorrectionCommand> = {
  'move-gap': { permission: 'approver', decide: (incident, command, context) => moveGap(incident, command, context, personOf(context)) },
};

/** A person corrects or declares an edge of the latest gap; the former value stays on the timeline. */
export function moveGap(incident: Incident, command: GapCorrectionCommand, { now }: DecisionContext, person: Person): Decision {
  const { edge, at, because } = command;
  const gap = ongoingGap(incident.gaps) ?? incident.gaps.at(-1);
  const problem = impossible(incident, gap, edge, at, now) ?? overlapping(incident.gaps, gap, edge, at, now);
  if (problem !== null) return refuse('impossible-time', problem);
  const doubt = command.anyway && because ? null : doubtOf(incident, command, gap);
  if (doubt !== null)
    return refuse('contradicted', `${doubt} To record it all the same: \`/incident gap ${edge} <time> anyway because <reason>\`.`);
  const knownBy = { kind: 'person', name: person.name } as const;
  const former = formerEdge(gap, edge);
  const details = {
    edge,
    formerly: former ? formatUtc(former) : 'not known',
    at: formatUtc(at),
    by: person.name,
    because: because ?? '',
  };
  const told = announce(incident, now, 'gap-corrected', details);
  if (gap === undefined) return { events: [{ type: 'gap.opened', gap: incident.gapCount + 1, startAt: at, knownBy, because }, told] };
  if (edge === 'end' && gap.end === 'ongoing') return { events: [{ type: 'gap.ended', gap: gap.id, endAt: at, knownBy, because }, told] };
  return { events: [{ type: 'gap.corrected', gap: gap.id, edge, at, knownBy, formerly: former, because }, told] };
}

/** Returns the gap as it would be after a move; null where there is none to move. */
export function movedGap(gap: Gap | undefined, { edge, at }: Pick<GapCorrectionCommand, 'edge' | 'at'>): Stretch | null {
  if (gap === undefined) return edge === 'start' ? { start: at, end: 'ongoing' } : null;
  const end = gap.end === 'ongoing' ? 'ongoing' : gap.end.at;
  return edge === 'start' ? { start: at, end } : { start: gap.start.at, end: at };
}

/** What the record or the table holds against a move: a sentence with its figures; null when nothing does. */
function doubtOf(incident: Incident, { edge, at, evidence }: GapCorrectionCommand, gap: Gap | undefined): string | null {
  const name = incidentName(incident.number);
  if (incident.phase.name === 'resolved')
    return `${name} was resolved at ${formatUtc(incident.phase.at)}; this would change its record, and what the Privacy Officer was told.`;
  const moved = movedGap(gap, { edge, at });
  if (!evidence || moved === null) return null;
  if (evidence.recordsInside > 0) {
    const until = moved.end === 'ongoing' ? 'now' : formatUtc(moved.end);
    const records = `${evidence.recordsInside.toLocaleString('en-US')} record${evidence.recordsInside === 1 ? '' : 's'}`;
    return `The audit table holds ${records} between ${formatUtc(moved.start)} and ${until}, so they are not missing.${silenceText(evidence.silences)}`;
  }
  const around = edge === 'end' ? evidence.silences?.find(({ start, end }) => start < at && (end === 'ongoing' || end > at)) : undefined;
  if (around === undefined) return null;
  const next = around.end === 'ongoing' ? 'none has come since' : `the next one came at ${formatUtc(around.end)}`;
  return `No audit record was written at ${formatUtc(at)}: the last one before it is from ${formatUtc(around.start)}, and ${next}.`;
}

function silenceText(silences: GapEvidence['silences']): string {
  if (silences === null || silences.length === 0) return '';
  const stretches = silences.map(({ start, end }) => `${formatUtc(start)} to ${end === 'ongoing' ? 'now' : formatUtc(end)}`);
  return ` It is silent from ${stretches.join(' and from ')}.`;
}

function formerEdge(gap: Gap | undefined, edge: 'start' | 'end'): Date | null {
  if (gap === undefined) return null;
  if (edge === 'start') return gap.start.at;
  return gap.end === 'ongoing' ? null : gap.end.at;
}

function impossible(incident: Incident, gap: Gap | undefined, edge: 'start' | 'end', at: Date, now: Date): string | null {
  const typed = formatUtc(at);
  if (between(at, now) < 0) return `${typed} is still ahead (it is ${formatUtc(now)}). A gap's ${edge} lies in the past.`;
  if (between(at, incident.startedAt) > 366 * DAY) return `${typed} is more than a year before the incident. Check the date.`;
  if (edge === 'start') {
    const end = gap === undefined || gap.end === 'ongoing' ? null : gap.end.at;
    return end !== null && between(at, end) <= 0 ? `The gap ended at ${formatUtc(end)}; its start can't be ${typed}.` : null;
  }
  if (gap === undefined) return 'No gap is known yet. Declare its start first: `/incident gap start <time>`.';
  if (between(gap.start.at, at) <= 0) return `The gap started at ${formatUtc(gap.start.at)}; its end can't be ${typed}.`;
  const { records } = incident;
  const quietSince = records.status === 'silent' && incident.phase.name === 'open' ? records.lastRecordAt : null;
  if (quietSince !== null && between(quietSince, at) > 0) {
    return `The audit table has been silent since ${formatUtc(quietSince)}, so the gap can't have ended at ${typed}.`;
  }
  return null;
}

/** What speaks against a move that would count the same minutes in two gaps, with the times of the other; gaps may touch. */
function overlapping(gaps: readonly Gap[], moved: Gap | undefined, edge: 'start' | 'end', at: Date, now: Date): string | null {
  if (moved === undefined) return null;
  const start = edge === 'start' ? at : moved.start.at;
  const end = edge === 'end' ? at : endOf(moved, now);
  const other = gaps.find((gap) => gap.id !== moved.id && between(gap.start.at, end) > 0 && between(start, endOf(gap, now)) > 0);
  if (other === undefined) return null;
  const until = other.end === 'ongoing' ? 'is still open' : `ended at ${formatUtc(other.end.at)}`;
  return `Gap ${other.id} started at ${formatUtc(other.start.at)} and ${until}; with its ${edge} at ${formatUtc(at)}, gap ${moved.id} would overlap it.`;
}

function endOf({ end }: Gap, now: Date): Date {
  return end === 'ongoing' ? now : end.at;
}

/**
 * The mail that corrects what the Privacy Officer was told: each later change of a gap's start, once the opening notice named it; of
 * its end and of the estimate of accesses, once the final notice did. Nothing when nothing that was told has changed.
 */
export function corrections(incident: Incident, events: readonly IncidentEvent[], now: Date): readonly IncidentEvent[] {
  const told = { start: wasSent(incident, 'opening-notice'), end: wasSent(incident, 'final-notice') };
  if (!told.start && !told.end) return [];
  const changes = events.flatMap((event) => changeOf(incident, event, told, now));
  if (changes.length === 0) return [];
  return [queueMessage(`correction/${incident.eventCount}`, { kind: 'correction-notice', changes }, now)];
}

type Told = { readonly start: boolean; readonly end: boolean };

function changeOf(incident: Incident, event: IncidentEvent, told: Told, now: Date): readonly Change[] {
  switch (event.type) {
    case 'gap.corrected': {
      const isTold = event.edge === 'start' ? told.start : told.end;
      const formerly = event.formerly ? formatUtc(event.formerly) : 'not known';
      return isTold && isNamed(incident.gaps, event.gap) ? [{ what: `Gap ${event.edge}`, formerly, now: formatUtc(event.at) }] : [];
    }
    case 'gap.ended':
      return told.end && isNamed(incident.gaps, event.gap) ? [{ what: 'Gap end', formerly: 'ongoing', now: formatUtc(event.endAt) }] : [];
    case 'gap.opened':
      return told.end && incident.phase.name === 'resolved'
        ? [{ what: 'Gap start', formerly: 'no such gap', now: formatUtc(event.startAt) }]
        : [];
    case 'gap.dismissed':
      return told.start
        ? [{ what: 'Gap start', formerly: startText(incident, event.gap), now: 'no gap: the audit table shows none there' }]
        : [];
    case 'gap.remeasured':
      return told.start ? [{ what: `Gap ${event.gap}, unaccounted for`, ...unaccountedChange(incident, event, now) }] : [];
    case 'assessment.confirmed': {
      // A first assessment corrects nothing.
      const formerly = incident.followUp.assessment?.access;
      return told.end && formerly !== undefined && formerly !== event.assessment.access
        ? [{ what: 'PHI access during the gap', formerly, now: event.assessment.access }]
        : [];
    }
    default:
      return [];
  }
}

function startText({ gaps }: Incident, id: number): string {
  const gap = gaps.find((each) => each.id === id);
  return gap ? formatUtc(gap.start.at) : 'not known';
}

function unaccountedChange({ gaps }: Incident, event: EventOf<'gap.remeasured'>, now: Date): Pick<Change, 'formerly' | 'now'> {
  const before = gaps.find(({ id }) => id === event.gap);
  const after = before && { ...before, remeasured: { at: now, remaining: event.remaining, records: event.records } };
  const arrived = `${event.records} record${event.records === 1 ? '' : 's'} dated inside it arrived`;
  return {
    formerly: before ? formatDuration(unaccountedLength(before, now)) : 'not known',
    now: after ? `${formatDuration(unaccountedLength(after, now))}, after ${arrived}` : arrived,
  };
}

/** A gap that is not yet on record can't have been told. */
function isNamed(gaps: readonly Gap[], id: number): boolean {
  return gaps.some((gap) => gap.id === id);
}

/** Sent, or perhaps sent: a mail that went out without an answer may have been read. */
function wasSent({ outbox }: Incident, kind: 'opening-notice' | 'final-notice'): boolean {
  return outbox.some(({ payload, status }) => payload.kind === kind && mayBeSent(status));
}

function mayBeSent(status: OutboxMessage['status']): boolean {
  return status.name === 'succeeded' || (status.name === 'due' && (status.unclear ?? 0) > 0);
}
