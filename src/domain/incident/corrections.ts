import { formatUtc } from '#domain/base/time.ts';
import type { Gap } from '#domain/gap/gap.ts';
import type { Call, Change } from './call.ts';
import type { Fact } from './event.ts';
import { request } from './requests.ts';
import type { Incident } from './state.ts';

/**
 * The mail that corrects what the Privacy Officer was told: each later change of a gap's start, once the opening notice named it; of
 * its end and of the estimate of accesses, once the final notice did. Nothing when nothing that was told has changed.
 */
export function corrections(incident: Incident, facts: readonly Fact[], now: Date): readonly Fact[] {
  const told = { start: wasSent(incident, 'opening-notice'), end: wasSent(incident, 'final-notice') };
  if (!told.start && !told.end) return [];
  const changes = facts.flatMap((fact) => changeOf(incident, fact, told));
  if (changes.length === 0) return [];
  return [request(`correction/${incident.factCount}`, { kind: 'correction-notice', changes }, now)];
}

type Told = { readonly start: boolean; readonly end: boolean };

function changeOf(incident: Incident, fact: Fact, told: Told): readonly Change[] {
  switch (fact.type) {
    case 'gap.corrected': {
      const isTold = fact.edge === 'start' ? told.start : told.end;
      const formerly = fact.formerly ? formatUtc(fact.formerly) : 'not known';
      return isTold && isNamed(incident.gaps, fact.gap) ? [{ what: `Gap ${fact.edge}`, formerly, now: formatUtc(fact.at) }] : [];
    }
    case 'gap.ended':
      return told.end && isNamed(incident.gaps, fact.gap) ? [{ what: 'Gap end', formerly: 'ongoing', now: formatUtc(fact.endAt) }] : [];
    case 'gap.opened':
      return told.end && incident.phase.name === 'resolved'
        ? [{ what: 'Gap start', formerly: 'no such gap', now: formatUtc(fact.startAt) }]
        : [];
    case 'assessment.confirmed': {
      const formerly = incident.followUp.assessment?.access ?? 'not yet assessed';
      return told.end && formerly !== fact.assessment.access
        ? [{ what: 'PHI access during the gap', formerly, now: fact.assessment.access }]
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
function wasSent({ calls }: Incident, kind: 'opening-notice' | 'final-notice'): boolean {
  return calls.some(({ deed, status }) => deed.kind === kind && mayBeSent(status));
}

function mayBeSent(status: Call['status']): boolean {
  return status.name === 'succeeded' || (status.name === 'due' && status.lastFailure?.outcome === 'unclear');
}
