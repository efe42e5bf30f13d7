import { describe, test } from 'vitest';
import { examplesOf, reads } from '#harness/commands.ts';
import { type Command, clock, type History, type Time } from '#harness/decisions.ts';
import {
  at,
  finalNoticeSent,
  gapEnded,
  gapOpened,
  gapOver,
  incidentOpen,
  incidentResolved,
  opened,
  openingNoticeSent,
  queues,
  resolved,
  robin,
  rootPosted,
  tableSilent,
  tableUnseen,
  tableWritten,
  tellsChannel,
  tellsThread,
} from '#harness/histories.ts';

const given = examplesOf('gap-corrections');

const moves = (edge: 'start' | 'end', time: Time, because: string | null = null): Extract<Command, { kind: 'move-gap' }> => ({
  kind: 'move-gap',
  edge,
  at: clock(time),
  because,
});

const returned = (length: string) => tellsChannel('records-returned', { length });
const note = queues({ kind: 'note', alertId: 'P1' });

describe('a person corrects the gap', () => {
  test('its start → kept with the former value, who and why, and the thread hears it', () => {
    given(incidentOpen())
      .when(moves('start', '11:50', 'the proxy log shows it'), { by: robin })
      .decides(
        {
          type: 'gap.corrected',
          edge: 'start',
          at: clock('11:50'),
          formerly: clock('11:57'),
          knownBy: { kind: 'person', name: 'robin' },
          because: 'the proxy log shows it',
        },
        tellsThread('gap-corrected', { formerly: '2026-01-05 11:57:00 UTC', by: 'robin', because: 'the proxy log shows it' }),
      )
      .leaves({ gaps: [{ start: { at: clock('11:50') }, end: 'ongoing' }] });
  });

  test('its end, once it has one → corrected; while it is open → ended', () => {
    given(gapOver())
      .when(moves('end', '12:08'), { at: '12:20' })
      .decides({ type: 'gap.corrected', edge: 'end', at: clock('12:08'), formerly: clock('12:09') }, tellsThread('gap-corrected'));
    given(opened(), tableUnseen(), gapOpened('11:57'))
      .when(moves('end', '12:08'), { at: '12:20' })
      .decides(
        { type: 'gap.ended', endAt: clock('12:08'), knownBy: { kind: 'person' } },
        tellsThread('gap-corrected', { formerly: 'not known' }),
      );
  });

  test('where none is known → its start opens one', () => {
    given(opened())
      .when(moves('start', '11:50'))
      .decides({ type: 'gap.opened', gap: 1, startAt: clock('11:50') }, tellsThread('gap-corrected'));
  });

  test.each<[string, Command, RegExp]>([
    ['a time ahead', moves('start', '12:40'), /still ahead.*A gap's start lies in the past/],
    ['a time years ago', moves('start', -600_000), /more than a year before the incident. Check the date/],
    ['an end before the start', moves('end', '11:56'), /The gap started at 2026-01-05 11:57:00 UTC; its end can't be/],
    ['an end with the start', moves('end', '11:57'), /its end can't be/],
    ['an end while the table is silent', moves('end', '12:10'), /silent since 2026-01-05 11:57:00 UTC, so the gap can't have ended/],
  ])('to %s → refused, with why', (_, command, why) => {
    given(incidentOpen()).when(command, { at: '12:30' }).refuses('impossible-time', why);
  });

  test('to a start after its end, or an end where no gap is known → refused', () => {
    given(gapOver())
      .when(moves('start', '12:10'), { at: '12:30' })
      .refuses('impossible-time', /ended at 2026-01-05 12:09:00 UTC; its start can't be/);
    given(opened())
      .when(moves('end', '11:59'))
      .refuses('impossible-time', /No gap is known yet.*\/incident gap start/);
  });
});

describe('a gap is moved to where another one lies', () => {
  const two = (): History => [gapOver(), at('12:20', tableSilent('12:19'), gapOpened('12:19', 'record', 2))];

  test('before the end of the one before → refused, with its times; they may touch', () => {
    given(two())
      .when(moves('start', '12:08'), { at: '12:30' })
      .refuses(
        'impossible-time',
        /Gap 1 started at 2026-01-05 11:57:00 UTC and ended at 2026-01-05 12:09:00 UTC; with its start at 2026-01-05 12:08:00 UTC, gap 2 would/,
      );
    given(two())
      .when(moves('start', '12:09'), { at: '12:30' })
      .decides({ type: 'gap.corrected', gap: 2, at: clock('12:09') }, tellsThread('gap-corrected'));
  });

  test('around the whole of it → refused; beyond an earlier start → refused too', () => {
    given(two(), at('12:25', gapEnded('12:25', 2)))
      .when(moves('start', '11:50'), { at: '12:30' })
      .refuses('impossible-time', /Gap 1 started at/);
    given(gapOpenEarlier())
      .when(moves('end', '12:15'), { at: '12:30' })
      .refuses('impossible-time', /Gap 2 started at 2026-01-05 12:10:00 UTC and ended at 2026-01-05 12:12:00 UTC/);
  });

  const gapOpenEarlier = (): History => [
    opened(),
    tableUnseen(),
    gapOpened('11:57'),
    gapOpened('12:10', 'record', 2),
    gapEnded('12:12', 2),
  ];
});

describe('the Privacy Officer was told', () => {
  test('the start by the opening notice → a mail corrects it; the end was not told yet', () => {
    given(gapOver(), openingNoticeSent())
      .when(moves('start', '11:50'), { at: '12:30' })
      .decides(
        { type: 'gap.corrected' },
        tellsThread('gap-corrected'),
        queues({
          kind: 'correction-notice',
          changes: [{ what: 'Gap start', formerly: '2026-01-05 11:57:00 UTC', now: '2026-01-05 11:50:00 UTC' }],
        }),
      );
    given(gapOver(), openingNoticeSent())
      .when(moves('end', '12:08'), { at: '12:30' })
      .decides({ type: 'gap.corrected' }, tellsThread('gap-corrected'));
  });

  test('the end by the final notice → a mail corrects that too', () => {
    given(incidentResolved(), openingNoticeSent(), finalNoticeSent())
      .when({ ...moves('end', '12:08'), anyway: true, because: 'the log shows it' }, { at: '12:30' })
      .decides(
        { type: 'gap.corrected' },
        tellsThread('gap-corrected'),
        queues({ kind: 'correction-notice', changes: [{ what: 'Gap end' }] }),
      );
  });

  test('that there was no gap → one that is found after the resolution is told', () => {
    given(opened(), tableWritten('12:00'), rootPosted(), resolved(), openingNoticeSent(), finalNoticeSent())
      .when({ ...moves('start', '11:50'), anyway: true, because: 'the log shows it' })
      .decides(
        { type: 'gap.opened' },
        tellsThread('gap-corrected'),
        queues({ kind: 'correction-notice', changes: [{ what: 'Gap start', formerly: 'no such gap', now: '2026-01-05 11:50:00 UTC' }] }),
      );
  });

  test('that the gap was still open → its end is told when it is found', () => {
    given(incidentOpen(), openingNoticeSent(), finalNoticeSent())
      .when(
        reads({
          at: '12:10',
          written: [
            ['11:30', '11:57'],
            ['12:09', '12:10'],
          ],
        }),
      )
      .decides(
        { type: 'records.written' },
        { type: 'gap.ended' },
        returned('12 minutes'),
        note,
        queues({ kind: 'correction-notice', changes: [{ what: 'Gap end', formerly: 'ongoing', now: '2026-01-05 12:09:00 UTC' }] }),
      );
  });
});

describe('what a person declares is held against the table', () => {
  const evidence = { recordsInside: 5323, silences: [{ start: clock('11:57'), end: 'ongoing' as const }] };

  test('records lie inside the new gap → refused with the figures; anyway, with a reason, it is recorded', () => {
    given(incidentOpen())
      .when({ ...moves('start', '10:00'), evidence })
      .refuses(
        'contradicted',
        /holds 5,323 records between 2026-01-05 10:00:00 UTC and now.*silent from 2026-01-05 11:57:00 UTC to now\. To record it/,
      )
      .when({ ...moves('start', '10:00'), evidence, anyway: true, because: 'they are test records' })
      .decides({ type: 'gap.corrected', at: clock('10:00'), because: 'they are test records' }, tellsThread('gap-corrected'));
  });

  test('no record was written at the claimed end → refused, naming the silence', () => {
    given(gapOver())
      .when(
        { ...moves('end', '12:03'), evidence: { recordsInside: 0, silences: [{ start: clock('11:57'), end: clock('12:09') }] } },
        { at: '12:30' },
      )
      .refuses(
        'contradicted',
        /No audit record was written at 2026-01-05 12:03:00 UTC: the last one before it is from 2026-01-05 11:57:00 UTC/,
      );
  });

  test('of a resolved incident → only after saying so', () => {
    given(incidentResolved())
      .when({ ...moves('end', '12:08'), evidence: { recordsInside: 0, silences: [] } }, { at: '12:30' })
      .refuses('contradicted', /INC-1 was resolved at .*; this would change its record/);
  });

  test('while the table can not be read → the person is believed', () => {
    given(incidentOpen())
      .when({ ...moves('start', '11:50'), evidence: null })
      .decides({ type: 'gap.corrected' }, tellsThread('gap-corrected'));
  });
});
