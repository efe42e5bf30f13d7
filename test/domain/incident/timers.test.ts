import { describe, test } from 'vitest';
import { COMMANDS, examplesOf } from '#harness/commands.ts';
import { type Command, clock, type Happened, type History, type Time } from '#harness/decisions.ts';
import {
  alertFired,
  alertIs,
  at,
  claimedBy,
  delivered,
  failed,
  gapEnded,
  has,
  incidentOpen,
  incidentResolved,
  opened,
  openingNoticeSent,
  queued,
  queues,
  resolved,
  robin,
  sent,
  tellsChannel,
  tellsThread,
  timer,
  updateDueAfter,
  updateQueued,
} from '#harness/histories.ts';

const given = examplesOf('timers');
const by = timer;
const update = (number: number): Command => ({ kind: 'update-due', number });

describe('the claim is due', () => {
  const due = COMMANDS['claim-due'].example;

  test('after five minutes without a claim → the next level is paged and the channel hears it, once', () => {
    given(incidentOpen())
      .when(due, { by, at: '12:05' })
      .decides(
        { type: 'commander.overdue' },
        queues({ kind: 'page-next-level', alertId: 'P1', level: 2 }),
        tellsChannel('claim-overdue', { after: '5 minutes', pages: '2' }),
      )
      .when(due, { by, at: '12:06' })
      .decidesNothing();
  });

  test('with no alert to page → only the channel hears it', () => {
    given(opened())
      .when(due, { by, at: '12:05' })
      .decides({ type: 'commander.overdue' }, tellsChannel('claim-overdue', { pages: '' }));
    given(incidentOpen(), alertIs('resolved'))
      .when(due, { by, at: '12:05' })
      .decides({ type: 'commander.overdue' }, tellsChannel('claim-overdue', { pages: '' }));
  });

  test('too early, after a claim, or after the resolution → nothing', () => {
    given(incidentOpen()).when(due, { by, at: '12:04:59' }).decidesNothing();
    given(incidentOpen(), claimedBy(robin)).when(due, { by, at: '12:05' }).decidesNothing();
    given(incidentResolved()).when(due, { by, at: '12:15' }).decidesNothing();
  });
});

describe('an update is due', () => {
  test('at its time → it goes out, and the next is due five minutes after it, however late the clock is', () => {
    given(incidentOpen())
      .when(update(1), { by, at: '12:05:20' })
      .decides(queues({ kind: 'update', number: 1, missed: [], whyMissed: null }, '12:05'), {
        type: 'update.scheduled',
        number: 2,
        dueAt: clock('12:10'),
      })
      .when(update(1), { by, at: '12:05:30' })
      .decidesNothing();
  });

  test('while Slack has not taken the one before → one update says both, and why', () => {
    given(incidentOpen(), at('12:05', updateQueued(1), failed('slack/update/1', 'Slack does not answer'), updateDueAfter(2, 5)))
      .when(update(2), { by, at: '12:10' })
      .decides(
        { type: 'outbox.superseded', key: 'slack/update/1', because: 'not delivered in time; update 2 says it too' },
        queues({ kind: 'update', number: 2, missed: [clock('12:05')], whyMissed: 'Slack does not answer' }, '12:10'),
        { type: 'update.scheduled', number: 3, dueAt: clock('12:15') },
      )
      .leaves({ outbox: [{}, { status: { name: 'superseded' } }, { status: { name: 'due' } }] })
      .when(update(3), { by, at: '12:15' })
      .decides(
        { type: 'outbox.superseded', key: 'slack/update/2' },
        queues({ kind: 'update', number: 3, missed: [clock('12:05'), clock('12:10')], whyMissed: 'cause not known' }),
        { type: 'update.scheduled', number: 4 },
      );
  });

  test('after Gapwatch stood still for twelve minutes → one late update names the missed times, never a burst', () => {
    given(incidentOpen())
      .when(update(1), { by, at: '12:17' })
      .decides(
        queues(
          {
            kind: 'update',
            number: 1,
            missed: [clock('12:05'), clock('12:10')],
            whyMissed: 'cause not known',
          },
          '12:15',
        ),
        { type: 'update.scheduled', number: 2, dueAt: clock('12:20') },
      );
  });

  test('too early, by another number, while paused, or after the resolution → nothing', () => {
    given(incidentOpen()).when(update(1), { by, at: '12:04:59' }).decidesNothing();
    given(incidentOpen()).when(update(2), { by, at: '12:05' }).decidesNothing();
    given(incidentOpen(), has({ type: 'updates.paused', until: clock('12:30') }))
      .when(update(1), { by, at: '12:05' })
      .decidesNothing();
    given(incidentResolved()).when(update(1), { by, at: '12:15' }).decidesNothing();
  });
});

describe('news is due', () => {
  const nudge: Command = { kind: 'nudge-due', update: 3 };
  const unchanged = (): History => [incidentOpen(), updateQueued(1), updateQueued(2), updateDueAfter(3, 5)];

  test('before a third update that would say the same → the commander is asked, once', () => {
    given(unchanged(), claimedBy(robin))
      .when(nudge, { by })
      .decides(tellsThread('nudge', { slackId: robin.slackId, count: '2' }))
      .when(nudge, { by })
      .decidesNothing();
  });

  test('but somebody has said something new, nobody is on it, updates are paused, or it is over → nothing', () => {
    given(unchanged(), claimedBy(robin), has({ type: 'action.stated', text: 'granting INSERT' }, robin))
      .when(nudge, { by })
      .decidesNothing();
    given(unchanged(), claimedBy(robin), has({ type: 'eta.stated', etaAt: clock('12:20') }, robin))
      .when(nudge, { by })
      .decidesNothing();
    given(unchanged()).when(nudge, { by }).decidesNothing();
    given(unchanged(), claimedBy(robin), has({ type: 'updates.paused', until: clock('12:30') }))
      .when(nudge, { by })
      .decidesNothing();
    given(unchanged(), claimedBy(robin), resolved()).when(nudge, { by }).decidesNothing();
    given(unchanged(), claimedBy(robin), updateDueAfter(4, 5)).when(nudge, { by }).decidesNothing();
  });
});

describe('a pause is over', () => {
  const over = COMMANDS['pause-over'].example;
  const paused = (until: Time): Happened => has({ type: 'updates.paused', until: clock(until) }, robin);

  test('→ updates go on, the next a full interval later, and the thread hears it, once', () => {
    given(incidentOpen(), paused('12:30'))
      .when(over, { by, at: '12:30' })
      .decides(
        { type: 'updates.continued' },
        { type: 'update.scheduled', number: 1, dueAt: clock('12:35') },
        tellsThread('updates-continued'),
      )
      .when(over, { by, at: '12:30' })
      .decidesNothing();
  });

  test('that was prolonged meanwhile → nothing yet', () => {
    given(incidentOpen(), paused('12:30'), paused('12:45')).when(over, { by, at: '12:30' }).decidesNothing();
  });
});

describe('Slack is late', () => {
  const late = COMMANDS['slack-late'].example;
  const contacts = { 'privacy-officer': { email: 'po@clinic.example' }, 'senior-engineer': { slack: '<@U9>' } };
  const noRoot = (): History => [opened(), alertFired(), queued('slack/initial-post', { kind: 'initial-post' })];
  const note = queues({ kind: 'note', alertId: 'P1' });

  test('with the root message → those of the first escalation who have an address get the steps by mail, PagerDuty a note; once an outage', () => {
    given(noRoot())
      .when(late, { by, at: '12:02', policy: { contacts } })
      .decides(queues({ kind: 'by-hand-notice', role: 'privacy-officer' }), note)
      .when(late, { by, at: '12:03', policy: { contacts } })
      .decidesNothing();
  });

  test('and nobody of the first escalation has an address → the Privacy Officer is written to', () => {
    given(noRoot())
      .when(late, { by, at: '12:02' })
      .decides(queues({ kind: 'by-hand-notice', role: 'privacy-officer' }), note);
  });

  test('with an update that failed → they are told; with one that merely waits → not', () => {
    const due: Command = { kind: 'slack-late', key: 'slack/update/1' };
    given(incidentOpen(), at('12:05', updateQueued(1), failed('slack/update/1')))
      .when(due, { by, at: '12:08' })
      .decides(queues({ kind: 'by-hand-notice' }), note);
    given(incidentOpen(), at('12:05', updateQueued(1)))
      .when(due, { by, at: '12:08' })
      .decidesNothing();
  });

  test('again, after it had come back → they are told again', () => {
    given(
      incidentOpen(),
      at('12:03', sent('mail/by-hand/privacy-officer/9', { kind: 'by-hand-notice', role: 'privacy-officer' })),
      at('12:05', updateQueued(1), delivered('slack/update/1')),
      at('12:10', updateQueued(2), failed('slack/update/2')),
    )
      .when({ kind: 'slack-late', key: 'slack/update/2' }, { by, at: '12:13' })
      .decides(queues({ kind: 'by-hand-notice' }), note);
  });

  test('with updates that come faster than that → three minutes after the first that was not taken', () => {
    const missed = at('12:04', {
      at: null,
      by: { kind: 'gapwatch' },
      event: () => ({ type: 'outbox.superseded', key: 'slack/update/1', because: 'the next one says it' }),
    });
    const often = given(
      incidentOpen(),
      at('12:02', updateQueued(1), failed('slack/update/1')),
      missed,
      at('12:04', updateQueued(2), failed('slack/update/2')),
    );
    const due: Command = { kind: 'slack-late', key: 'slack/update/2' };
    often.when(due, { by, at: '12:04' }).decidesNothing();
    often.when(due, { by, at: '12:05' }).decides(queues({ kind: 'by-hand-notice' }), note);
  });

  test('Slack says no for good → they are told at once; once an outage, and never in an incident that is over', () => {
    const closed = COMMANDS['slack-closed'].example;
    given(incidentOpen())
      .when(closed, { by, at: '12:06' })
      .decides(queues({ kind: 'by-hand-notice', role: 'privacy-officer' }), note)
      .when(closed, { by, at: '12:07' })
      .decidesNothing();
    given(incidentOpen(), resolved()).when(closed, { by, at: '12:06' }).decidesNothing();
  });

  test('the root message is gone → another takes its place; told of an earlier one → nothing', () => {
    const lost = COMMANDS['root-lost'].example;
    given(incidentOpen())
      .when(lost, { by, at: '12:06' })
      .decides({ type: 'root.lost' }, queues({ kind: 'initial-post' }))
      .when(lost, { by, at: '12:07' })
      .decidesNothing();
  });

  test('but the message went out, or the incident is over → nothing', () => {
    given(incidentOpen()).when(late, { by, at: '12:02' }).decidesNothing();
    given(noRoot(), resolved()).when(late, { by, at: '12:02' }).decidesNothing();
  });
});

describe('a notice is late', () => {
  const late = COMMANDS['notice-late'].example;

  test('after five minutes → the channel hears whom it was for, and why it did not go, once', () => {
    given(incidentOpen(), queued('mail/opening-notice', { kind: 'opening-notice' }), failed('mail/opening-notice', '450 greylisted'))
      .when(late, { by, at: '12:05' })
      .decides(tellsChannel('notice-undelivered', { role: 'Privacy Officer', why: '450 greylisted', dueAt: '2026-01-05 12:00:00 UTC' }))
      .when(late, { by, at: '12:06' })
      .decidesNothing();
    given(incidentOpen(), queued('mail/escalation', { kind: 'escalation-notice', escalation: 'gap/1800000', role: 'security-officer' }))
      .when({ kind: 'notice-late', key: 'mail/escalation' }, { by, at: '12:05' })
      .decides(tellsChannel('notice-undelivered', { role: 'Security Officer', why: 'no attempt has come to an end' }));
  });

  test('but it went out → nothing', () => {
    given(incidentOpen(), openingNoticeSent()).when(late, { by, at: '12:05' }).decidesNothing();
    given(incidentOpen()).when(late, { by, at: '12:05' }).decidesNothing();
  });
});

describe('an escalation is due', () => {
  const due = COMMANDS['escalation-due'].example;

  test('after 15 minutes → the channel hears who is asked for what; whom nobody can reach is named; once', () => {
    given(incidentOpen())
      .when(due, { by, at: '12:15', policy: { contacts: { 'senior-engineer': { slack: '<@U9>' } } } })
      .decides(
        {
          type: 'escalation.reached',
          escalation: 'incident/900000',
          notify: ['senior-engineer', 'privacy-officer'],
          unreachable: ['privacy-officer'],
        },
        tellsChannel('escalation', {
          mentions: '<@U9>',
          mailed: '',
          unreachable: 'privacy-officer',
          why: 'INC-1 has not been resolved in 15 minutes',
        }),
      )
      .when(due, { by, at: '12:16' })
      .decidesNothing();
  });

  test('after a gap of 30 minutes → those with an address get a mail as well', () => {
    const contacts = { 'security-officer': { email: 'ciso@clinic.example' } };
    given(incidentOpen(), has({ type: 'escalation.reached', escalation: 'incident/900000', why: '', notify: [], unreachable: [], say: '' }))
      .when(due, { by, at: '12:27', policy: { contacts } })
      .decides(
        { type: 'escalation.reached', escalation: 'gap/1800000', say: 'prepare the compliance report' },
        tellsChannel('escalation', {
          mailed: 'security-officer',
          unreachable: 'incident-response-team',
          why: 'the audit gap of INC-1 has lasted 30 minutes, since 2026-01-05 11:57:00 UTC',
        }),
        queues({ kind: 'escalation-notice', escalation: 'gap/1800000', role: 'security-officer' }),
      );
  });

  test('after Gapwatch stood still for an hour → both that were missed happen, each once', () => {
    given(incidentOpen())
      .when(due, { by, at: '13:00' })
      .decides(
        { type: 'escalation.reached', escalation: 'incident/900000' },
        tellsChannel('escalation'),
        { type: 'escalation.reached', escalation: 'gap/1800000' },
        tellsChannel('escalation'),
      );
  });

  test('too early, or after a short gap has ended and the incident is resolved → nothing', () => {
    given(incidentOpen()).when(due, { by, at: '12:14:59' }).decidesNothing();
    given(incidentResolved()).when(due, { by, at: '13:00' }).decidesNothing();
  });

  test('for a gap that a person found to be longer after the resolution → it happens still', () => {
    given(incidentOpen(), at('12:10', gapEnded('12:30'), resolved()))
      .when(due, { by, at: '13:00' })
      .decides(
        { type: 'escalation.reached', why: 'the audit gap of INC-1 lasted more than 30 minutes, since 2026-01-05 11:57:00 UTC' },
        tellsChannel('escalation'),
      );
  });
});
