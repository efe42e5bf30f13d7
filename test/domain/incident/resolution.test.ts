import { describe, test } from 'vitest';
import { examplesOf, readingAt } from '#harness/commands.ts';
import { A_DAY, type Command, clock, type History, type Time } from '#harness/decisions.ts';
import {
  alertFired,
  alertIs,
  at,
  failed,
  finalNoticeSent,
  gapOver,
  has,
  incidentOpen,
  incidentResolved,
  opened,
  openingNoticeSent,
  queues,
  robin,
  rootPosted,
  tableUnseen,
  tableWritten,
  tellsChannel,
  tellsThread,
  updateQueued,
} from '#harness/histories.ts';

const given = examplesOf('resolution');

type Resolve = Extract<Command, { kind: 'resolve' }>;

/** The table as it was read: silent since 11:57, or with records again from 12:09 to `last`. */
const seen = (last: Time | null, read: Time = '12:12'): Resolve['reading'] =>
  readingAt({
    at: read,
    written:
      last === null
        ? []
        : last === '11:57'
          ? [['11:30', '11:57']]
          : [
              ['11:30', '11:57'],
              ['12:09', last],
            ],
  });
const unseen: Resolve['reading'] = { kind: 'unseen', failure: 'the connection timed out' };
const resolve = (reading: Resolve['reading'] = seen('12:12'), also: Partial<Resolve> = {}): Resolve => ({
  kind: 'resolve',
  rootCause: 'a migration revoked INSERT',
  anywayBecause: null,
  reading,
  ...also,
});

const now = { by: robin, at: '12:12' };
const report = queues({ kind: 'gap-report' });
const closesAlert = [
  queues({ kind: 'note', alertId: 'P1', text: 'is resolved. Root cause: a migration revoked INSERT' }),
  queues({ kind: 'resolve-alert', alertId: 'P1' }),
];
const returns = [
  { type: 'records.written' } as const,
  { type: 'gap.ended', endAt: clock('12:09') } as const,
  tellsChannel('records-returned'),
  queues({ kind: 'note', alertId: 'P1' }),
];

describe('a person resolves', () => {
  test('with records written and every gap ended → resolved: first the report, then PagerDuty', () => {
    given(gapOver())
      .when(resolve(), now)
      .decides(
        { type: 'incident.resolved', rootCause: 'a migration revoked INSERT', anywayBecause: null, unmet: [] },
        report,
        ...closesAlert,
      )
      .leaves({ phase: { name: 'resolved', by: 'robin' }, nextUpdate: null, resolutions: 1 })
      .schedules(
        { kind: 'count-earlier-gaps' },
        { kind: 'timer', command: { kind: 'follow-up-due', hours: 24, resolution: 1 }, dueAt: clock(12 + A_DAY) },
        { kind: 'timer', command: { kind: 'follow-up-due', hours: 48, resolution: 1 }, dueAt: clock(12 + 2 * A_DAY) },
      );
  });

  test('twice → refused, with who was first', () => {
    given(gapOver())
      .when(resolve(), now)
      .decides({ type: 'incident.resolved' }, report, ...closesAlert)
      .when(resolve(), now)
      .refuses('already-resolved', /INC-1 was resolved at 2026-01-05 12:12:00 UTC by robin/);
    given(incidentResolved())
      .when(resolve())
      .refuses('already-resolved', /by robin/);
  });

  test('the moment records are back → the fresh reading ends the gap, and it is resolved with it', () => {
    given(incidentOpen())
      .when(resolve(seen('12:12')), now)
      .decides(...returns, { type: 'incident.resolved', unmet: [] }, report, ...closesAlert);
  });

  test('without naming a cause → the one that was stated counts', () => {
    given(gapOver(), has({ type: 'cause.stated', text: 'the disk was full' }, robin))
      .when(resolve(seen('12:12'), { rootCause: null }), now)
      .decides(
        { type: 'incident.resolved', rootCause: null },
        report,
        queues({ kind: 'note', text: 'is resolved. Root cause: the disk was full' }),
        queues({ kind: 'resolve-alert' }),
      )
      .leaves({ rootCause: 'the disk was full' });
    given(gapOver())
      .when(resolve(seen('12:12'), { rootCause: null }), now)
      .decides(
        { type: 'incident.resolved' },
        report,
        queues({ kind: 'note', text: 'is resolved. Root cause: not yet known' }),
        queues({ kind: 'resolve-alert' }),
      );
  });

  test('with an alert that PagerDuty resolved → only the others are resolved there', () => {
    given(gapOver(), alertFired('P2'), alertIs('resolved'))
      .when(resolve(), now)
      .decides(
        { type: 'incident.resolved' },
        report,
        queues({ kind: 'note', alertId: 'P2' }),
        queues({ kind: 'resolve-alert', alertId: 'P2' }),
      );
  });

  test('with an update waiting for Slack → it is not posted any more', () => {
    given(gapOver(), updateQueued(1), failed('slack/update/1'))
      .when(resolve(), now)
      .decides(
        { type: 'incident.resolved' },
        { type: 'outbox.superseded', key: 'slack/update/1', because: 'the incident was resolved' },
        report,
        ...closesAlert,
      );
  });

  test('with the form filled in → details and the time of the post-mortem are kept too', () => {
    given(gapOver())
      .when(resolve(seen('12:12'), { details: { resolution: 'granted INSERT', prevention: '' }, postMortemAt: clock(2 * A_DAY) }), now)
      .decides(
        { type: 'detail.stated', detail: 'resolution', text: 'granted INSERT' },
        { type: 'incident.resolved' },
        report,
        ...closesAlert,
        { type: 'post-mortem.scheduled', for: clock(2 * A_DAY) },
        tellsChannel('post-mortem-scheduled'),
        queues({ kind: 'post-mortem' }),
      );
  });

  test('again, after PagerDuty had reopened it → a second resolution with a report of its own', () => {
    given(incidentResolved(), at('12:30', has({ type: 'incident.reopened', because: 'PagerDuty reopened the alert' })))
      .when(resolve(seen('12:40', '12:40')), { by: robin, at: '12:40' })
      .decides(
        { type: 'incident.resolved' },
        { type: 'outbox.queued', key: 'reports/resolution-report/2', payload: { kind: 'gap-report' } },
        ...closesAlert,
      )
      .leaves({ resolutions: 2 });
  });
});

describe('resolving is refused', () => {
  test.each(['12:00', '12:12'])('with a post-mortem that is not ahead, %s → nothing is kept', (time) => {
    given(gapOver())
      .when(resolve(seen('12:12'), { postMortemAt: clock(time) }), now)
      .refuses('impossible-time', /has already passed. Give a time ahead for the post-mortem/)
      .leaves({ phase: { name: 'open' }, followUp: { postMortemAt: null } });
  });

  const howElse = /\/incident resolve anyway because <reason>.*\/incident gap end <time>/;

  test('while the table is silent and the gap is open → both are named, with what can be done', () => {
    given(incidentOpen())
      .when(resolve(seen('11:57')), now)
      .refuses(
        'not-resolvable-yet',
        /No audit record has been written since 2026-01-05 11:57:00 UTC\.\n• The gap that began at 2026-01-05 11:57:00 UTC is still open/,
      )
      .leaves({ phase: { name: 'open' } });
    given(incidentOpen())
      .when(resolve(seen('11:57')), now)
      .refuses('not-resolvable-yet', howElse);
  });

  test('when the fresh reading finds the table silent again → what it saw is kept all the same', () => {
    given(gapOver())
      .when(resolve(seen('12:09', '12:20')), { at: '12:20' })
      .refuses(
        'not-resolvable-yet',
        /No audit record/,
        { type: 'records.silent' },
        { type: 'gap.opened', gap: 2 },
        tellsChannel('gap-opened'),
      );
  });

  test('when the table can not be seen → Gapwatch does not guess', () => {
    given(gapOver())
      .when(resolve(unseen), now)
      .refuses(
        'not-resolvable-yet',
        /can't see whether records are written: the connection timed out/,
        { type: 'records.unseen' },
        tellsThread('records-unseen'),
      );
    given(opened(), rootPosted(), tableUnseen())
      .when(resolve(unseen), now)
      .refuses('not-resolvable-yet', /can't see/);
  });

  test('while a gap that a person declared beside a writing table is open → the gap is named', () => {
    const declared = has({
      type: 'gap.opened',
      gap: 1,
      startAt: clock('11:50'),
      knownBy: { kind: 'person', name: 'robin' },
      because: null,
    });
    const declaredGap: History = [opened(), alertFired(), tableWritten('12:00'), declared, rootPosted()];
    given(declaredGap)
      .when(resolve(readingAt({ at: '12:12', written: [['11:30', '12:12']], inside: [['11:50', null]] })), now)
      .refuses(
        'not-resolvable-yet',
        /^INC-1 is not resolved yet:\n• The gap that began at 2026-01-05 11:50:00 UTC is still open\.\n[^•]*$/,
      );
  });

  test('when the table holds no record at all', () => {
    given(opened(), rootPosted())
      .when(resolve(seen(null)), now)
      .refuses('not-resolvable-yet', /No audit record has been written at all/, { type: 'records.silent' });
  });
});

describe('a person resolves anyway', () => {
  const because = { anywayBecause: 'the vendor repairs it tonight' };

  test('while the table is silent → resolved, with the reason and what was unmet on the record', () => {
    given(incidentOpen())
      .when(resolve(seen('11:57'), because), now)
      .decides(
        {
          type: 'incident.resolved',
          anywayBecause: 'the vendor repairs it tonight',
          unmet: [
            'No audit record has been written since 2026-01-05 11:57:00 UTC.',
            'The gap that began at 2026-01-05 11:57:00 UTC is still open.',
          ],
        },
        report,
        ...closesAlert,
      );
  });

  test('though nothing speaks against it → the reason is not needed and not kept', () => {
    given(gapOver())
      .when(resolve(seen('12:12'), because), now)
      .decides({ type: 'incident.resolved', anywayBecause: null, unmet: [] }, report, ...closesAlert);
  });
});

test('the gap is corrected by the resolution itself, after both notices → the Privacy Officer gets a correction', () => {
  given(incidentOpen(), openingNoticeSent(), finalNoticeSent())
    .when(resolve(seen('12:12')), now)
    .decides(...returns, { type: 'incident.resolved' }, report, ...closesAlert, queues({ kind: 'correction-notice' }));
});
