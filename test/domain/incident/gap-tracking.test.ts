import { describe, test } from 'vitest';
import { examplesOf, reads } from '#harness/commands.ts';
import { type Command, clock } from '#harness/decisions.ts';
import {
  alertFired,
  gapOpened,
  gapOver,
  has,
  incidentOpen,
  incidentResolved,
  opened,
  queues,
  rootPosted,
  tableSilent,
  tableUnseen,
  tableWritten,
  tellsChannel,
  tellsThread,
  watch,
} from '#harness/histories.ts';

const given = examplesOf('gap-tracking');

const unseen: Command = { kind: 'table-read', reading: { kind: 'unseen', failure: 'the connection timed out' } };
/** Robin has declared a gap since 11:50. */
const declared = has({ type: 'gap.opened', gap: 1, startAt: clock('11:50'), knownBy: { kind: 'person', name: 'robin' }, because: null });
const opening = [queues({ kind: 'initial-post' }), queues({ kind: 'opening-notice' })];
const byRecord = { kind: 'record' } as const;
const estimate = { type: 'gap.opened', gap: 1, startAt: clock('11:58'), knownBy: { kind: 'alert' } } as const;
const returned = (length: string) => tellsChannel('records-returned', { length });
const note = queues({ kind: 'note', alertId: 'P1' });

describe('the first reading of the table', () => {
  test('finds it silent before the alert → the gap starts with the last record, and the initial post and the notice go out', () => {
    given(opened(), alertFired())
      .when(reads({ at: '12:00', written: [['11:30', '11:57']] }), { by: watch })
      .decides(
        { type: 'records.silent', lastRecordAt: clock('11:57') },
        { type: 'gap.opened', gap: 1, startAt: clock('11:57'), knownBy: byRecord },
        ...opening,
      )
      .schedules(
        { kind: 'poll-table' },
        { kind: 'timer', command: { kind: 'slack-late', key: 'slack/initial-post' }, dueAt: clock('12:02') },
        { kind: 'timer', command: { kind: 'notice-late', key: 'mail/opening-notice' }, dueAt: clock('12:05') },
      );
  });

  test('finds records that trickle on → no gap is made of the alert', () => {
    given(opened(), alertFired())
      .when(reads({ at: '12:00', written: [['11:30', '12:00']] }))
      .decides({ type: 'records.written', lastRecordAt: clock('12:00') }, ...opening);
  });

  test('forty minutes late, of a table that was never silent → no gap is made of the delay', () => {
    given(opened(), alertFired())
      .when(reads({ at: '12:40', written: [['11:30', '12:40']] }), { at: '12:40' })
      .decides({ type: 'records.written' }, ...opening);
  });

  test('forty minutes late, after the records are back → the gap is the silence in the table, and it is over', () => {
    given(opened(), alertFired())
      .when(
        reads({
          at: '12:40',
          written: [
            ['11:30', '11:57'],
            ['12:09', '12:40'],
          ],
        }),
        { at: '12:40' },
      )
      .decides(
        { type: 'records.written' },
        { type: 'gap.opened', startAt: clock('11:57'), knownBy: byRecord },
        { type: 'gap.ended', endAt: clock('12:09'), knownBy: byRecord },
        ...opening,
      );
  });

  test('after a silence of three minutes around the alert → that is the gap, although it is under the tolerance', () => {
    given(opened(), alertFired())
      .when(
        reads({
          at: '12:01',
          written: [
            ['11:30', '11:57'],
            ['12:00:40', '12:01'],
          ],
        }),
        { at: '12:01' },
      )
      .decides(
        { type: 'records.written' },
        { type: 'gap.opened', startAt: clock('11:57') },
        { type: 'gap.ended', endAt: clock('12:00:40') },
        ...opening,
      );
  });

  test('fails, or finds an empty table → the start is estimated from the alert; without an alert there is no estimate', () => {
    given(opened(), alertFired())
      .when(unseen)
      .decides({ type: 'records.unseen' }, estimate, ...opening);
    given(opened(), alertFired())
      .when(reads({ at: '12:00', written: [] }))
      .decides({ type: 'records.silent', lastRecordAt: null }, estimate, ...opening);
    given(opened())
      .when(unseen)
      .decides({ type: 'records.unseen' }, ...opening);
    given(opened())
      .when(reads({ at: '12:00', written: [] }))
      .decides({ type: 'records.silent', lastRecordAt: null }, ...opening);
  });

  test('of a declared incident → only a silence beyond the tolerance is a gap', () => {
    given(opened())
      .when(reads({ at: '12:00', written: [['11:30', '11:57']] }))
      .decides({ type: 'records.written' }, ...opening);
    given(opened())
      .when(reads({ at: '12:00', written: [['11:30', '11:54']] }))
      .decides({ type: 'records.silent' }, { type: 'gap.opened', startAt: clock('11:54') }, ...opening);
  });

  test('after a person declared a gap → theirs stays', () => {
    given(opened(), alertFired(), declared)
      .when(reads({ at: '12:00', written: [['11:30', '11:57']], inside: [['11:50', null]] }))
      .decides({ type: 'records.silent' }, ...opening);
  });

  test('twice → the second one is an ordinary reading and tells nothing', () => {
    const silent = reads({ at: '12:00', written: [['11:30', '11:57']] });
    given(opened(), alertFired())
      .when(silent)
      .decides({ type: 'records.silent' }, { type: 'gap.opened' }, ...opening)
      .when(silent)
      .decidesNothing();
  });
});

describe('a later reading', () => {
  test('of the same silence → tells nothing', () => {
    given(incidentOpen())
      .when(reads({ at: '12:05', written: [['11:30', '11:57']], inside: [['11:57', null]] }))
      .decidesNothing();
  });

  test('finds a new record → the gap ends with it, in the channel and in PagerDuty', () => {
    given(incidentOpen())
      .when(
        reads({
          at: '12:09:30',
          written: [
            ['11:30', '11:57'],
            ['12:09', '12:09:20'],
          ],
          inside: [['11:57', null]],
        }),
        { at: '12:09:30' },
      )
      .decides(
        { type: 'records.written', lastRecordAt: clock('12:09:20') },
        { type: 'gap.ended', gap: 1, endAt: clock('12:09'), knownBy: byRecord },
        returned('12 minutes'),
        note,
      );
  });

  test('finds ten old records brought in and nothing new → the silence goes on, and the gap is measured again', () => {
    given(incidentOpen())
      .when(
        reads({
          at: '12:10',
          written: [
            ['11:30', '11:57'],
            ['11:59:10', '12:02'],
          ],
          inside: [['11:57', null]],
        }),
        { at: '12:10' },
      )
      .decides(
        { type: 'records.silent', lastRecordAt: clock('12:01:50') },
        { type: 'gap.remeasured', gap: 1, remaining: [{ start: clock('12:01:50'), end: 'ongoing' }], records: 9 },
        tellsChannel('gap-remeasured', { arrived: '9', unaccounted: '8 minutes 10 seconds' }),
      );
  });

  test('finds a record that was only late → the gap begins with it', () => {
    given(incidentOpen())
      .when(
        reads({
          at: '12:01',
          written: [
            ['11:30', '11:57'],
            ['11:57:30', '11:57:30'],
          ],
          inside: [['11:57', null]],
        }),
      )
      .decides(
        { type: 'records.silent', lastRecordAt: clock('11:57:30') },
        { type: 'gap.corrected', edge: 'start', at: clock('11:57:30'), formerly: clock('11:57') },
        tellsThread('gap-corrected'),
      );
  });

  test('finds every missed record brought in after the end → nothing is unaccounted for, and the gap as it happened stays', () => {
    given(gapOver())
      .when(reads({ at: '12:30', written: [['11:30', '12:30']], inside: [['11:57', '12:09']] }), { at: '12:30' })
      .decides(
        { type: 'gap.remeasured', gap: 1, remaining: [], records: 35 },
        tellsChannel('gap-remeasured', { arrived: '35', unaccounted: '0 seconds' }),
      )
      .leaves({ gaps: [{ start: { at: clock('11:57') }, end: { at: clock('12:09') } }] });
  });

  test('finds a part of them → what is left is named', () => {
    given(gapOver())
      .when(
        reads({
          at: '12:30',
          written: [
            ['11:30', '12:01'],
            ['12:09', '12:30'],
          ],
          inside: [['11:57', '12:09']],
        }),
        { at: '12:30' },
      )
      .decides(
        { type: 'gap.remeasured', gap: 1, remaining: [{ start: clock('12:01'), end: clock('12:09') }] },
        tellsChannel('gap-remeasured', { unaccounted: '8 minutes' }),
      );
  });

  test('of a writing table, whose newest record is older than the tolerance → silent again, with a gap of its own', () => {
    given(gapOver())
      .when(
        reads({
          at: '12:14',
          written: [
            ['11:30', '11:57'],
            ['12:09', '12:09'],
          ],
          inside: [['11:57', '12:09']],
        }),
        { at: '12:14' },
      )
      .decidesNothing();
    given(gapOver())
      .when(
        reads({
          at: '12:14:01',
          written: [
            ['11:30', '11:57'],
            ['12:09', '12:09'],
          ],
          inside: [['11:57', '12:09']],
        }),
        { at: '12:14:01' },
      )
      .decides(
        { type: 'records.silent', lastRecordAt: clock('12:09') },
        { type: 'gap.opened', gap: 2, startAt: clock('12:09') },
        tellsChannel('gap-opened'),
      );
  });

  test('fails → it is told once', () => {
    given(incidentOpen()).when(unseen).decides({ type: 'records.unseen' }, tellsThread('records-unseen')).when(unseen).decidesNothing();
  });
});

describe('the table can be read again', () => {
  const estimated = [opened(), alertFired(), tableUnseen(), gapOpened('11:58', 'alert'), rootPosted()];

  test('and was silent before the alert → the estimate is corrected by the last record', () => {
    given(...estimated)
      .when(reads({ at: '12:04', written: [['11:30', '11:52']], inside: [['11:58', null]] }), { at: '12:04' })
      .decides(
        { type: 'records.silent', lastRecordAt: clock('11:52') },
        { type: 'gap.corrected', edge: 'start', formerly: clock('11:58'), at: clock('11:52'), knownBy: byRecord },
        tellsThread('gap-corrected', { by: 'a record in the audit table' }),
      );
  });

  test('and records came back meanwhile → both edges are the table’s', () => {
    given(...estimated)
      .when(
        reads({
          at: '12:06',
          written: [
            ['11:30', '11:52'],
            ['12:05', '12:06'],
          ],
          inside: [['11:58', null]],
        }),
        { at: '12:06' },
      )
      .decides(
        { type: 'records.written' },
        { type: 'gap.corrected', edge: 'start', at: clock('11:52') },
        { type: 'gap.ended', endAt: clock('12:05') },
        returned('13 minutes'),
        note,
        tellsThread('gap-corrected'),
      );
  });

  test('and it never was silent → the estimate is withdrawn, in sight of the channel', () => {
    given(...estimated)
      .when(reads({ at: '12:06', written: [['11:30', '12:06']], inside: [['11:58', null]] }), { at: '12:06' })
      .decides({ type: 'records.written' }, { type: 'gap.dismissed', gap: 1 }, tellsChannel('gap-dismissed'))
      .leaves({ gaps: [], gapCount: 1 });
  });

  test('and holds its first record ever → that record ends the estimated gap', () => {
    given(opened(), alertFired(), tableSilent(null), gapOpened('11:58', 'alert'), rootPosted())
      .when(reads({ at: '12:06', written: [['12:05', '12:06']], inside: [['11:58', null]] }), { at: '12:06' })
      .decides({ type: 'records.written' }, { type: 'gap.ended', endAt: clock('12:05') }, returned('7 minutes'), note);
  });

  test('without a gap, and is written → that is kept, and nothing is told', () => {
    given(opened(), tableUnseen(), rootPosted())
      .when(reads({ at: '12:06', written: [['11:30', '12:06']] }), { at: '12:06' })
      .decides({ type: 'records.written' });
  });
});

describe('after the resolution', () => {
  test('a silence that begins then is none of the incident', () => {
    given(incidentResolved())
      .when(
        reads({
          at: '12:40',
          written: [
            ['11:30', '11:57'],
            ['12:09', '12:20'],
          ],
          inside: [['11:57', '12:09']],
        }),
        { at: '12:40' },
      )
      .decidesNothing();
  });

  test('records brought in later are measured', () => {
    given(incidentResolved())
      .when(reads({ at: '13:00', written: [['11:30', '13:00']], inside: [['11:57', '12:09']] }), { at: '13:00' })
      .decides({ type: 'gap.remeasured', remaining: [] }, tellsChannel('gap-remeasured'));
  });

  test('of a gap left open → its end is found', () => {
    given(incidentOpen(), has({ type: 'incident.resolved', rootCause: null, anywayBecause: 'known', unmet: [] }))
      .when(
        reads({
          at: '13:00',
          written: [
            ['11:30', '11:57'],
            ['12:59', '13:00'],
          ],
          inside: [['11:57', null]],
        }),
        { at: '13:00' },
      )
      .decides({ type: 'records.written' }, { type: 'gap.ended', endAt: clock('12:59') }, returned('1 hour 2 minutes'), note);
  });

  test('a writing table whose gap a person declared → only a person ends it', () => {
    given(opened(), alertFired(), tableWritten('12:00'), declared, rootPosted())
      .when(reads({ at: '12:08', written: [['11:30', '12:08']], inside: [['11:50', null]] }), { at: '12:08' })
      .decidesNothing();
  });
});
