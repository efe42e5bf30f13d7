import { describe, test } from 'vitest';
import { COMMANDS, examplesOf } from '#harness/commands.ts';
import { type Command, clock, type Time } from '#harness/decisions.ts';
import {
  at,
  gapOver,
  has,
  incidentOpen,
  incidentResolved,
  opened,
  queues,
  resolved,
  robin,
  tellsChannel,
  tellsThread,
  updateQueued,
} from '#harness/histories.ts';

const given = examplesOf('updates');
const post = COMMANDS['post-update'].example;
const pause: Command = COMMANDS['pause-updates'].example;
const goOn = COMMANDS['continue-updates'].example;

const eta = (time: Time): Command => ({ kind: 'state-eta', etaAt: clock(time) });
const submit = (cause: string, action: string, etaAt: Date | null = null): Command => ({ kind: 'submit-update', cause, action, etaAt });
const reopens: Command = {
  kind: 'alert-changed',
  change: { alertId: 'P1', event: 'reopened', agent: 'Sam', detail: '', occurredAt: clock('12:40'), seenBy: 'webhook' },
};
const paused = () => has({ type: 'updates.paused', until: clock('12:30') }, robin);

describe('a person states', () => {
  test('the root cause → kept, and the thread hears it', () => {
    given(incidentOpen())
      .when(COMMANDS['state-cause'].example)
      .decides(
        { type: 'cause.stated', text: 'a migration revoked INSERT' },
        tellsThread('stated', { what: 'Root cause', text: 'a migration revoked INSERT' }),
      )
      .leaves({ rootCause: 'a migration revoked INSERT' });
  });

  test('the action → kept, told, and the updates count as changed again', () => {
    given(incidentOpen(), updateQueued(1), updateQueued(2))
      .when(COMMANDS['state-action'].example)
      .decides({ type: 'action.stated', text: 'granting INSERT again' }, tellsThread('stated', { what: 'Action' }))
      .leaves({ action: 'granting INSERT again', unchangedUpdates: 0 });
  });

  test('an ETA ahead → kept and told', () => {
    given(incidentOpen())
      .when(eta('12:15'))
      .decides({ type: 'eta.stated', etaAt: clock('12:15') }, tellsThread('stated', { what: 'ETA', text: '2026-01-05 12:15:00 UTC' }));
  });

  test.each(['11:59', '12:00'])('an ETA that is not ahead, %s at noon → refused, with how to give one', (time) => {
    given(incidentOpen())
      .when(eta(time), { at: '12:00' })
      .refuses('impossible-time', /has already passed.*\/incident eta 15m/);
  });

  test('a note, even after the resolution → kept and told', () => {
    for (const history of [incidentOpen(), incidentResolved()])
      given(history)
        .when(COMMANDS['add-note'].example)
        .decides({ type: 'note.added', text: 'the nightly job failed too' }, tellsThread('stated', { what: 'Note' }));
  });
});

describe('a person posts an update', () => {
  test('before update 1 was due → it is update 1, and the next is due a full interval later', () => {
    given(incidentOpen())
      .when(post, { at: '12:03' })
      .decides(queues({ kind: 'update', number: 1, missed: [], whyMissed: null }, '12:03'), {
        type: 'update.scheduled',
        number: 2,
        dueAt: clock('12:08'),
      })
      .schedules({ kind: 'timer', command: { kind: 'update-due', number: 2 }, dueAt: clock('12:08') });
  });

  test('every ten minutes by policy → the next is due in ten', () => {
    given(incidentOpen(), updateQueued(1))
      .when(post, { at: '12:05', policy: { updates: { every: 600_000, delivery: 'thread' } } })
      .decides(queues({ kind: 'update', number: 2 }), { type: 'update.scheduled', number: 3, dueAt: clock('12:15') });
  });

  test('twice → two updates with numbers of their own', () => {
    given(incidentOpen())
      .when(post)
      .decides(queues({ kind: 'update', number: 1 }), { type: 'update.scheduled', number: 2 })
      .when(post)
      .decides(queues({ kind: 'update', number: 2 }), { type: 'update.scheduled', number: 3 });
  });

  test('after the resolution → refused', () => {
    given(incidentResolved())
      .when(post)
      .refuses('already-resolved', /INC-1 was resolved/);
  });
});

describe('a person sends the update form', () => {
  test('with everything new → each is stated, and the update goes out at once', () => {
    given(incidentOpen())
      .when(submit('a migration', 'granting INSERT', clock('12:20')), { at: '12:04' })
      .decides(
        { type: 'cause.stated', text: 'a migration' },
        { type: 'action.stated', text: 'granting INSERT' },
        { type: 'eta.stated', etaAt: clock('12:20') },
        queues({ kind: 'update', number: 1 }, '12:04'),
        { type: 'update.scheduled', number: 2 },
      );
  });

  test('with what is known already or left empty → only the update', () => {
    const known = [
      has({ type: 'cause.stated', text: 'a migration' }, robin),
      has({ type: 'action.stated', text: 'granting INSERT' }, robin),
      has({ type: 'eta.stated', etaAt: clock('12:20') }, robin),
    ];
    given(incidentOpen(), known)
      .when(submit('a migration', 'granting INSERT', clock('12:20')))
      .decides(queues({ kind: 'update' }), { type: 'update.scheduled' });
    given(incidentOpen(), known)
      .when(submit('', ''))
      .decides(queues({ kind: 'update' }), { type: 'update.scheduled' });
  });

  test('with an ETA that is not ahead → refused, and nothing is stated; the known one may have passed', () => {
    for (const time of ['11:59', '12:04'])
      given(incidentOpen())
        .when(submit('a migration', '', clock(time)), { at: '12:04' })
        .refuses('impossible-time', /has already passed.*`15m`/);
    given(incidentOpen(), has({ type: 'eta.stated', etaAt: clock('12:02') }, robin))
      .when(submit('a migration', '', clock('12:02')), { at: '12:04' })
      .decides({ type: 'cause.stated' }, queues({ kind: 'update' }), { type: 'update.scheduled' });
  });

  test('after the resolution → refused, and nothing is stated', () => {
    given(incidentResolved())
      .when(submit('a migration', ''))
      .refuses('already-resolved', /INC-1 was resolved/);
  });
});

describe('updates are paused', () => {
  test('until 12:30 → kept with its end, told, and the timer is set', () => {
    given(incidentOpen())
      .when(pause, { at: '12:04' })
      .decides({ type: 'updates.paused', until: clock('12:30') }, tellsThread('updates-paused', { until: '2026-01-05 12:30:00 UTC' }))
      .leaves({ updatesPaused: true })
      .schedules({ kind: 'timer', command: { kind: 'pause-over', until: clock('12:30') }, dueAt: clock('12:30') })
      .when(pause)
      .refuses('already-so', /paused until 2026-01-05 12:30:00 UTC already.*\/incident continue/);
  });

  test('longer than they are already → the new end counts', () => {
    given(incidentOpen(), paused())
      .when({ kind: 'pause-updates', until: clock('12:45') })
      .decides({ type: 'updates.paused', until: clock('12:45') }, tellsThread('updates-paused'));
  });

  test('and the incident is resolved before they end → the pause is over too: after a reopening the updates come again', () => {
    given(gapOver(), at('12:10', paused()), at('12:12', resolved()))
      .when(reopens, { at: '12:40' })
      .decides({ type: 'alert.changed' }, { type: 'incident.reopened' }, tellsChannel('reopened'), {
        type: 'update.scheduled',
        number: 1,
        dueAt: clock('12:45'),
      })
      .leaves({ updatesPaused: false, pausedUntil: null })
      .schedules({ kind: 'timer', command: { kind: 'update-due', number: 1 }, dueAt: clock('12:45') })
      .when({ kind: 'update-due', number: 1 }, { at: '12:45' })
      .decides(queues({ kind: 'update', number: 1 }), { type: 'update.scheduled', number: 2 });
  });

  test('after the resolution → refused', () => {
    given(incidentResolved())
      .when(pause)
      .refuses('already-resolved', /INC-1 was resolved/);
  });
});

describe('updates go on', () => {
  test('after a pause → the next one is due a full interval from now', () => {
    given(incidentOpen(), at('12:05', updateQueued(1), paused()))
      .when(goOn, { at: '12:11' })
      .decides(
        { type: 'updates.continued' },
        { type: 'update.scheduled', number: 2, dueAt: clock('12:16') },
        tellsThread('updates-continued'),
      )
      .leaves({ updatesPaused: false, pausedUntil: null })
      .when(goOn)
      .refuses('already-so', /Updates are not paused/);
  });

  test('though nothing was paused → refused', () => {
    given(opened())
      .when(goOn)
      .refuses('already-so', /Updates are not paused/);
  });

  test('after the resolution → refused', () => {
    given(incidentResolved(), paused())
      .when(goOn)
      .refuses('already-resolved', /INC-1 was resolved/);
  });
});
