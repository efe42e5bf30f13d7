import { describe, test } from 'vitest';
import { COMMANDS, examplesOf } from '#harness/commands.ts';
import { A_DAY, clock } from '#harness/decisions.ts';
import {
  at,
  delivered,
  finalNoticeSent,
  has,
  incidentOpen,
  incidentResolved,
  kim,
  openingNoticeSent,
  queued,
  queues,
  reader,
  robin,
  sent,
  tellsChannel,
  tellsThread,
} from '#harness/histories.ts';

const given = examplesOf('follow-up');
const assess = COMMANDS.assess.example;
const schedule = COMMANDS['schedule-post-mortem'].example;
const hhs = COMMANDS['decide-hhs'].example;
const notified = COMMANDS['hhs-notified'].example;
const received = COMMANDS['notice-received'].example;
const report = queues({ kind: 'gap-report' });

describe('a person assesses the compliance impact', () => {
  test('after the resolution → kept with their name, told, and the report is written anew', () => {
    given(incidentResolved())
      .when(assess, { by: kim, at: '12:30' })
      .decides(
        { type: 'assessment.confirmed', assessment: { durationImpact: 'Medium', access: 'about 120 accesses' } },
        tellsChannel('assessed', { summary: 'Medium: twelve minutes without records.' }),
        report,
      )
      .leaves({ followUp: { assessment: { by: 'kim', at: clock('12:30') } } });
  });

  test('after the final notice → a first assessment corrects nothing; another figure does', () => {
    given(incidentResolved(), openingNoticeSent(), finalNoticeSent())
      .when(assess)
      .decides({ type: 'assessment.confirmed' }, tellsChannel('assessed'), report)
      .when({ ...assess, assessment: { ...assess.assessment, access: 'about 40 accesses' } })
      .decides(
        { type: 'assessment.confirmed' },
        tellsChannel('assessed'),
        report,
        queues({
          kind: 'correction-notice',
          changes: [{ what: 'PHI access during the gap', formerly: 'about 120 accesses', now: 'about 40 accesses' }],
        }),
      );
  });

  test('while the incident is open → refused', () => {
    given(incidentOpen())
      .when(assess)
      .refuses('not-resolvable-yet', /INC-1 is still open; its impact can be assessed once it is resolved/);
  });
});

describe('the post-mortem gets its time', () => {
  test('ahead → kept, told, its document is written, and the timer is set', () => {
    given(incidentResolved())
      .when(schedule)
      .decides(
        { type: 'post-mortem.scheduled', for: clock(2 * A_DAY) },
        tellsChannel('post-mortem-scheduled', { at: '2026-01-07 12:00:00 UTC' }),
        queues({ kind: 'post-mortem' }),
      )
      .schedules({ kind: 'timer', command: { kind: 'post-mortem-due', for: clock(2 * A_DAY) }, dueAt: clock(2 * A_DAY) });
  });

  test('even while the incident is open, and another time later → the new one counts', () => {
    given(incidentOpen())
      .when(schedule)
      .decides({ type: 'post-mortem.scheduled' }, tellsChannel('post-mortem-scheduled'), queues({ kind: 'post-mortem' }))
      .when({ kind: 'schedule-post-mortem', for: clock(3 * A_DAY) })
      .decides({ type: 'post-mortem.scheduled' }, tellsChannel('post-mortem-scheduled'), queues({ kind: 'post-mortem' }))
      .leaves({ followUp: { postMortemAt: clock(3 * A_DAY) } });
  });

  test.each([0, -60])('that is not ahead, by %i minutes → refused', (minutes) => {
    given(incidentOpen())
      .when({ kind: 'schedule-post-mortem', for: clock(minutes) }, { at: '12:00' })
      .refuses('impossible-time', /has already passed. Give a time ahead/);
  });
});

describe('a person decides about HHS', () => {
  test('that it must be notified → told with the deadline, and every reminder up to it is set', () => {
    given(incidentResolved())
      .when(hhs)
      .decides(
        { type: 'hhs.decided', required: true, because: 'PHI was exposed' },
        tellsChannel('hhs-decided', { required: 'yes', because: 'PHI was exposed', deadline: '2026-03-06 12:00:00 UTC' }),
      )
      .schedules(
        ...[30, 14, 7, 3, 1, 0].map((daysLeft) => ({
          kind: 'timer' as const,
          command: { kind: 'hhs-due' as const, daysLeft },
          dueAt: clock((60 - daysLeft) * A_DAY),
        })),
      );
  });

  test('that it need not be → told with the reason', () => {
    given(incidentResolved())
      .when({ kind: 'decide-hhs', required: false, because: 'no PHI was exposed' })
      .decides({ type: 'hhs.decided', required: false }, tellsChannel('hhs-decided', { required: 'no' }));
  });

  test('and notifies it → kept and told; a second time is refused', () => {
    given(incidentResolved(), has({ type: 'hhs.decided', required: true, because: 'PHI was exposed' }, robin))
      .when(notified, { by: kim, at: 20 * A_DAY })
      .decides({ type: 'hhs.notified' }, tellsChannel('hhs-notified'))
      .when(notified)
      .refuses('already-so', /HHS was notified at 2026-01-25 12:00:00 UTC, says kim/);
  });

  test('the same once more → refused, with who said it; that HHS was notified stays true, also under another reason', () => {
    given(incidentResolved(), at('12:20', has({ type: 'hhs.decided', required: true, because: 'PHI was exposed' }, robin)))
      .when(notified, { by: kim, at: '12:30' })
      .decides({ type: 'hhs.notified' }, tellsChannel('hhs-notified'))
      .when(hhs, { by: kim, at: '12:40' })
      .refuses('already-so', /HHS must be notified, because PHI was exposed: robin said so at 2026-01-05 12:20:00 UTC/)
      .when({ kind: 'decide-hhs', required: true, because: 'more than 500 records' }, { by: kim, at: '12:50' })
      .decides({ type: 'hhs.decided', because: 'more than 500 records' }, tellsChannel('hhs-decided'))
      .leaves({ followUp: { hhs: { by: 'kim', notified: { by: 'kim', at: clock('12:30') } } } });
  });

  test('not at all, or that it need not be → "notified" is refused', () => {
    given(incidentResolved())
      .when(notified)
      .refuses('already-so', /Nobody has said that HHS must be notified/);
    given(incidentResolved(), has({ type: 'hhs.decided', required: false, because: 'no PHI' }))
      .when(notified)
      .refuses('already-so', /\/incident hhs required because/);
  });
});

describe('the reader of a notice acknowledges its receipt', () => {
  test('→ kept and told which notice; a second press is refused', () => {
    given(incidentOpen(), openingNoticeSent())
      .when(received, { by: reader, at: '12:20' })
      .decides({ type: 'notice.received', key: 'mail/opening-notice' }, tellsThread('notice-received', { notice: 'opening notice' }))
      .when(received, { by: reader })
      .refuses('already-so', /Its receipt was acknowledged at 2026-01-05 12:20:00 UTC/);
  });

  test.each([
    ['mail/final-notice/1', 'final notice'],
    ['mail/correction/40', 'correction'],
  ])('of %s → the thread hears "%s"', (key, notice) => {
    given(incidentResolved(), sent(key, { kind: 'final-notice' }))
      .when({ kind: 'notice-received', key }, { by: reader })
      .decides({ type: 'notice.received', key }, tellsThread('notice-received', { notice }));
  });

  test('of a notice that is not on record → refused', () => {
    given(incidentOpen())
      .when(received, { by: reader })
      .refuses('unknown-notice', /This link belongs to no notice on record/);
  });

  test('when a notice went out with a link → its receipt is due an hour later', () => {
    given(incidentOpen(), queued('mail/opening-notice', { kind: 'opening-notice' }))
      .when({ kind: 'outbox-delivered', key: 'mail/opening-notice', answer: { message: 'taken', asksReceipt: true } }, { at: '12:01' })
      .decides({ type: 'outbox.delivered' })
      .schedules({ kind: 'timer', command: { kind: 'receipt-due', key: 'mail/opening-notice' }, dueAt: clock('13:01') });
  });
});

test('earlier gaps are counted → kept for the assessment, unknown too', () => {
  given(incidentResolved())
    .when(COMMANDS['count-earlier-gaps'].example)
    .decides({ type: 'earlier-gaps.counted', count: 2, text: 'two gaps in twelve months' })
    .when({ kind: 'count-earlier-gaps', count: null, text: 'the table could not be read' })
    .decides({ type: 'earlier-gaps.counted', count: null })
    .leaves({ followUp: { earlierGaps: { count: null, text: 'the table could not be read' } } });
});

test('somebody asks for the report → it is written, each time anew', () => {
  given(incidentOpen(), at('12:10', delivered('slack/initial-post')))
    .when(COMMANDS['write-report'].example)
    .decides(report)
    .when(COMMANDS['write-report'].example)
    .decides(report);
});

test('the evidence is signed → statement, signature and key are on the record', () => {
  given(incidentResolved())
    .when(COMMANDS['keep-signature'].example)
    .decides({ type: 'evidence.signed', statement: '{}', signature: 'c2ln', publicKey: 'a2V5' });
});

test('a command is denied → what was tried and why is on the record', () => {
  given(incidentOpen())
    .when(COMMANDS.deny.example)
    .decides({ type: 'command.denied', what: '/incident gap end 12:00', why: 'robin is not an approver' });
});
