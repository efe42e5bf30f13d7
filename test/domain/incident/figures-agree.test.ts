import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadTemplates } from '#app/templates.ts';
import type { Silence } from '#domain/audit-table/reading.ts';
import { DEFAULT_POLICY } from '#domain/base/policy.ts';
import { formatDuration, MINUTE, plus } from '#domain/base/time.ts';
import { gapLength, unaccountedLength } from '#domain/gap/gap.ts';
import type { Command } from '#domain/incident/command.ts';
import { decide } from '#domain/incident/decide.ts';
import type { RecordedEvent } from '#domain/incident/event.ts';
import { evolve, stateOf } from '#domain/incident/evolve.ts';
import { figuresOf } from '#domain/incident/figures.ts';
import type { Incident } from '#domain/incident/state.ts';
import { incidentView } from '#domain/messages/view.ts';
import { readingOf, recordsBetween, silencesOf } from '#harness/audit-table.ts';

const NOON = new Date('2026-01-05T12:00:00Z');
const TOLERANCE = DEFAULT_POLICY.gap.tolerance;
const templates = await loadTemplates('templates', DEFAULT_POLICY);

/** What happens to the table and to the incident, minute by minute. */
type Step =
  | { readonly kind: 'writes' | 'is-silent'; readonly minutes: number }
  /** Records of the past are brought in: from so many minutes ago, for so many minutes. */
  | { readonly kind: 'replays'; readonly ago: number; readonly minutes: number }
  | { readonly kind: 'is-read' }
  | { readonly kind: 'can-not-be-read' }
  /** The alert, as late as it comes; the failure it tells of began at noon. */
  | { readonly kind: 'alert' };

const minutes = fc.integer({ min: 1, max: 14 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('writes' as const), minutes }),
  fc.record({ kind: fc.constant('is-silent' as const), minutes }),
  fc.record({ kind: fc.constant('replays' as const), ago: fc.integer({ min: 2, max: 60 }), minutes }),
  { weight: 3, arbitrary: fc.constant({ kind: 'is-read' as const }) },
  fc.constant({ kind: 'can-not-be-read' as const }),
);
/** Records up to three minutes before noon, then an alert somewhere among what happens. */
const lives = fc
  .tuple(fc.array(step, { maxLength: 6 }), fc.array(step, { minLength: 2, maxLength: 14 }))
  .map(([before, after]): readonly Step[] => [...before, { kind: 'alert' }, ...after, { kind: 'is-read' }]);

type World = { now: Date; records: Date[]; events: RecordedEvent[] };

function give(world: World, command: Command): void {
  const { events } = decide(stateOf(world.events), command, {
    by: { kind: 'gapwatch' },
    identity: null,
    now: world.now,
    policy: DEFAULT_POLICY,
  });
  for (const event of events) world.events.push({ sequence: world.events.length + 1, at: world.now, by: { kind: 'gapwatch' }, event });
}

function live(steps: readonly Step[]): World {
  const world: World = { now: NOON, records: [...recordsBetween(plus(NOON, -60 * MINUTE), plus(NOON, -3 * MINUTE))], events: [] };
  for (const each of steps) {
    switch (each.kind) {
      case 'writes': {
        const until = plus(world.now, each.minutes * MINUTE);
        world.records.push(...recordsBetween(world.now, until));
        world.now = until;
        break;
      }
      case 'is-silent':
        world.now = plus(world.now, each.minutes * MINUTE);
        break;
      case 'replays': {
        const from = plus(world.now, -each.ago * MINUTE);
        world.records.push(...recordsBetween(from, plus(from, Math.min(each.minutes, each.ago - 1) * MINUTE)));
        break;
      }
      case 'alert':
        give(world, {
          kind: 'alert-fired',
          number: 1,
          alert: { id: 'P1', title: 'AuditLogFailure', service: 'audit', url: '', createdAt: NOON },
          seenBy: 'webhook',
        });
        break;
      case 'is-read':
        give(world, { kind: 'table-read', reading: readingNow(world) });
        break;
      case 'can-not-be-read':
        give(world, { kind: 'table-read', reading: { kind: 'unseen', failure: 'the connection timed out' } });
        break;
    }
  }
  return world;
}

function readingNow({ records, now, events }: World) {
  const gaps = stateOf(events)?.gaps ?? [];
  const inside = gaps.map(({ start, end }) => ({ start: start.at, end: end === 'ongoing' ? end : end.at }));
  return readingOf(records, { at: now, countedFrom: NOON, since: plus(NOON, -4 * MINUTE), inside });
}

/** The silences of the incident's span by brute force over the table. */
function silences({ records, now }: World): readonly Silence[] {
  const sorted = records.toSorted((one, other) => one.getTime() - other.getTime());
  return silencesOf(sorted, now).filter(({ end }) => end === 'ongoing' || end > plus(NOON, -2 * MINUTE));
}

function lengthOf({ start, end }: Silence, now: Date): number {
  return (end === 'ongoing' ? now : end).getTime() - start.getTime();
}

test('whatever happens: what the table lacks is what every text says, and no gap is named where it lacks nothing', () => {
  fc.assert(
    fc.property(lives, (steps) => {
      const world = live(steps);
      const incident = stateOf(world.events);
      if (incident === null) throw new Error('the alert opened no incident');
      for (const silence of silences(world)) expectTold(incident, silence);
      for (const gap of incident.gaps) {
        const lacks = unaccountedLength(gap, world.now);
        const found = silences(world).filter(({ start, end }) => start < until(gap.end, world.now) && until(end, world.now) > gap.start.at);
        // Holes up to the tolerance are no gap, except for the one that the alert told of.
        if (lacks > TOLERANCE) expect(found.length, 'a gap is named where the table has none').toBeGreaterThan(0);
        for (const silence of found) expect(lengthOf(silence, world.now)).toBeGreaterThanOrEqual(Math.min(lacks, TOLERANCE));
      }
      expectSameFigures(incident, world);
    }),
    { numRuns: 1_000 },
  );
});

function until(end: Date | 'ongoing' | { readonly at: Date }, now: Date): Date {
  if (end === 'ongoing') return now;
  return end instanceof Date ? end : end.at;
}

/** A silence in the table lies in what a recorded gap still lacks. */
function expectTold(incident: Incident, silence: Silence): void {
  const told = incident.gaps.flatMap(
    (gap) => gap.remeasured?.remaining ?? [{ start: gap.start.at, end: gap.end === 'ongoing' ? gap.end : gap.end.at }],
  );
  const covers = told.some(
    ({ start, end }) =>
      start <= silence.start &&
      (end === 'ongoing' || (silence.end !== 'ongoing' && end >= silence.end)) &&
      (silence.end !== 'ongoing' || end === 'ongoing'),
  );
  expect(covers, `no gap tells of the silence since ${silence.start.toISOString()}: ${JSON.stringify(told)}`).toBe(true);
}

/** Root message, resolution, notice and report render from one view: each names the same lengths. */
function expectSameFigures(incident: Incident, world: World): void {
  const over = {
    sequence: world.events.length + 1,
    at: world.now,
    by: { kind: 'gapwatch' as const },
    event: { type: 'incident.resolved' as const, rootCause: 'a migration', anywayBecause: 'known', unmet: [] },
  };
  const resolved = evolve(incident, over);
  const view = incidentView(resolved, world.now, DEFAULT_POLICY);
  const texts = [
    templates.render('slack/initial.liquid', { incident: view }),
    templates.render('slack/resolution.liquid', { incident: view }),
  ];
  for (const gap of incident.gaps) {
    const length = formatDuration(gapLength(gap, world.now));
    for (const text of texts) expect(text).toContain(`(${length}`);
    if (gap.remeasured)
      for (const text of texts) expect(text).toContain(`${formatDuration(unaccountedLength(gap, world.now))} unaccounted for`);
  }
  const figures = figuresOf([...world.events, over], world.now);
  expect(figures?.unaccounted).toBe(incident.gaps.reduce((sum, gap) => sum + unaccountedLength(gap, world.now), 0));
}
