import type { Gap } from '#domain/gap/gap.ts';
import type { Fact } from './event.ts';

type GapFact = Extract<Fact, { type: 'gap.opened' | 'gap.ended' | 'gap.corrected' }>;

/** The gaps after one fact more. */
export function gapsAfter(gaps: readonly Gap[], fact: GapFact): readonly Gap[] {
  if (fact.type === 'gap.opened') {
    return [...gaps, { id: fact.gap, start: { at: fact.startAt, knownBy: fact.knownBy }, end: 'ongoing' }];
  }
  return gaps.map((gap) => {
    if (gap.id !== fact.gap) return gap;
    if (fact.type === 'gap.ended') return { ...gap, end: { at: fact.endAt, knownBy: fact.knownBy } };
    return { ...gap, [fact.edge]: { at: fact.at, knownBy: fact.knownBy } };
  });
}
