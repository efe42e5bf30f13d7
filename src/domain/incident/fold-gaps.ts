import type { Gap } from '#domain/gap/gap.ts';
import type { IncidentEvent } from './event.ts';

type GapEvent = Extract<IncidentEvent, { type: 'gap.opened' | 'gap.ended' | 'gap.corrected' }>;

/** The gaps after one event more. */
export function gapsAfter(gaps: readonly Gap[], event: GapEvent): readonly Gap[] {
  if (event.type === 'gap.opened') {
    return [...gaps, { id: event.gap, start: { at: event.startAt, knownBy: event.knownBy }, end: 'ongoing' }];
  }
  return gaps.map((gap) => {
    if (gap.id !== event.gap) return gap;
    if (event.type === 'gap.ended') return { ...gap, end: { at: event.endAt, knownBy: event.knownBy } };
    return { ...gap, [event.edge]: { at: event.at, knownBy: event.knownBy } };
  });
}
