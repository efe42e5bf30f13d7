import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '#domain/base/policy.ts';
import { MINUTE, plus, SECOND } from '#domain/base/time.ts';
import { arrivalOf } from '#domain/watch/arrival.ts';
import { evaluate, raisedAlarms } from '#domain/watch/evaluate.ts';
import type { Observation, TableSeen } from '#domain/watch/observation.ts';
import { isUsualSilence } from '#domain/watch/queries.ts';
import { initialWatchState, type WatchState } from '#domain/watch/state.ts';

const NOON = new Date('2026-01-05T12:00:00Z');
const at = (minutes: number) => plus(NOON, minutes * MINUTE);

/** The same counts in both compared stretches. */
function counted(now: number, yesterday: number, weekAgo: number, fortnightAgo = weekAgo): TableSeen['counts'] {
  return [0, 1].map(() => ({ now, yesterday, weekAgo, fortnightAgo }));
}

/** A table that is well at this moment, unless told otherwise. */
function table(now: Date, other: Partial<TableSeen> = {}): TableSeen {
  const common = { arrived: 5, counts: counted(300, 300, 300), isUsualSilence: false };
  return {
    kind: 'seen',
    at: now,
    readUpTo: now,
    newest: plus(now, -SECOND),
    ahead: null,
    countedUntil: plus(now, -10_000),
    ...common,
    ...other,
  };
}

function seen(now: Date, other: Partial<Observation> = {}): Observation {
  return { at: now, table: table(now), health: null, probe: { kind: 'not-tried' }, diskPercent: null, ...other };
}

/** Rounds a quarter of a minute apart, from noon for so many minutes. */
function rounds(
  minutes: number,
  see: (now: Date) => Observation,
  from: WatchState = initialWatchState('clinic/AuditLog', at(-60)),
): WatchState {
  let state = from;
  for (let minute = 0; minute <= minutes; minute += 0.25) state = evaluate(state, see(at(minute)), DEFAULT_POLICY);
  return state;
}

test('a table that is well raises nothing', () => {
  expect(raisedAlarms(rounds(30, (now) => seen(now)))).toEqual([]);
});

test('the health endpoint says failing for two minutes → writes fail, though records still come; it is active again → over after a minute', () => {
  const failing = rounds(2, (now) => seen(now, { health: 'failing' }));
  expect(failing.alarms.AuditLogWriteError?.words).toBe('the application says that its audit log is failing, for 2 minutes now');
  const better = rounds(0.75, (now) => seen(plus(now, 2.25 * MINUTE), { health: 'active' }), failing);
  expect(raisedAlarms(better)).toEqual(['AuditLogWriteError']);
  expect(raisedAlarms(rounds(1, (now) => seen(plus(now, 2.25 * MINUTE), { health: 'active' }), failing))).toEqual([]);
});

test('an endpoint that counts records says failing in a usual silence, and a write was taken → nothing fails', () => {
  const quiet = (now: Date) => table(now, { newest: at(-1), isUsualSilence: true, counts: counted(3, 5, 4) });
  const tried = rounds(10, (now) => seen(now, { health: 'failing', probe: { kind: 'written' }, table: quiet(now) }));
  expect(raisedAlarms(tried)).toEqual([]);
  const untried = rounds(10, (now) => seen(now, { health: 'failing', table: quiet(now) }));
  expect(raisedAlarms(untried)).toEqual(['AuditLogWriteError']);
});

test('a refused probe beside records that keep coming proves nothing', () => {
  expect(raisedAlarms(rounds(10, (now) => seen(now, { probe: { kind: 'refused', words: 'a column is missing (23502)' } })))).toEqual([]);
});

test('a replica that is behind can’t tell → the watch is blind, and no gap is claimed', () => {
  const behind = (now: Date) => table(now, { readUpTo: at(-3), newest: at(-3.1) });
  const state = rounds(10, (now) => seen(now, { table: behind(now) }));
  expect(raisedAlarms(state)).toEqual(['AuditLogWatchBlind']);
  expect(state.alarms.AuditLogWatchBlind?.words).toContain('the replica that Gapwatch reads is 5 minutes behind its primary');
});

test('a replica that is a minute behind shifts the silence, not more', () => {
  const behind = (now: Date) => table(now, { readUpTo: plus(now, -MINUTE), newest: plus(now, -MINUTE - SECOND) });
  expect(raisedAlarms(rounds(10, (now) => seen(now, { table: behind(now) })))).toEqual([]);
});

test('our own clock is an hour off → silence is still measured by the database’s; the clock is reported after five minutes', () => {
  const ahead = rounds(10, (now) => seen(plus(now, 60 * MINUTE), { table: table(now) }));
  expect(raisedAlarms(ahead)).toEqual(['AuditLogClockSkew']);
  expect(ahead.alarms.AuditLogClockSkew?.words).toBe("Gapwatch's clock is 1 hour ahead of the database's");
  const dead = rounds(6, (now) => seen(plus(now, 60 * MINUTE), { table: table(now, { newest: NOON, isUsualSilence: false }) }));
  expect(raisedAlarms(dead)).toContain('AuditLogFailure');
});

test('records dated ahead of the database’s clock are reported; a single one dated next year is not', () => {
  const ahead = rounds(6, (now) => seen(now, { table: table(now, { ahead: plus(now, 3 * MINUTE) }) }));
  expect(ahead.alarms.AuditLogClockSkew?.words).toContain('records are dated 3 minutes ahead');
  const wrong = rounds(6, (now) => seen(now, { table: table(now, { ahead: new Date('2027-01-01T00:00:00Z') }) }));
  expect(raisedAlarms(wrong)).toEqual([]);
});

test('blind after a silence was seen → the gap’s alert stays: what could not be seen ends nothing', () => {
  const silent = rounds(6, (now) => seen(now, { table: table(now, { newest: NOON }) }));
  expect(raisedAlarms(silent)).toEqual(['AuditLogFailure']);
  const blind = rounds(10, (now) => seen(plus(now, 6.25 * MINUTE), { table: { kind: 'unseen', words: 'no answer' } }), silent);
  expect(raisedAlarms(blind)).toEqual(['AuditLogFailure', 'AuditLogWatchBlind']);
});

test('the table can’t be read and the database itself refuses a write → writes fail', () => {
  const see = (now: Date): Observation =>
    seen(now, {
      table: { kind: 'unseen', words: 'too many connections (53300)' },
      probe: { kind: 'refused', words: 'too many connections (53300)' },
    });
  expect(raisedAlarms(rounds(3, see))).toEqual(['AuditLogWriteError', 'AuditLogWatchBlind']);
  const unreached = rounds(3, (now) => seen(now, { table: { kind: 'unseen', words: 'no answer' }, probe: { kind: 'unreached' } }));
  expect(raisedAlarms(unreached)).toEqual(['AuditLogWatchBlind']);
});

test('a drop below half must last five minutes, and few records are compared with nothing', () => {
  const dropped = (now: Date) => seen(now, { table: table(now, { counts: counted(140, 300, 300) }) });
  expect(raisedAlarms(rounds(4.75, dropped))).toEqual([]);
  expect(raisedAlarms(rounds(5, dropped))).toEqual(['AuditLogCountDrop']);
  expect(raisedAlarms(rounds(30, (now) => seen(now, { table: table(now, { counts: counted(20, 99, 99) }) })))).toEqual([]);
});

test('an hour below half whose last quarter is as usual again → no drop', () => {
  const [quarter = null, hour = null] = [counted(300, 300, 300)?.[0], counted(140, 300, 300)?.[1]];
  if (quarter === null || hour === null) throw new Error('nothing was counted');
  expect(raisedAlarms(rounds(30, (now) => seen(now, { table: table(now, { counts: [quarter, hour] }) })))).toEqual([]);
});

test('only yesterday was busier (a day after a holiday, a weekend) → no drop', () => {
  expect(raisedAlarms(rounds(30, (now) => seen(now, { table: table(now, { counts: counted(140, 300, 150) }) })))).toEqual([]);
});

test('after a silence the compared stretch reaches back into it → no second alarm for the same failure', () => {
  const silent = rounds(10, (now) => seen(now, { table: table(now, { newest: NOON, counts: counted(100, 300, 300) }) }));
  const back = rounds(
    59,
    (now) => seen(plus(now, 10.25 * MINUTE), { table: table(plus(now, 10.25 * MINUTE), { counts: counted(100, 300, 300) }) }),
    silent,
  );
  expect(raisedAlarms(back)).toEqual([]);
});

test('the disk is over its line for five minutes → a warning; not measured → nothing is said', () => {
  expect(raisedAlarms(rounds(5, (now) => seen(now, { diskPercent: 86 })))).toEqual(['AuditLogDiskFull']);
  expect(raisedAlarms(rounds(5, (now) => seen(now, { diskPercent: 85 })))).toEqual([]);
});

test('a record’s own date counts when it lies between two looks; any other is not believed', () => {
  const before = { recordAt: at(-1), at: at(-1) };
  expect(arrivalOf(before, at(0), at(0.1), at(0.25))).toEqual({ recordAt: at(0.1), at: at(0.1) });
  expect(arrivalOf(before, at(0), at(-0.5), at(0.25))).toEqual({ recordAt: at(-0.5), at: at(0.25) });
  expect(arrivalOf(before, at(0), at(-5), at(0.25))).toEqual({ recordAt: at(-5), at: at(-1) });
  expect(arrivalOf(before, at(0), null, at(0.25))).toEqual(before);
});

test('a silence is usual when most of the days that the table covers had it; a table without a past excuses nothing', () => {
  const stretch = (count: number, isCovered = true) => ({ count, isCovered });
  expect(isUsualSilence({ week: stretch(3), fortnight: stretch(19), day: stretch(20) }, 20)).toBe(true);
  expect(isUsualSilence({ week: stretch(0), fortnight: stretch(20), day: stretch(20) }, 20)).toBe(false);
  expect(isUsualSilence({ week: stretch(3), fortnight: stretch(0, false), day: stretch(20) }, 20)).toBe(false);
  expect(isUsualSilence({ week: stretch(0, false), fortnight: stretch(0, false), day: stretch(3) }, 20)).toBe(true);
  expect(isUsualSilence({ week: stretch(0, false), fortnight: stretch(0, false), day: stretch(0, false) }, 20)).toBe(false);
});

test('an alarm that held again after a pause, or for an hour, is told again', () => {
  const silent = (now: Date) => seen(now, { table: table(now, { newest: NOON }) });
  const raised = rounds(6, silent);
  const toldAt = raised.alarms.AuditLogFailure?.toldAt;
  expect(rounds(0.25, (now) => silent(plus(now, 6.25 * MINUTE)), raised).alarms.AuditLogFailure?.toldAt).toEqual(toldAt);
  const paused = evaluate(raised, seen(at(6.25)), DEFAULT_POLICY);
  const again = evaluate(paused, seen(at(12), { table: table(at(12), { newest: plus(at(6.25), -SECOND) }) }), DEFAULT_POLICY);
  expect(again.alarms.AuditLogFailure).toMatchObject({
    toldAt: at(12),
    words: expect.stringContaining('no audit record for 5 minutes 46 seconds'),
  });
  const lasting = rounds(61, (now) => silent(plus(now, 6.25 * MINUTE)), raised);
  expect(lasting.alarms.AuditLogFailure?.toldAt).not.toEqual(toldAt);
});
