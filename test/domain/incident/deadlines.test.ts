import { describe, test } from 'vitest';
import { COMMANDS, examplesOf } from '#harness/commands.ts';
import { A_DAY, type Command, clock, type Happened, type History } from '#harness/decisions.ts';
import {
  has,
  incidentOpen,
  incidentResolved,
  openingNoticeSent,
  queued,
  queues,
  resolved,
  robin,
  sent,
  tellsChannel,
  timer,
} from '#harness/histories.ts';

const given = examplesOf('deadlines');
const by = timer;

describe('the follow-up is due', () => {
  const due = COMMANDS['follow-up-due'].example;

  test('a day after the resolution → what is still open is named, with its owner, once', () => {
    given(incidentResolved(), has({ type: 'task.taken', task: 'risk-assessment', slackId: robin.slackId, name: 'robin' }, robin))
      .when(due, { by, at: A_DAY + 12 })
      .decides(tellsChannel('follow-up', { hours: '24' }))
      .when(due, { by, at: A_DAY + 13 })
      .decidesNothing();
  });

  test('of an earlier resolution, too early, after closing, or while open again → nothing', () => {
    given(incidentResolved())
      .when({ ...due, resolution: 2 }, { by, at: A_DAY + 12 })
      .decidesNothing();
    given(incidentResolved()).when(due, { by, at: A_DAY }).decidesNothing();
    given(incidentResolved(), has({ type: 'incident.closed' }, robin))
      .when(due, { by, at: A_DAY + 12 })
      .decidesNothing();
    given(incidentResolved(), has({ type: 'incident.reopened', because: 'PagerDuty reopened the alert' }))
      .when(due, { by, at: A_DAY + 12 })
      .decidesNothing();
  });
});

describe('the post-mortem is due', () => {
  const due = COMMANDS['post-mortem-due'].example;
  const scheduled = (days: number): Happened => has({ type: 'post-mortem.scheduled', for: clock(days * A_DAY) }, robin);

  test('at its time → the channel hears it with the newest document, once', () => {
    given(incidentResolved(), scheduled(2), sent('reports/post-mortem/9', { kind: 'post-mortem' }, { file: 'post-mortem.md' }))
      .when(due, { by, at: 2 * A_DAY })
      .decides(tellsChannel('post-mortem-now', { file: 'post-mortem.md' }))
      .when(due, { by, at: 2 * A_DAY })
      .decidesNothing();
    given(incidentResolved(), scheduled(2))
      .when(due, { by, at: 2 * A_DAY })
      .decides(tellsChannel('post-mortem-now', { file: '' }));
  });

  test('that was moved, never scheduled, or comes too early → nothing', () => {
    given(incidentResolved(), scheduled(2), scheduled(3))
      .when(due, { by, at: 2 * A_DAY })
      .decidesNothing();
    given(incidentResolved())
      .when(due, { by, at: 2 * A_DAY })
      .decidesNothing();
    given(incidentResolved(), scheduled(2))
      .when(due, { by, at: 2 * A_DAY - 1 })
      .decidesNothing();
  });
});

describe('the notification of HHS is due', () => {
  const due = COMMANDS['hhs-due'].example;
  const decided = (required: boolean): Happened => has({ type: 'hhs.decided', required, because: 'a reason' }, robin);

  test('in 30 days → the channel and the Privacy Officer are reminded of the day, once', () => {
    given(incidentResolved(), decided(true))
      .when(due, { by, at: 30 * A_DAY })
      .decides(
        tellsChannel('hhs-deadline', { daysLeft: '30', deadline: '2026-03-06 12:00:00 UTC' }),
        queues({ kind: 'hhs-notice', daysLeft: 30 }),
      )
      .when(due, { by, at: 30 * A_DAY })
      .decidesNothing()
      .when({ kind: 'hhs-due', daysLeft: 14 }, { by, at: 46 * A_DAY })
      .decides(tellsChannel('hhs-deadline', { daysLeft: '14' }), queues({ kind: 'hhs-notice', daysLeft: 14 }));
  });

  test('but it was notified, need not be, nobody has decided, or it is too early → nothing', () => {
    given(incidentResolved(), decided(true), has({ type: 'hhs.notified' }, robin))
      .when(due, { by, at: 30 * A_DAY })
      .decidesNothing();
    given(incidentResolved(), decided(true), decided(false))
      .when(due, { by, at: 30 * A_DAY })
      .decidesNothing();
    given(incidentResolved())
      .when(due, { by, at: 30 * A_DAY })
      .decidesNothing();
    given(incidentResolved(), decided(true))
      .when(due, { by, at: 29 * A_DAY })
      .decidesNothing();
  });
});

describe('a receipt is due', () => {
  const due = COMMANDS['receipt-due'].example;

  test('and nobody has acknowledged it → the channel hears it, once', () => {
    given(incidentOpen(), openingNoticeSent())
      .when(due, { by, at: '13:00' })
      .decides(tellsChannel('notice-unconfirmed', { notice: 'opening notice' }))
      .when(due, { by, at: '13:01' })
      .decidesNothing();
  });

  test('but its reader has, or it never went out → nothing', () => {
    given(incidentOpen(), openingNoticeSent(), has({ type: 'notice.received', key: 'mail/opening-notice' }))
      .when(due, { by, at: '13:00' })
      .decidesNothing();
    given(incidentOpen(), queued('mail/opening-notice', { kind: 'opening-notice' }))
      .when(due, { by, at: '13:00' })
      .decidesNothing();
  });
});

describe('a remedy expires', () => {
  const request = 'remedy-1';
  const planning: Command = { kind: 'remedy-expires', request, what: 'planning' };
  const plan = COMMANDS['remedy-expires'].example;
  const asked = (): History => [
    incidentOpen(),
    has({ type: 'remedy.asked', remedy: 'restart', argument: 'web', request, dryRun: false }, robin),
  ];
  const planned = (): History => [
    asked(),
    has({ type: 'remedy.planned', request, plan: COMMANDS['remedy-planned'].example.plan, expiresAt: clock('12:15') }),
    queued('slack/remedy/remedy-1', { kind: 'remedy-message', request }),
  ];

  test('without a plan in time → it is over, and its message says so', () => {
    given(asked())
      .when(planning, { by, at: '12:05' })
      .decides(
        { type: 'remedy.ended', outcome: 'refused', message: 'It could not be planned in time. Nothing was changed.' },
        queues({ kind: 'remedy-message', request }),
      )
      .when(planning, { by, at: '12:05' })
      .decidesNothing();
  });

  test('without an approval in time → it is over, even after the resolution', () => {
    for (const history of [planned(), [planned(), resolved()]])
      given(history)
        .when(plan, { by, at: '12:15' })
        .decides(
          { type: 'remedy.ended', outcome: 'expired', message: 'Nobody approved it in time. Nothing was changed.' },
          queues({ kind: 'remedy-conclusion', request }),
        )
        .when(plan, { by, at: '12:15' })
        .decidesNothing();
  });

  test('but it was planned, approved, or nobody asked for it → nothing', () => {
    given(planned()).when(planning, { by, at: '12:05' }).decidesNothing();
    given(planned()).when(plan, { by, at: '12:14:59' }).decidesNothing();
    given(planned(), has({ type: 'remedy.approved', request }, robin))
      .when(plan, { by, at: '12:15' })
      .decidesNothing();
    given(incidentOpen()).when(plan, { by }).decidesNothing().when(planning, { by }).decidesNothing();
  });
});
