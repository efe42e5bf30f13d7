import { describe, test } from 'vitest';
import { COMMANDS, examplesOf } from '#harness/commands.ts';
import { clock } from '#harness/decisions.ts';
import {
  alertFired,
  alertIs,
  at,
  gapEnded,
  has,
  incidentOpen,
  incidentResolved,
  opened,
  queues,
  robin,
  sent,
  timer,
} from '#harness/histories.ts';

const given = examplesOf('escalations');
const escalate = COMMANDS.escalate.example;
const due = COMMANDS['escalation-due'].example;

describe('a person escalates', () => {
  test('with an alert open → the level after the first is paged', () => {
    given(incidentOpen())
      .when(escalate)
      .decides({ type: 'escalation.requested' }, queues({ kind: 'page-next-level', alertId: 'P1', level: 2 }));
  });

  test('after level 2 was paged → level 3', () => {
    given(incidentOpen(), sent('pagerduty/page/P1/9', { kind: 'page-next-level', alertId: 'P1', level: 2 }))
      .when(escalate)
      .decides({ type: 'escalation.requested' }, queues({ kind: 'page-next-level', level: 3 }));
  });

  test('with several alerts of one service → nobody is paged twice, and another service is paged too', () => {
    given(incidentOpen(), alertFired('P2'), alertFired('P3', 'billing'), alertFired('P4', 'billing'), alertIs('resolved', 'P3'))
      .when(escalate)
      .decides(
        { type: 'escalation.requested' },
        queues({ kind: 'page-next-level', alertId: 'P1' }),
        queues({ kind: 'page-next-level', alertId: 'P4' }),
      );
  });

  test('with no alert open → refused: there is nobody to page', () => {
    given(opened())
      .when(escalate)
      .refuses('already-so', /nobody to page. Call the next person yourself/);
    given(incidentOpen(), alertIs('resolved'))
      .when(escalate)
      .refuses('already-so', /nobody to page/);
  });

  test('after the resolution → refused', () => {
    given(incidentResolved())
      .when(escalate)
      .refuses('already-resolved', /INC-1 was resolved/);
  });
});

describe('the next escalation of the policy', () => {
  test('when the incident opens → 15 minutes after it started', () => {
    given()
      .when(COMMANDS.declare.example)
      .decides({ type: 'incident.opened' })
      .schedules({ kind: 'timer', command: { kind: 'escalation-due' }, dueAt: clock('12:15') });
  });

  test('when the start of the gap is corrected → follows the gap', () => {
    const reached = has({ type: 'escalation.reached', escalation: 'incident/900000', why: '', notify: [], unreachable: [], say: '' });
    given(incidentOpen(), at('12:15', reached))
      .when({ kind: 'move-gap', edge: 'start', at: clock('11:50'), because: null }, { by: robin })
      .decides({ type: 'gap.corrected' }, { type: 'outbox.queued', payload: { kind: 'announcement', name: 'gap-corrected' } })
      .schedules({ kind: 'timer', command: { kind: 'escalation-due' }, dueAt: clock('12:20') });
  });

  test('when the gap has ended in time → never comes', () => {
    given(incidentOpen(), at('12:09', gapEnded('12:09')))
      .when(due, { by: timer, at: '12:14' })
      .decidesNothing();
  });
});
