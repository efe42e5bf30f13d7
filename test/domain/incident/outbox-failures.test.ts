import { describe, expect, test } from 'vitest';
import { examplesOf, fails, goesOut } from '#harness/commands.ts';
import { A_DAY, clock, type History, type IncidentEvent } from '#harness/decisions.ts';
import {
  at,
  delivered,
  has,
  incidentOpen,
  incidentResolved,
  opened,
  queued,
  queues,
  resolved,
  sent,
  tellsChannel,
  tellsThread,
} from '#harness/histories.ts';

const given = examplesOf('outbox-failures');

type Payload = Extract<IncidentEvent, { type: 'outbox.queued' }>['payload'];

const failedBefore = (key: string, attempt: number): History =>
  has({ type: 'outbox.failed', key, attempt, outcome: 'unavailable', detail: 'no answer', retryAt: clock('12:00') });

const out = { type: 'outbox.delivered' } as const;

describe('a message fails', () => {
  const note = (): History => [incidentOpen(), queued('pagerduty/note/P1/9', { kind: 'note', alertId: 'P1', text: 'is open.' })];

  test('for the first time → it is tried again about a second later, and nobody is bothered', () => {
    const from = 0.75 / 60;
    const until = 1.25 / 60;
    given(note())
      .when(fails('pagerduty/note/P1/9'))
      .decides({
        type: 'outbox.failed',
        attempt: 1,
        outcome: 'unavailable',
        detail: 'no answer within 5 seconds',
        retryAt: between(from, until),
      })
      .leaves({ outbox: [{}, { status: { name: 'due', attempts: 1, lastFailure: { detail: 'no answer within 5 seconds' } } }] });
  });

  test('for the ninth time → about a minute later, never longer', () => {
    given(note(), failedBefore('pagerduty/note/P1/9', 8))
      .when(fails('pagerduty/note/P1/9'))
      .decides({ type: 'outbox.failed', attempt: 9, retryAt: between(0.75, 1.25) });
  });

  test('and the service says when to come back → not before that', () => {
    given(note())
      .when(fails('pagerduty/note/P1/9', { retryAfterMilliseconds: 300_000 }))
      .decides({ type: 'outbox.failed', retryAt: clock('12:05') });
  });

  test('at PagerDuty or for a report, three times → the thread hears it; the fourth time it does not', () => {
    given(note(), failedBefore('pagerduty/note/P1/9', 2))
      .when(fails('pagerduty/note/P1/9'))
      .decides(
        { type: 'outbox.failed', attempt: 3 },
        tellsThread('call-abandoned', { state: 'failing', detail: 'no answer within 5 seconds' }),
      )
      .when(fails('pagerduty/note/P1/9'))
      .decides({ type: 'outbox.failed', attempt: 4 });
  });

  test('by mail, and it may have gone out → the next copies go far apart, and after the third there is none', () => {
    const unclear = { outcome: 'unclear', detail: 'the mail server did not answer in time' } as const;
    given(incidentOpen(), queued('mail/opening-notice', { kind: 'opening-notice' }))
      .when(fails('mail/opening-notice', unclear))
      .decides({ type: 'outbox.failed', attempt: 1, outcome: 'unclear', retryAt: clock('12:05') })
      .when(fails('mail/opening-notice', unclear), { at: '12:05' })
      .decides({ type: 'outbox.failed', attempt: 2, retryAt: clock('13:05') })
      .when(fails('mail/opening-notice', unclear), { at: '13:05' })
      .decides({ type: 'outbox.abandoned', attempt: 3, outcome: 'unclear' }, tellsChannel('notice-unclear', { state: 'given up' }));
  });

  test('by mail, three times → only the record knows', () => {
    given(incidentOpen(), queued('mail/opening-notice', { kind: 'opening-notice' }), failedBefore('mail/opening-notice', 2))
      .when(fails('mail/opening-notice', { outcome: 'refused', detail: '550 no such user' }))
      .decides({ type: 'outbox.failed', attempt: 3, outcome: 'refused', detail: '550 no such user' });
  });

  test('that nobody asked for, or that went out → nothing', () => {
    given(incidentOpen()).when(fails('slack/update/7')).decidesNothing();
    given(note(), delivered('pagerduty/note/P1/9')).when(fails('pagerduty/note/P1/9')).decidesNothing();
  });

  test('and then goes out → the attempts are counted', () => {
    given(note(), failedBefore('pagerduty/note/P1/9', 2))
      .when(goesOut('pagerduty/note/P1/9'))
      .decides({ type: 'outbox.delivered', attempt: 3 });
  });
});

describe('a message is given up', () => {
  const cases: readonly [string, Payload, number, RegExp][] = [
    ['slack', { kind: 'update', number: 1, missed: [], whyMissed: null }, 6 * 60, /post update 1/],
    ['pagerduty', { kind: 'page-next-level', alertId: 'P1', level: 2 }, 2 * 60, /page escalation level 2/],
    [
      'mail',
      { kind: 'escalation-notice', escalation: 'gap/1800000', role: 'security-officer' },
      24 * 60,
      /send the escalation to the Security Officer/,
    ],
    ['reports', { kind: 'post-mortem' }, 60, /write the post-mortem document/],
  ];

  test.each(cases)('at %s, %o, only after %i minutes → the channel hears what could not be done', (_, payload, minutes, what) => {
    const waiting = (): History => [incidentOpen(), queued('any/message', payload), failedBefore('any/message', 40)];
    given(waiting())
      .when(fails('any/message'), { at: minutes - 2 })
      .decides({ type: 'outbox.failed', attempt: 41 });
    given(waiting())
      .when(fails('any/message'), { at: minutes })
      .decides(
        { type: 'outbox.abandoned', attempt: 41, outcome: 'unavailable' },
        tellsChannel('call-abandoned', { state: 'given up', what: expect.stringMatching(what) }),
      )
      .when(fails('any/message'))
      .decidesNothing();
  });

  test('only when it was tried for so long: what Gapwatch did not try while it was down does not count', () => {
    given(incidentOpen(), queued('slack/update/1', { kind: 'update', number: 1, missed: [], whyMissed: null }))
      .when(fails('slack/update/1'), { at: '19:00' })
      .decides({ type: 'outbox.failed', attempt: 1 })
      .when(fails('slack/update/1'), { at: 13 * 60 - 2 })
      .decides({ type: 'outbox.failed', attempt: 2 })
      .when(fails('slack/update/1'), { at: 13 * 60 })
      .decides({ type: 'outbox.abandoned', attempt: 3 }, tellsChannel('call-abandoned'));
  });

  test('but never the root message of an open incident', () => {
    const waiting = (): History => [
      opened(),
      queued('slack/initial-post', { kind: 'initial-post' }),
      failedBefore('slack/initial-post', 400),
    ];
    given(waiting())
      .when(fails('slack/initial-post'), { at: 3 * A_DAY })
      .decides({ type: 'outbox.failed', attempt: 401 });
    given(waiting(), resolved())
      .when(fails('slack/initial-post'), { at: 3 * A_DAY })
      .decides({ type: 'outbox.abandoned' }, tellsChannel('call-abandoned', { what: 'post the initial message' }));
  });

  test('that is itself a short message → no other follows, or they would never end', () => {
    given(
      incidentOpen(),
      queued('slack/claimed/9', { kind: 'announcement', name: 'claimed', details: {}, broadcast: false }),
      failedBefore('slack/claimed/9', 40),
    )
      .when(fails('slack/claimed/9'), { at: 7 * 60 })
      .decides({ type: 'outbox.abandoned' });
  });

  test('every kind of message has words for what could not be done', () => {
    const request = 'remedy-1';
    const kinds: readonly [Payload, string][] = [
      [{ kind: 'initial-post' }, 'post the initial message'],
      [{ kind: 'resolution-post' }, 'post the resolution'],
      [{ kind: 'check-answer', check: 'scope', request }, 'post the answer of scope'],
      [{ kind: 'remedy-message', request }, 'post the remedy'],
      [{ kind: 'opening-notice' }, 'send the opening notice to the Privacy Officer'],
      [{ kind: 'final-notice' }, 'send the final notice to the Privacy Officer'],
      [{ kind: 'correction-notice', changes: [] }, 'send a correction to the Privacy Officer'],
      [{ kind: 'hhs-notice', daysLeft: 3 }, 'remind the Privacy Officer of the HHS deadline'],
      [{ kind: 'by-hand-notice', role: 'senior-engineer' }, 'send the steps to do by hand to the Senior Engineer'],
      [{ kind: 'resolve-alert', alertId: 'P1' }, 'resolve the PagerDuty alert'],
    ];
    for (const [payload, what] of kinds)
      given(incidentResolved(), at('12:12', queued('any/message', payload)), failedBefore('any/message', 40))
        .when(fails('any/message'), { at: 25 * 60 })
        .decides({ type: 'outbox.abandoned' }, tellsChannel('call-abandoned', { what }));
  });
});

describe('the report of the resolution fails', () => {
  const waiting = (): History => [incidentResolved(), queued('reports/resolution-report/1', { kind: 'gap-report' })];
  const failing = fails('reports/resolution-report/1', { detail: 'the disk is full' });

  test('→ the resolution post does not wait for it; from the third time on the final notice does not either', () => {
    given(waiting())
      .when(failing)
      .decides({ type: 'outbox.failed', attempt: 1 }, queues({ kind: 'resolution-post' }))
      .when(failing)
      .decides({ type: 'outbox.failed', attempt: 2 })
      .when(failing)
      .decides(
        { type: 'outbox.failed', attempt: 3 },
        queues({ kind: 'final-notice' }),
        tellsThread('call-abandoned', { what: 'write the gap report' }),
      )
      .when(failing)
      .decides({ type: 'outbox.failed', attempt: 4 });
  });

  test('and is given up before the third time → the resolution post and the final notice go all the same', () => {
    given(waiting())
      .when(fails('reports/resolution-report/1', { retryAfterMilliseconds: 2 * 3_600_000 }))
      .decides(
        { type: 'outbox.abandoned', attempt: 1 },
        queues({ kind: 'resolution-post' }),
        queues({ kind: 'final-notice' }),
        tellsChannel('call-abandoned', { what: 'write the gap report' }),
      );
  });

  test('and then succeeds → only what has not gone yet goes', () => {
    given(waiting(), at('12:13', sent('slack/resolution/1', { kind: 'resolution-post' })))
      .when(goesOut('reports/resolution-report/1', { file: 'report.md' }))
      .decides(out, queues({ kind: 'share-report' }), queues({ kind: 'final-notice' }));
  });

  test('in between, for a report that somebody asked for → nothing waits for it', () => {
    given(incidentOpen(), queued('reports/gap-report/9', { kind: 'gap-report' }))
      .when(fails('reports/gap-report/9'))
      .decides({ type: 'outbox.failed' });
  });
});

/** Any moment between so many minutes after noon. */
function between(from: number, until: number): Date {
  return expect.toSatisfy(
    (value: Date) => value >= clock(from) && value <= clock(until),
    `a time from ${from} to ${until} minutes after noon`,
  );
}
