import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '#domain/base/policy.ts';
import { MINUTE } from '#domain/base/time.ts';
import type { Gap } from '#domain/gap/gap.ts';
import type { Actor } from '#domain/incident/actor.ts';
import { type Command, permissionOf } from '#domain/incident/command.ts';
import { decide } from '#domain/incident/decide.ts';
import { effects } from '#domain/incident/effects.ts';
import { type RecordedEvent, recordedEventSchema } from '#domain/incident/event.ts';
import { evolve, stateOf } from '#domain/incident/evolve.ts';
import { nextMessage } from '#domain/incident/outbox/next.ts';
import { type Incident, rootMessage } from '#domain/incident/state.ts';
import type { Timer } from '#domain/incident/timer-command.ts';
import { timerName, timersOf } from '#domain/incident/timers.ts';
import { readingOf, recordsBetween } from '#harness/audit-table.ts';
import { fromStored, toStored } from '#store/stored-event.ts';

const NOON = Date.parse('2026-01-05T12:00:00Z');
const robin: Actor = { kind: 'person', slackId: 'U0000000001', name: 'robin' };

/** One thing that happens, so many seconds after the one before. What it asks may depend on where the incident stands. */
type Happening = { readonly seconds: number; readonly command: (incident: Incident | null, now: Date) => Command | null };

const fixed = (command: Command) => fc.constant(() => command);
const minutesAgo = fc.integer({ min: -5, max: 120 });
const before = (now: Date, minutes: number) => new Date(now.getTime() - minutes * MINUTE);

const reading = fc.oneof(
  fc.constant((_now: Date, _incident: Incident | null) => ({
    kind: 'unseen' as const,
    failure: 'the database server refuses connections',
  })),
  fc
    .array(fc.record({ from: minutesAgo, length: fc.integer({ min: 0, max: 40 }) }), { maxLength: 5 })
    .map((stretches) => (now: Date, incident: Incident | null) => {
      const records = stretches.flatMap(({ from, length }) => recordsBetween(before(now, from), before(now, from - length)));
      const countedFrom = incident?.startedAt ?? now;
      const inside = (incident?.gaps ?? []).map(({ start, end }) => ({ start: start.at, end: end === 'ongoing' ? end : end.at }));
      return readingOf(records, { at: now, countedFrom, since: before(countedFrom, 60), inside });
    }),
);

const alert = (id: string) => ({ id, title: 'AuditLogFailure', service: 'audit', url: '', createdAt: new Date(NOON) });
const event = fc.constantFrom('acknowledged', 'unacknowledged', 'reassigned', 'escalated', 'annotated', 'reopened', 'resolved', 'other');

const command = fc.oneof(
  fc.constantFrom('P1', 'P2').map((id) => (): Command => ({ kind: 'alert-fired', number: 1, alert: alert(id), seenBy: 'webhook' })),
  fixed({ kind: 'declare', number: 1, reason: 'seen by nurses', isDrill: false }),
  fc.record({ alertId: fc.constantFrom('P1', 'P2', 'P3'), event }).map(
    ({ alertId, event: name }) =>
      (_: Incident | null, now: Date): Command => ({
        kind: 'alert-changed',
        change: { alertId, event: name, agent: 'Sam', detail: '', occurredAt: now, seenBy: 'webhook' },
      }),
  ),
  reading.map(
    (at) =>
      (incident: Incident | null, now: Date): Command => ({ kind: 'table-read', reading: at(now, incident) }),
  ),
  fixed({ kind: 'claim' }),
  fixed({ kind: 'claim-due' }),
  fc.constant((incident: Incident | null): Command => ({ kind: 'update-due', number: incident?.nextUpdate?.number ?? 1 })),
  fixed({ kind: 'post-update' }),
  fixed({ kind: 'state-cause', text: 'a migration' }),
  fc.integer({ min: 1, max: 90 }).map(
    (minutes) =>
      (_: Incident | null, now: Date): Command => ({ kind: 'pause-updates', until: before(now, -minutes) }),
  ),
  fixed({ kind: 'continue-updates' }),
  fc.constant((incident: Incident | null, now: Date): Command => ({ kind: 'pause-over', until: incident?.pausedUntil ?? now })),
  fixed({ kind: 'submit-update', cause: 'a migration', action: 'granting INSERT again', etaAt: null }),
  fixed({ kind: 'hand-over', slackId: 'U0000000002', name: 'sam' }),
  fixed({ kind: 'name-scribe', slackId: 'U0000000003', name: 'kim' }),
  fixed({ kind: 'keep-message', ts: '1.1', author: 'sam', text: 'it is the migration' }),
  fc
    .record({
      task: fc.constantFrom('disable-access', 'assess', 'risk-assessment', 'none'),
      kind: fc.constantFrom('take-task' as const, 'finish-task' as const),
    })
    .map((marks) => (): Command => marks),
  fixed({ kind: 'waive-task', task: 'buffering', because: 'next quarter' }),
  fixed({ kind: 'close' }),
  fixed({ kind: 'escalation-due' }),
  fc.constant((incident: Incident | null): Command => ({ kind: 'nudge-due', update: incident?.nextUpdate?.number ?? 1 })),
  fc.constantFrom('slack/initial-post', 'slack/update/1').map((key) => (): Command => ({ kind: 'slack-late', key })),
  fixed({ kind: 'count-earlier-gaps', count: 2, text: 'two' }),
  fixed({ kind: 'decide-hhs', required: true, because: 'PHI was exposed' }),
  fixed({ kind: 'hhs-due', daysLeft: 30 }),
  fixed({ kind: 'follow-up-due', hours: 24, resolution: 1 }),
  fixed({ kind: 'receipt-due', key: 'mail/opening-notice' }),
  fixed({ kind: 'escalate' }),
  fixed({ kind: 'write-report' }),
  fc.record({ edge: fc.constantFrom('start' as const, 'end' as const), minutes: minutesAgo }).map(
    ({ edge, minutes }) =>
      (_: Incident | null, now: Date): Command => ({ kind: 'move-gap', edge, at: before(now, minutes), because: null }),
  ),
  fc.record({ at: reading, anyway: fc.boolean() }).map(
    ({ at, anyway }) =>
      (incident: Incident | null, now: Date): Command => ({
        kind: 'resolve',
        rootCause: null,
        anywayBecause: anyway ? 'known' : null,
        reading: at(now, incident),
      }),
  ),
  fc
    .record({
      destination: fc.constantFrom('slack' as const, 'pagerduty' as const, 'mail' as const, 'reports' as const),
      succeeds: fc.boolean(),
    })
    .map(({ destination, succeeds }) => (incident: Incident | null, now: Date): Command | null => {
      const outgoing = incident && nextMessage(incident, destination, now);
      if (!outgoing) return null;
      if (!succeeds)
        return { kind: 'outbox-failed', key: outgoing.key, outcome: 'unavailable', detail: 'no', retryAfterMilliseconds: null };
      return {
        kind: 'outbox-delivered',
        key: outgoing.key,
        answer: { message: 'ok', channel: 'C1', ts: String(now.getTime() / 1_000), permalink: '', file: 'report.md' },
      };
    }),
);

const happenings: fc.Arbitrary<readonly Happening[]> = fc.array(fc.record({ seconds: fc.integer({ min: 0, max: 600 }), command }), {
  minLength: 1,
  maxLength: 60,
  size: 'max',
});

/** Lives through the happenings, checking after each that what must always hold does. */
function live(story: readonly Happening[]): readonly RecordedEvent[] {
  const events: RecordedEvent[] = [];
  let incident: Incident | null = null;
  let now = NOON;
  for (const { seconds, command: make } of story) {
    now += seconds * 1_000;
    const at = new Date(now);
    const asked = make(incident, at);
    if (asked === null) continue;
    const by: Actor = permissionOf(asked.kind) === 'nobody' ? { kind: 'gapwatch' } : robin;
    const { events: decided } = decide(incident, asked, { by, identity: null, now: at, policy: DEFAULT_POLICY });
    const recorded = decided.map<RecordedEvent>((event, index) => ({ sequence: events.length + index + 1, at, by, event }));
    events.push(...recorded);
    const before: Incident | null = incident;
    incident = recorded.reduce(evolve, before);
    if (incident) holds(before, incident, recorded);
  }
  return events;
}

function holds(before: Incident | null, incident: Incident, recorded: readonly RecordedEvent[]): void {
  const keys = incident.outbox.map(({ key }) => key);
  expect(new Set(keys).size, `a call was asked for twice: ${keys.join(' ')}`).toBe(keys.length);
  expect(incident.gaps.filter(({ end }) => end === 'ongoing').length, 'two gaps are open').toBeLessThanOrEqual(1);
  for (const { start, end } of incident.gaps)
    if (end !== 'ongoing') expect(end.at.getTime(), 'a gap ends before it starts').toBeGreaterThan(start.at.getTime());
  for (const { event, at } of recorded) if (event.type === 'gap.corrected') liesApart(incident, event.gap, at);
  if (incident.phase.name === 'resolved') {
    const waiting = incident.outbox.filter(({ payload, status }) => payload.kind === 'update' && status.name === 'due');
    expect(waiting, 'an update waits after the resolution').toEqual([]);
    expect(incident.nextUpdate).toBeNull();
  }
  // Silence needs a person who asked for it, and an end.
  const isSilent = incident.phase.name === 'open' && rootMessage(incident) !== null && incident.nextUpdate === null;
  expect(isSilent, 'no update is ahead').toBe(false);
  expect(incident.updatesPaused, 'a pause without an end, or after the resolution').toBe(
    incident.phase.name === 'open' && incident.pausedUntil !== null,
  );
  for (const job of effects(before, incident, recorded, DEFAULT_POLICY)) expect(job.key).not.toBe('');
  for (const timer of timersOf(incident, DEFAULT_POLICY)) endsWhenGiven(incident, timer, recorded.at(-1)?.at ?? timer.dueAt);
}

/** A gap that a person moved shares no minute with another. */
function liesApart({ gaps }: Incident, id: number, now: Date): void {
  const end = (gap: Gap) => (gap.end === 'ongoing' ? now : gap.end.at);
  const moved = gaps.filter((gap) => gap.id === id);
  const over = moved.flatMap((gap) => gaps.filter((other) => other.id !== id && other.start.at < end(gap) && gap.start.at < end(other)));
  expect(over, `gap ${id} was moved onto another`).toEqual([]);
}

/** A timer that was given at its time is gone, or is planned for a later one: the self-check must not find it again and again. */
function endsWhenGiven(incident: Incident, timer: Timer, at: Date): void {
  const now = new Date(Math.max(timer.dueAt.getTime(), at.getTime()));
  const by: Actor = { kind: 'timer' };
  const { events } = decide(incident, timer.command, { by, identity: null, now, policy: DEFAULT_POLICY });
  const after = events.reduce<Incident | null>((state, event) => evolve(state, { sequence: 1, at: now, by, event }), incident);
  const left = after ? timersOf(after, DEFAULT_POLICY).filter((each) => timerName(each) === timerName(timer) && each.dueAt <= now) : [];
  expect(left, `${timer.command.kind} is still asked for after it was given`).toEqual([]);
}

test('whatever happens in whatever order: no call twice, no impossible gap, nothing due after the resolution', () => {
  fc.assert(
    fc.property(happenings, (story) => void live(story)),
    { numRuns: 1_500 },
  );
});

test('whatever was recorded is read back the same, and folds to the same state', () => {
  fc.assert(
    fc.property(happenings, (story) => {
      const events = live(story);
      const stored = events.map((event) => recordedEventSchema.parse(JSON.parse(JSON.stringify(event))));
      expect(stored).toEqual(events);
      expect(stateOf(stored)).toEqual(stateOf(events));
      const bodies = events.map((event) => canonicalize(toStored(event)) ?? '');
      const read = bodies.map((body) => fromStored(JSON.parse(body)));
      expect(read).toEqual(events);
      expect(read.map((event) => canonicalize(toStored(event)))).toEqual(bodies);
    }),
    { numRuns: 300 },
  );
});

test('an announcement that could not be posted for hours is given up and asks for no other', () => {
  const alertFired: Command = { kind: 'alert-fired', number: 1, alert: alert('P1'), seenBy: 'webhook' };
  const failure = { outcome: 'unavailable', detail: 'Slack is down', retryAfterMilliseconds: null } as const;
  const fails = (incident: Incident | null): Command => {
    const stated = incident?.outbox.find(({ payload }) => payload.kind === 'announcement');
    return { kind: 'outbox-failed', key: stated?.key ?? '', ...failure };
  };
  const story: readonly Happening[] = [
    { seconds: 0, command: () => alertFired },
    {
      seconds: 1,
      command: (_, now) => ({ kind: 'table-read', reading: { kind: 'unseen', failure: `no answer at ${now.toISOString()}` } }),
    },
    { seconds: 1, command: () => ({ kind: 'state-cause', text: 'a migration' }) },
    { seconds: 1, command: fails },
    { seconds: 7 * 3_600, command: fails },
  ];
  const announced = live(story).filter(({ event }) => event.type === 'outbox.queued' && event.payload.kind === 'announcement');
  expect(live(story).at(-1)?.event.type).toBe('outbox.abandoned');
  expect(announced).toHaveLength(1);
});
