import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '#domain/base/policy.ts';
import { newTimers, timersOf } from '#domain/incident/timers.ts';
import { clock, type History, incidentAfter, type Time } from '#harness/decisions.ts';
import { at, claimedBy, has, incidentOpen, incidentResolved, opened, robin, updateDueAfter, updateQueued } from '#harness/histories.ts';

/** The timers that come with `then`, as kind and time. */
function added(given: History, then: History): readonly (readonly [string, Date])[] {
  const timers = newTimers(incidentAfter(given), incidentAfter(given, then), DEFAULT_POLICY);
  return timers.map(({ command, dueAt }) => [command.kind, dueAt]);
}

const paused = (until: Time) => has({ type: 'updates.paused', until: clock(until) }, robin);
const gapStarts = (time: Time) => {
  const knownBy = { kind: 'person', name: 'robin' } as const;
  return has({ type: 'gap.corrected', gap: 1, edge: 'start', at: clock(time), knownBy, formerly: clock('11:57'), because: null }, robin);
};
const reached = (escalation: string) =>
  has({ type: 'escalation.reached', escalation, why: '', notify: [], unreachable: [], say: 'consider disabling access' });

describe('timers that are new', () => {
  test('with the incident itself → all that it has', () => {
    const incident = incidentAfter(opened());
    expect(newTimers(null, incident, DEFAULT_POLICY)).toEqual(timersOf(incident, DEFAULT_POLICY));
    expect(timersOf(incident, DEFAULT_POLICY).map(({ command }) => command.kind)).toEqual(['claim-due', 'escalation-due']);
  });

  test('with something that moves no timer → none', () => {
    expect(added(incidentOpen(), has({ type: 'note.added', text: 'the nightly job failed too' }, robin))).toEqual([]);
    expect(added(incidentOpen(), claimedBy(robin))).toEqual([]);
  });

  test('with an escalation that a corrected gap moves → the moved one alone, under a name of its own', () => {
    const after15 = (): History => [incidentOpen(), at('12:15', reached('incident/900000'))];
    expect(added(incidentOpen(), gapStarts('11:50'))).toEqual([]);
    expect(added(after15(), gapStarts('11:50'))).toEqual([['escalation-due', clock('12:20')]]);
  });

  test('with an escalation that was reached → the next one', () => {
    expect(added(incidentOpen(), at('12:15', reached('incident/900000')))).toEqual([['escalation-due', clock('12:27')]]);
  });

  test('with a pause, and with a longer one → its end; the one that it had before asks for nothing', () => {
    expect(added(incidentOpen(), paused('12:30'))).toEqual([['pause-over', clock('12:30')]]);
    expect(added([incidentOpen(), paused('12:30')], paused('12:45'))).toEqual([['pause-over', clock('12:45')]]);
    expect(added([incidentOpen(), paused('12:30')], paused('12:30'))).toEqual([]);
  });

  test('with an update that is rescheduled under its number → the later time', () => {
    expect(added(incidentOpen(), at('12:02', updateDueAfter(1, 5)))).toEqual([['update-due', clock('12:07')]]);
    expect(added(incidentOpen(), at('12:00', updateDueAfter(1, 5)))).toEqual([]);
  });

  test('with a third update that would say the same → the reminder a minute before it', () => {
    const twice = (): History => [incidentOpen(), claimedBy(robin), at('12:05', updateQueued(1)), at('12:10', updateQueued(2))];
    expect(added(twice(), updateDueAfter(3, 5))).toEqual([
      ['update-due', clock('12:15')],
      ['nudge-due', clock('12:14')],
    ]);
  });

  test('with a pause that ends by itself → the update and its reminder come back', () => {
    const pausing = (): History => [incidentOpen(), paused('12:30')];
    expect(added(pausing(), at('12:30', has({ type: 'updates.continued' }), updateDueAfter(1, 5)))).toEqual([
      ['update-due', clock('12:35')],
    ]);
  });

  test('with a second resolution → reminders of its own', () => {
    const reopened = (): History => [incidentResolved(), at('12:30', has({ type: 'incident.reopened', because: 'the alert fired again' }))];
    const again = at('12:40', has({ type: 'incident.resolved', rootCause: null, anywayBecause: null, unmet: [] }, robin));
    expect(added(reopened(), again).map(([kind]) => kind)).toEqual(['follow-up-due', 'follow-up-due']);
  });
});
