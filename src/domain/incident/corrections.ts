import { formatUtc } from '#domain/base/time.ts';
import type { Gap } from '#domain/gap/gap.ts';
import type { Change, OutboxMessage } from './call.ts';
import type { IncidentEvent } from './event.ts';
import { queueMessage } from './requests.ts';
import type { Incident } from './state.ts';

/**
 * The mail that corrects what the Privacy Officer was told: each later change of a gap's start, once the opening notice named it; of
 * its end and of the estimate of accesses, once the final notice did. Nothing when nothing that was told has changed.
 */
export function corrections(incident: Incident, events: readonly IncidentEvent[], now: Date): readonly IncidentEvent[] {
  const told = { start: wasSent(incident, 'opening-notice'), end: wasSent(incident, 'final-notice') };
  if (!told.start && !told.end) return [];
  const changes = events.flatMap((event) => changeOf(incident, event, told));
  if (changes.length === 0) return [];
  return [queueMessage(`correction/${incident.eventCount}`, { kind: 'correction-notice', changes }, now)];
}

type Told = { readonly start: boolean; readonly end: boolean };

function changeOf(incident: Incident, event: IncidentEvent, told: Told): readonly Change[] {
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
    case 'assessment.confirmed': {
      const formerly = incident.followUp.assessment?.access ?? 'not yet assessed';
      return told.end && formerly !== event.assessment.access
        ? [{ what: 'PHI access during the gap', formerly, now: event.assessment.access }]
        : [];
    }
    default:
      return [];
  }
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
  return status.name === 'succeeded' || (status.name === 'due' && status.lastFailure?.outcome === 'unclear');
}
