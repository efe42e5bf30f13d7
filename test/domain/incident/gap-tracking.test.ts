import { describe, test } from 'vitest';
import { examplesOf, reads } from '#harness/commands.ts';
import { type Command, clock } from '#harness/decisions.ts';
import {
  alertFired,
  at,
  gapOpened,
  gapOver,
  has,
  incidentOpen,
  incidentResolved,
  opened,
  queues,
  robin,
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

const opening = [queues({ kind: 'initial-post' }), queues({ kind: 'opening-notice' })];
const byAlert = { type: 'gap.opened', gap: 1, startAt: clock('11:58'), knownBy: { kind: 'alert' } } as const;
const returned = (length: string) => tellsChannel('records-returned', { length });
const note = queues({ kind: 'note', alertId: 'P1' });

describe('the first look at the table', () => {
  test('finds it silent before the alert → the gap starts with the last record, and the initial post and the notice go out', () => {
    given(opened(), alertFired())
      .when(reads({ at: '12:00', last: '11:57', before: '11:57' }), { by: watch })
      .decides(
        { type: 'records.silent', lastRecordAt: clock('11:57') },
        { type: 'gap.opened', gap: 1, startAt: clock('11:57'), knownBy: { kind: 'record' } },
        ...opening,
      )
      .schedules(
        { kind: 'poll-table' },
        { kind: 'timer', command: { kind: 'slack-late', key: 'slack/initial-post' }, dueAt: clock('12:02') },
        { kind: 'timer', command: { kind: 'notice-late', key: 'mail/opening-notice' }, dueAt: clock('12:05') },
      );
  });

  test('finds records that trickle on → the gap starts two minutes before the alert, and says that it is known by it', () => {
    given(opened(), alertFired())
      .when(reads({ at: '12:00', last: '12:00', before: '11:59', perMinute: 3 }))
      .decides({ type: 'records.written', perMinute: 3 }, byAlert, ...opening);
  });

  test('finds records again already → the gap is recorded whole', () => {
    given(opened(), alertFired())
      .when(reads({ at: '12:03', last: '12:03', before: '11:50', since: '12:02', perMinute: 200 }))
      .decides(
        { type: 'gap.opened', startAt: clock('11:50') },
        { type: 'records.written' },
        { type: 'gap.ended', gap: 1, endAt: clock('12:02'), knownBy: { kind: 'record' } },
        ...opening,
      );
  });

  test('finds no record at all → silent, and only the alert tells since when', () => {
    given(opened(), alertFired())
      .when(reads({ at: '12:00', last: null }))
      .decides({ type: 'records.silent', lastRecordAt: null }, byAlert, ...opening);
  });

  test('can not be made → the alert tells the start; a declared incident has none to tell', () => {
    given(opened(), alertFired())
      .when(unseen)
      .decides({ type: 'records.unseen', failure: 'the connection timed out' }, byAlert, ...opening);
    given(opened())
      .when(unseen)
      .decides({ type: 'records.unseen' }, ...opening);
  });

  test('for a declared incident → a silence within the tolerance of five minutes is no gap, a longer one is', () => {
    given(opened())
      .when(reads({ at: '12:00', last: '11:57', before: '11:57' }))
      .decides({ type: 'records.written' }, ...opening);
    given(opened())
      .when(reads({ at: '12:00', last: '11:55', before: '11:55' }))
      .decides({ type: 'records.silent' }, { type: 'gap.opened', startAt: clock('11:55') }, ...opening);
  });

  test('after a person declared the gap → their start stays', () => {
    const declared = has({
      type: 'gap.opened',
      gap: 1,
      startAt: clock('11:40'),
      knownBy: { kind: 'person', name: 'robin' },
      because: null,
    });
    given(opened(), alertFired(), declared)
      .when(reads({ at: '12:00', last: '11:57', before: '11:57' }))
      .decides({ type: 'records.silent' }, ...opening);
  });

  test('twice → the second is a later look, and nothing is new', () => {
    const look = reads({ at: '12:00', last: '11:57', before: '11:57' });
    given(opened(), alertFired())
      .when(look)
      .decides({ type: 'records.silent' }, { type: 'gap.opened' }, ...opening)
      .when(look)
      .decidesNothing();
  });
});

describe('while the table is silent', () => {
  test('and stays so → nothing', () => {
    given(incidentOpen())
      .when(reads({ at: '12:05', last: '11:57', before: '11:57' }))
      .decidesNothing();
  });

  test('and a record comes → the gap ends with it, channel and PagerDuty hear the length', () => {
    given(incidentOpen())
      .when(reads({ at: '12:09:30', last: '12:09:20', before: '11:57', since: '12:09', perMinute: 40 }), { at: '12:09:30' })
      .decides(
        { type: 'records.written', lastRecordAt: clock('12:09:20'), perMinute: 40 },
        { type: 'gap.ended', gap: 1, endAt: clock('12:09'), knownBy: { kind: 'record' } },
        returned('12 minutes'),
        queues({
          kind: 'note',
          alertId: 'P1',
          text: 'has audit records again. Gap from 2026-01-05 11:57:00 UTC to 2026-01-05 12:09:00 UTC (12 minutes).',
        }),
      );
  });

  test('and a person has moved the start behind that record → only they know its end', () => {
    given(opened(), alertFired(), tableSilent('11:57'), gapOpened('12:05'), rootPosted())
      .when(reads({ at: '12:10', last: '12:04', since: '12:04' }))
      .decides({ type: 'records.written' }, returned(''), note);
  });

  test('and the table can no longer be seen → the thread hears it, once', () => {
    given(incidentOpen())
      .when(unseen)
      .decides({ type: 'records.unseen' }, tellsThread('records-unseen', { failure: 'the connection timed out' }))
      .when(unseen)
      .decidesNothing();
  });
});

describe('while records are written', () => {
  const trickling = () => [opened(), alertFired(), tableWritten('12:00'), gapOpened('11:58', 'alert'), rootPosted()];

  test('and the usual rate is back → a gap known by the alert ends a minute ago, by the rate', () => {
    given(trickling())
      .when(reads({ at: '12:08', last: '12:08', perMinute: 50 }))
      .decides({ type: 'gap.ended', gap: 1, endAt: clock('12:07'), knownBy: { kind: 'rate' } }, returned('9 minutes'), note);
  });

  test('and they only trickle → the gap stays open', () => {
    given(trickling())
      .when(reads({ at: '12:08', last: '12:08', perMinute: 49 }))
      .decidesNothing();
  });

  test('and the gap is younger than a minute → it waits', () => {
    given(trickling())
      .when(reads({ at: '11:58:30', last: '11:58:30', perMinute: 200 }))
      .decidesNothing();
  });

  test('and a person declared the gap → no rate ends it', () => {
    given(opened(), tableWritten('12:00'), gapOpened('11:40', 'record'), rootPosted())
      .when(reads({ at: '12:08', last: '12:08', perMinute: 200 }))
      .decidesNothing();
  });

  test('and they stop for exactly the tolerance → nothing yet; for longer → another gap, and the channel hears it', () => {
    given(gapOver())
      .when(reads({ at: '12:14', last: '12:09' }))
      .decidesNothing();
    given(gapOver())
      .when(reads({ at: '12:14:01', last: '12:09' }))
      .decides(
        { type: 'records.silent', lastRecordAt: clock('12:09') },
        { type: 'gap.opened', gap: 2, startAt: clock('12:09'), knownBy: { kind: 'record' } },
        tellsChannel('gap-opened', { since: '2026-01-05 12:09:00 UTC', tolerance: '5 minutes' }),
      );
  });

  test('and they stop while a gap is open → silent and told, but no second gap', () => {
    given(trickling())
      .when(reads({ at: '12:10', last: '12:04' }))
      .decides({ type: 'records.silent' }, tellsChannel('gap-opened'));
  });
});

describe('the table can be seen again', () => {
  const guessed = () => [opened(), alertFired(), tableUnseen(), gapOpened('11:58', 'alert'), rootPosted()];

  test('and is silent → the start that was guessed from the alert becomes the last record', () => {
    given(guessed())
      .when(reads({ at: '12:04', last: '11:52', before: '11:52' }))
      .decides(
        { type: 'records.silent', lastRecordAt: clock('11:52') },
        { type: 'gap.corrected', gap: 1, edge: 'start', at: clock('11:52'), formerly: clock('11:58'), knownBy: { kind: 'record' } },
        tellsThread('gap-corrected', { edge: 'start', by: 'a record in the audit table' }),
      );
  });

  test('and holds records after the silence → start and end are known', () => {
    given(guessed())
      .when(reads({ at: '12:06', last: '12:06', before: '11:52', since: '12:05', perMinute: 90 }))
      .decides(
        { type: 'records.written' },
        { type: 'gap.corrected', edge: 'start', at: clock('11:52') },
        tellsThread('gap-corrected'),
        { type: 'gap.ended', gap: 1, endAt: clock('12:05') },
        returned('13 minutes'),
        note,
      );
  });

  test('and records trickled through → written; the gap stays as the alert told it', () => {
    given(guessed())
      .when(reads({ at: '12:06', last: '12:06', before: '11:59', since: '12:00', perMinute: 3 }))
      .decides({ type: 'records.written' });
  });

  test('without a gap → a quiet minute is none, a silence beyond the tolerance is', () => {
    given(opened(), tableUnseen(), rootPosted())
      .when(reads({ at: '12:06', last: '12:05' }))
      .decides({ type: 'records.written' });
    given(opened(), tableUnseen(), rootPosted())
      .when(reads({ at: '12:06', last: '12:00' }))
      .decides({ type: 'records.silent' }, { type: 'gap.opened', startAt: clock('12:00') }, tellsChannel('gap-opened'));
  });

  test('and is empty → silent', () => {
    given(guessed())
      .when(reads({ at: '12:06', last: null }))
      .decides({ type: 'records.silent', lastRecordAt: null });
  });
});

describe('after the resolution', () => {
  test('with every gap ended → the table is not looked at for it any more', () => {
    given(incidentResolved())
      .when(reads({ at: '12:30', last: '12:12' }))
      .decidesNothing();
  });

  test('with a gap left open → its end is still found', () => {
    const anyway = has({ type: 'incident.resolved', rootCause: null, anywayBecause: 'the vendor repairs it', unmet: ['silent'] }, robin);
    given(incidentOpen(), at('12:10', anyway))
      .when(reads({ at: '13:00', last: '13:00', before: '11:57', since: '12:59', perMinute: 60 }))
      .decides({ type: 'records.written' }, { type: 'gap.ended', endAt: clock('12:59') }, returned('1 hour 2 minutes'), note);
  });
});
