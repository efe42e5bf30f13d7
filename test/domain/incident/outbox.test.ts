import { describe, test } from 'vitest';
import { examplesOf, fails, goesOut } from '#harness/commands.ts';
import { clock, type History, type IncidentEvent } from '#harness/decisions.ts';
import {
  alertFired,
  alertIs,
  has,
  incidentOpen,
  incidentResolved,
  opened,
  queued,
  queues,
  resolved,
  tableSilent,
  tellsChannel,
  tellsThread,
} from '#harness/histories.ts';

const given = examplesOf('outbox');

type Payload = Extract<IncidentEvent, { type: 'outbox.queued' }>['payload'];

const out = { type: 'outbox.delivered' } as const;
const acknowledge = { kind: 'acknowledge', alertId: 'P1' } as const;
const asRobin = { kind: 'acknowledge-as', alertId: 'P1', slackId: 'U0000000001', name: 'robin' } as const;
const acknowledging = (): History => [incidentOpen(), queued('pagerduty/acknowledge/P1', acknowledge)];
const claiming = (): History => [incidentOpen(), queued('pagerduty/acknowledge-as/P1/9', asRobin)];

describe('the root message is posted', () => {
  const waiting = (): History => [opened(), alertFired(), tableSilent('11:57'), queued('slack/initial-post', { kind: 'initial-post' })];
  const posted = { channel: 'C1', ts: '1767614402.000100', permalink: 'https://slack.example/root' };

  test('→ update 1 is due five minutes after the post, and PagerDuty gets the link', () => {
    given(waiting())
      .when(goesOut('slack/initial-post', posted), { at: '12:04' })
      .decides(
        { type: 'outbox.delivered', key: 'slack/initial-post', attempt: 1, dueAt: clock('12:00') },
        { type: 'update.scheduled', number: 1, dueAt: clock('12:05:02') },
        queues({ kind: 'note', alertId: 'P1', text: 'is open. Follow it here: https://slack.example/root' }),
      );
  });

  test('told a second time → nothing', () => {
    given(waiting())
      .when(goesOut('slack/initial-post', posted))
      .decides(out, { type: 'update.scheduled' }, queues({ kind: 'note' }))
      .when(goesOut('slack/initial-post', posted))
      .decidesNothing();
  });

  test('after the resolution → no update is scheduled', () => {
    given(waiting(), resolved())
      .when(goesOut('slack/initial-post', posted))
      .decides(out, queues({ kind: 'note' }));
  });

  test('with a timestamp that Slack can not have given → the clock counts', () => {
    given(waiting())
      .when(goesOut('slack/initial-post', { ...posted, ts: 'soon' }), { at: '12:04' })
      .decides(out, { type: 'update.scheduled', dueAt: clock('12:09') }, queues({ kind: 'note' }));
  });
});

describe('PagerDuty takes the acknowledgement', () => {
  test('→ the alert counts as acknowledged and the thread hears it, once an incident', () => {
    given(acknowledging())
      .when(goesOut('pagerduty/acknowledge/P1'))
      .decides(out, tellsThread('acknowledged'))
      .leaves({ alerts: [{ status: 'acknowledged' }] });
    given(acknowledging(), alertFired('P2'), queued('pagerduty/acknowledge/P2', { kind: 'acknowledge', alertId: 'P2' }))
      .when(goesOut('pagerduty/acknowledge/P1'))
      .decides(out, tellsThread('acknowledged'))
      .when(goesOut('pagerduty/acknowledge/P2'))
      .decides(out);
  });

  test('but Sam was first → the thread hears that; of one that is resolved already the channel hears that', () => {
    given(acknowledging())
      .when(goesOut('pagerduty/acknowledge/P1', { already: 'acknowledged', acknowledgedBy: 'Sam' }))
      .decides(out, tellsThread('already-acknowledged', { agent: 'Sam' }));
    given(acknowledging())
      .when(goesOut('pagerduty/acknowledge/P1', { already: 'resolved' }))
      .decides(out, tellsChannel('alert-already-resolved'))
      .leaves({ alerts: [{ status: 'resolved' }] });
  });

  test('of a claim → the alert gets a note; where claiming acknowledges, the thread hears that too', () => {
    const note = queues({ kind: 'note', alertId: 'P1', text: 'has a responder: robin is on it.' });
    given(claiming()).when(goesOut('pagerduty/acknowledge-as/P1/9')).decides(out, note);
    given(claiming())
      .when(goesOut('pagerduty/acknowledge-as/P1/9'), { policy: { acknowledge: 'on-claim' } })
      .decides(out, tellsThread('acknowledged'), note);
  });
});

test('the next level is paged → the channel hears it, once a level', () => {
  const page = (alertId: string): Payload => ({ kind: 'page-next-level', alertId, level: 2 });
  given(
    incidentOpen(),
    alertIs('acknowledged'),
    alertFired('P2', 'billing'),
    queued('pagerduty/page/P1/9', page('P1')),
    queued('pagerduty/page/P2/9', page('P2')),
  )
    .when(goesOut('pagerduty/page/P1/9'))
    .decides(out, tellsChannel('escalated', { level: '2' }))
    .leaves({ pagedLevel: 2, alerts: [{ id: 'P1', status: 'triggered' }, { id: 'P2' }] })
    .when(goesOut('pagerduty/page/P2/9'))
    .decides(out);
});

test('the alert is resolved in PagerDuty → it counts as resolved before the webhook says so', () => {
  given(incidentResolved(), queued('pagerduty/resolve/P1/1', { kind: 'resolve-alert', alertId: 'P1' }))
    .when(goesOut('pagerduty/resolve/P1/1'))
    .decides(out)
    .leaves({ alerts: [{ status: 'resolved' }] });
});

describe('a notice goes out', () => {
  const notices: readonly Payload[] = [
    { kind: 'opening-notice' },
    { kind: 'final-notice' },
    { kind: 'correction-notice', changes: [] },
    { kind: 'escalation-notice', escalation: 'gap/1800000', role: 'security-officer' },
    { kind: 'hhs-notice', daysLeft: 30 },
    { kind: 'by-hand-notice', role: 'privacy-officer' },
  ];

  test.each(notices)('$kind, to everybody → nothing more; with an address refused → the channel hears whose', (payload) => {
    const waiting = (): History => [incidentOpen(), queued('mail/notice', payload)];
    given(waiting()).when(goesOut('mail/notice')).decides(out);
    given(waiting())
      .when(goesOut('mail/notice', { refusedRoles: ['privacy-officer', 'security-officer'] }))
      .decides(out, tellsChannel('notice-refused', { roles: 'privacy-officer, security-officer' }));
  });
});

describe('a document is written', () => {
  const share = queues({ kind: 'share-report', file: 'report.md' });

  test('the report of the resolution → it is shared, and lets the resolution post and the final notice go, once', () => {
    given(incidentResolved(), queued('reports/resolution-report/1', { kind: 'gap-report' }))
      .when(goesOut('reports/resolution-report/1', { file: 'report.md' }))
      .decides(out, share, queues({ kind: 'resolution-post' }), queues({ kind: 'final-notice' }))
      .when(goesOut('reports/resolution-report/1', { file: 'report.md' }))
      .decidesNothing();
  });

  test('a report in between, or the post-mortem → only shared', () => {
    given(incidentOpen(), queued('reports/gap-report/9', { kind: 'gap-report' }))
      .when(goesOut('reports/gap-report/9', { file: 'report.md' }))
      .decides(out, share);
    given(incidentResolved(), queued('reports/post-mortem/9', { kind: 'post-mortem' }))
      .when(goesOut('reports/post-mortem/9', { file: 'report.md' }))
      .decides(out, share);
  });
});

describe('nothing follows', () => {
  const request = 'remedy-1';
  const messages: readonly Payload[] = [
    { kind: 'update', number: 1, missed: [], whyMissed: null },
    { kind: 'resolution-post' },
    { kind: 'announcement', name: 'claimed', details: {}, broadcast: false },
    { kind: 'check-answer', check: 'scope', request },
    { kind: 'check-conclusion', check: 'scope', request },
    { kind: 'remedy-message', request },
    { kind: 'remedy-conclusion', request },
    { kind: 'share-chart', check: 'rate', request },
    { kind: 'share-report', file: 'report.md' },
    { kind: 'note', alertId: 'P1', text: 'is open.' },
  ];

  test.each(messages)('when $kind went out', (payload) => {
    given(incidentOpen(), queued('any/message', payload))
      .when(goesOut('any/message'))
      .decides(out)
      .when(goesOut('any/message'))
      .decidesNothing();
  });

  test('when a message went out that nobody asked for, that was superseded, or given up', () => {
    const update: Payload = { kind: 'update', number: 1, missed: [], whyMissed: null };
    given(incidentOpen()).when(goesOut('slack/update/7')).decidesNothing();
    given(
      incidentOpen(),
      queued('slack/update/1', update),
      has({ type: 'outbox.superseded', key: 'slack/update/1', because: 'update 2 says it' }),
    )
      .when(goesOut('slack/update/1'))
      .decidesNothing()
      .when(fails('slack/update/1'))
      .decidesNothing();
  });
});
