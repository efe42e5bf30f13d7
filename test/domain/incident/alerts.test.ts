import { describe, test } from 'vitest';
import { COMMANDS, examplesOf } from '#harness/commands.ts';
import { A_DAY, type Command, clock, type Time } from '#harness/decisions.ts';
import {
  alert,
  alertFired,
  alertIs,
  at,
  has,
  incidentOpen,
  incidentResolved,
  opened,
  queued,
  queues,
  robin,
  sam,
  sent,
  tableUnseen,
  tableWritten,
  tellsChannel,
  tellsThread,
} from '#harness/histories.ts';

const given = examplesOf('alerts');

type Change = Extract<Command, { kind: 'alert-changed' }>['change'];

const fires = (id: string, createdAt: Time = '12:00'): Command => ({
  kind: 'alert-fired',
  number: 1,
  alert: alert(id, { createdAt }),
  seenBy: 'webhook',
});
const changes = (event: Change['event'], also: Partial<Change> = {}): Command => ({
  kind: 'alert-changed',
  change: { alertId: 'P1', event, agent: 'Sam', detail: '', occurredAt: clock('12:05'), seenBy: 'webhook', ...also },
});
const acknowledge = { kind: 'acknowledge', alertId: 'P1' } as const;

describe('an alert fires', () => {
  test('when there is no incident → it opens INC-1 at its own time and is acknowledged', () => {
    given()
      .when(fires('P1', '11:58'))
      .decides(
        { type: 'incident.opened', number: 1, startedAt: clock('11:58'), reason: 'AuditLogFailure P1' },
        { type: 'alert.fired', alert: { id: 'P1' }, seenBy: 'webhook' },
        queues(acknowledge, '12:00'),
      )
      .leaves({ phase: { name: 'open' }, alerts: [{ id: 'P1', status: 'triggered' }] })
      .schedules(
        { kind: 'first-reading', dueAt: clock('12:00') },
        { kind: 'timer', command: { kind: 'claim-due' }, dueAt: clock('12:05') },
      );
  });

  test.each([
    ['an hour ahead, by a wrong clock', '13:00'],
    ['two days old, from a restored backup', -2 * A_DAY],
  ])('with a time %s → the incident starts now instead', (_, createdAt) => {
    given()
      .when(fires('P1', createdAt))
      .decides({ type: 'incident.opened', startedAt: clock('12:00') }, { type: 'alert.fired' }, queues(acknowledge));
  });

  test('and the team acknowledges by claiming → nothing is acknowledged for them', () => {
    given()
      .when(fires('P1'), { policy: { acknowledge: 'on-claim' } })
      .decides({ type: 'incident.opened' }, { type: 'alert.fired' });
  });

  test('while INC-1 is open → it joins, is acknowledged, and the thread hears it', () => {
    given(incidentOpen())
      .when(fires('P2'), { at: '12:03' })
      .decides(
        { type: 'alert.fired', alert: { id: 'P2' } },
        queues({ kind: 'acknowledge', alertId: 'P2' }),
        tellsThread('alert-joined', { title: 'AuditLogFailure P2', service: 'audit' }),
      );
  });

  test('a second time, told by the poll as well → nothing', () => {
    given(incidentOpen())
      .when({ ...COMMANDS['alert-fired'].example, seenBy: 'poll' })
      .decidesNothing();
    given()
      .when(fires('P1'))
      .decides({ type: 'incident.opened' }, { type: 'alert.fired' }, queues(acknowledge))
      .when(fires('P1'))
      .decidesNothing();
  });
});

describe('a person declares', () => {
  test('an incident without an alert → it opens now, with what they saw', () => {
    given()
      .when(COMMANDS.declare.example, { at: '12:20' })
      .decides({ type: 'incident.opened', startedAt: clock('12:20'), reason: 'nurses see no records' })
      .leaves({ isDrill: false, alerts: [] });
  });

  test('a drill → it is marked from the first event on', () => {
    given()
      .when({ kind: 'declare', number: 1, reason: 'exercise', isDrill: true })
      .decides({ type: 'incident.opened', drill: true })
      .leaves({ isDrill: true });
  });

  test('while INC-1 is open → refused, and told to add a note instead', () => {
    given(incidentOpen())
      .when(COMMANDS.declare.example)
      .refuses('already-open', /INC-1 is already open.*\/incident note/);
  });
});

describe('PagerDuty tells of an alert', () => {
  test('that Sam acknowledged → kept, and the thread hears who', () => {
    given(incidentOpen())
      .when(changes('acknowledged'), { at: '12:05' })
      .decides({ type: 'alert.changed', event: 'acknowledged', agent: 'Sam' }, tellsThread('already-acknowledged', { agent: 'Sam' }))
      .leaves({ alerts: [{ id: 'P1', status: 'acknowledged' }] });
  });

  test('an acknowledgement that Gapwatch itself has asked for → kept without a word', () => {
    given(incidentOpen(), queued('pagerduty/acknowledge/P1', acknowledge))
      .when(changes('acknowledged'), { at: '12:05' })
      .decides({ type: 'alert.changed' });
    given(incidentOpen(), at('12:04', sent('pagerduty/acknowledge/P1', acknowledge)))
      .when(changes('acknowledged'), { at: '12:05' })
      .decides({ type: 'alert.changed' });
  });

  test('an acknowledgement long after our own → somebody else did it, and the thread hears it', () => {
    given(incidentOpen(), at('12:00', sent('pagerduty/acknowledge/P1', acknowledge)))
      .when(changes('acknowledged'), { at: '12:03' })
      .decides({ type: 'alert.changed' }, tellsThread('already-acknowledged'));
  });

  test('that the acknowledgement ran out → the channel hears it', () => {
    given(incidentOpen(), alertIs('acknowledged'))
      .when(changes('unacknowledged'))
      .decides({ type: 'alert.changed' }, tellsChannel('alert-unacknowledged', { title: 'AuditLogFailure P1' }))
      .leaves({ alerts: [{ status: 'triggered' }] });
  });

  test('that it is triggered anew because Gapwatch paged the next level → kept without a word', () => {
    const page = { kind: 'page-next-level', alertId: 'P1', level: 2 } as const;
    given(incidentOpen(), sent('pagerduty/page/P1/9', page)).when(changes('unacknowledged')).decides({ type: 'alert.changed' });
    given(incidentOpen(), sent('pagerduty/page/P1/9', page)).when(changes('escalated')).decides({ type: 'alert.changed' });
  });

  test('that it follows a claim with a new responder → kept without a word', () => {
    const asSam = { kind: 'acknowledge-as', alertId: 'P1', slackId: sam.slackId, name: 'sam' } as const;
    given(incidentOpen(), queued('pagerduty/acknowledge-as/P1/9', asSam)).when(changes('reassigned')).decides({ type: 'alert.changed' });
  });

  test.each(['reassigned', 'escalated', 'delegated', 'annotated', 'priority_updated'] as const)(
    'that it was %s → the thread hears it',
    (event) => {
      given(incidentOpen())
        .when(changes(event, { detail: 'to the\ndatabase team' }))
        .decides({ type: 'alert.changed', event }, tellsThread('alert-event', { event, agent: 'Sam', detail: 'to the database team' }));
    },
  );

  test('a note that Gapwatch wrote itself → kept without a word', () => {
    given(incidentOpen())
      .when(changes('annotated', { detail: 'Gapwatch: INC-1 is open.' }))
      .decides({ type: 'alert.changed' });
  });

  test('something it has no word for → kept without a word', () => {
    given(incidentOpen()).when(changes('other')).decides({ type: 'alert.changed', event: 'other' });
  });

  test('of an alert that belongs to no incident → nothing', () => {
    given(incidentOpen())
      .when(changes('acknowledged', { alertId: 'P9' }))
      .decidesNothing();
  });

  test('by the poll, what is known already → nothing', () => {
    given(incidentOpen(), alertIs('acknowledged'))
      .when(changes('acknowledged', { seenBy: 'poll' }))
      .decidesNothing();
    given(incidentOpen())
      .when(changes('unacknowledged', { seenBy: 'poll' }))
      .decidesNothing();
    given(incidentOpen())
      .when(changes('resolved', { seenBy: 'poll' }))
      .decides({ type: 'alert.changed' }, tellsChannel('alert-resolved-while-silent'))
      .when(changes('resolved', { seenBy: 'poll' }))
      .decidesNothing();
  });
});

describe('PagerDuty resolves the alert', () => {
  test('while records are written → the thread hears it; the incident stays open', () => {
    given(incidentOpen(), tableWritten('12:04'))
      .when(changes('resolved'))
      .decides({ type: 'alert.changed' }, tellsThread('alert-resolved'))
      .leaves({ phase: { name: 'open' }, alerts: [{ status: 'resolved' }] });
  });

  test('while the table is silent → the channel is warned since when', () => {
    given(incidentOpen())
      .when(changes('resolved'))
      .decides(
        { type: 'alert.changed' },
        tellsChannel('alert-resolved-while-silent', { records: 'silent', since: '2026-01-05 11:57:00 UTC' }),
      );
  });

  test('while the table can not be seen, or was not looked at yet → the channel hears that too', () => {
    given(incidentOpen(), tableUnseen())
      .when(changes('resolved'))
      .decides({ type: 'alert.changed' }, tellsChannel('alert-resolved-while-silent', { records: 'unseen', since: '' }));
    given(opened(), alertFired())
      .when(changes('resolved'))
      .decides({ type: 'alert.changed' }, tellsChannel('alert-resolved-while-silent', { records: 'unknown' }));
  });

  test('of an incident that is resolved → kept without a word', () => {
    given(incidentResolved()).when(changes('resolved')).decides({ type: 'alert.changed' });
  });
});

describe('PagerDuty reopens the alert', () => {
  test('while INC-1 is open → the thread hears it', () => {
    given(incidentOpen())
      .when(changes('reopened'))
      .decides({ type: 'alert.changed' }, tellsThread('alert-event', { event: 'reopened' }));
  });

  test('after INC-1 was resolved → it is open again, the channel hears it, and updates go on', () => {
    given(incidentResolved(), alertIs('resolved'))
      .when(changes('reopened'), { at: '12:30' })
      .decides(
        { type: 'alert.changed', event: 'reopened' },
        { type: 'incident.reopened', because: 'PagerDuty reopened the alert' },
        tellsChannel('reopened'),
        { type: 'update.scheduled', number: 1, dueAt: clock('12:35') },
      )
      .leaves({ phase: { name: 'open' }, alerts: [{ status: 'triggered' }] })
      .schedules({ kind: 'poll-table' });
  });

  test('after INC-1 was closed → it is no longer closed', () => {
    given(incidentResolved(), alertIs('resolved'), has({ type: 'incident.closed' }, robin))
      .when(changes('reopened'))
      .decides({ type: 'alert.changed' }, { type: 'incident.reopened' }, tellsChannel('reopened'), { type: 'update.scheduled' })
      .leaves({ followUp: { closed: null } });
  });
});
