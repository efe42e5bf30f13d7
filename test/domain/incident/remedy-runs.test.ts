import { describe, test } from 'vitest';
import { COMMANDS, examplesOf } from '#harness/commands.ts';
import { clock, type History } from '#harness/decisions.ts';
import { at, has, incidentOpen, incidentResolved, kim, opened, queued, queues, resolved, robin, sam } from '#harness/histories.ts';

const given = examplesOf('remedy-runs');
const ask = COMMANDS['ask-remedy'].example;
const planned = COMMANDS['remedy-planned'].example;
const approve = COMMANDS['approve-remedy'].example;
const decline = COMMANDS['decline-remedy'].example;
const stop = COMMANDS['stop-remedy'].example;
const progress = COMMANDS['remedy-progressed'].example;
const ended = COMMANDS['remedy-ended'].example;

const request = 'remedy-1';
const message = queues({ kind: 'remedy-message', request });
const conclusion = queues({ kind: 'remedy-conclusion', request });

type Kind = 'restart' | 'recreate-table';

const asked = (remedy: Kind = 'restart', dryRun = false): History => [
  incidentOpen(),
  at('12:05', has({ type: 'remedy.asked', remedy, argument: 'web', request, dryRun }, robin)),
];
const isPlanned = (remedy: Kind = 'restart'): History => [
  asked(remedy),
  at('12:06', has({ type: 'remedy.planned', request, plan: planned.plan, expiresAt: clock('12:21') })),
  queued(`slack/remedy/${request}`, { kind: 'remedy-message', request }),
];
const atWork = (): History => [isPlanned(), at('12:07', has({ type: 'remedy.approved', request }, sam))];
const isOver = (): History => [atWork(), at('12:09', has({ type: 'remedy.ended', request, outcome: 'done', message: 'web runs again.' }))];

describe('a remedy is asked for', () => {
  test('while the incident is open → it is planned next, within five minutes', () => {
    given(incidentOpen())
      .when(ask, { at: '12:05' })
      .decides({ type: 'remedy.asked', remedy: 'restart', argument: 'web', request, dryRun: false })
      .schedules(
        { kind: 'plan-remedy', request },
        { kind: 'timer', command: { kind: 'remedy-expires', request, what: 'planning' }, dueAt: clock('12:10') },
      );
  });

  test('in a drill → refused, but its plan can be seen', () => {
    given(opened({ drill: true }))
      .when(ask)
      .refuses('drill', /`\/remedy restart web --dry-run` shows the plan/)
      .when({ ...ask, dryRun: true })
      .decides({ type: 'remedy.asked', dryRun: true });
  });

  test.each([
    ['being planned', asked()],
    ['waiting for an approval', isPlanned()],
    ['at work', atWork()],
  ])('while another is %s → refused: one at a time', (where, history) => {
    given(history)
      .when({ ...ask, request: 'remedy-2' })
      .refuses('another-remedy', new RegExp(`\`/remedy restart web\` of robin is ${where}: one remedy at a time`));
  });

  test('after another is over → it is asked for', () => {
    given(isOver())
      .when({ ...ask, request: 'remedy-2' })
      .decides({ type: 'remedy.asked', request: 'remedy-2' });
  });

  test('after the resolution → refused', () => {
    given(incidentResolved())
      .when(ask)
      .refuses('already-resolved', /INC-1 was resolved/);
  });
});

describe('a remedy is planned', () => {
  test('→ the plan is shown and waits fifteen minutes for its approval; a second plan changes nothing', () => {
    given(asked())
      .when(planned, { at: '12:06' })
      .decides({ type: 'remedy.planned', request, plan: { what: 'Restart web.' }, expiresAt: clock('12:21') }, message)
      .schedules({ kind: 'timer', command: { kind: 'remedy-expires', request, what: 'plan' }, dueAt: clock('12:21') })
      .when(planned)
      .decidesNothing();
  });

  test('as a dry run → it ends with its plan', () => {
    given(asked('restart', true))
      .when(planned)
      .decides(
        { type: 'remedy.planned' },
        { type: 'remedy.ended', outcome: 'dry-run', message: 'This was a dry run: nothing was changed.' },
        message,
      );
  });

  test('though nobody asked for it → nothing', () => {
    given(incidentOpen()).when(planned).decidesNothing();
  });
});

describe('a remedy is approved', () => {
  test('by a second person → it runs', () => {
    given(isPlanned())
      .when(approve, { by: sam })
      .decides({ type: 'remedy.approved', request })
      .leaves({ remedies: [{ approvedBy: { name: 'sam' } }] })
      .schedules({ kind: 'run-remedy', request });
  });

  test('by who asked for it → refused, unless the policy lets one person do', () => {
    given(isPlanned())
      .when(approve, { by: robin })
      .refuses('same-person', /a second person must approve/);
    given(isPlanned())
      .when(approve, { by: robin, policy: { twoPerson: false } })
      .decides({ type: 'remedy.approved' });
  });

  test('when its time is over → refused', () => {
    given(isPlanned())
      .when(approve, { by: sam, at: '12:21' })
      .refuses('expired', /good until 2026-01-05 12:21:00 UTC. Ask for the remedy again/);
  });

  test.each([
    ['that nobody asked for', incidentOpen(), /There is no such remedy/],
    ['that is still being planned', asked(), /still being planned/],
    ['that is approved', atWork(), /sam has approved it already; it is at work/],
    ['that is over', isOver(), /It is over: web runs again/],
  ])('%s → refused', (_, history, why) => {
    given(history).when(approve, { by: kim }).refuses('already-so', why);
    given(history).when(decline, { by: kim }).refuses('already-so', why);
  });

  test('after the resolution → refused', () => {
    given(isPlanned(), resolved())
      .when(approve, { by: sam })
      .refuses('already-resolved', /INC-1 was resolved/);
  });
});

describe('the table is recreated', () => {
  test('only when two people approve, whatever the policy says; who asked may be one of them', () => {
    given(isPlanned('recreate-table'))
      .when(approve, { by: robin, policy: { twoPerson: false } })
      .decides({ type: 'remedy.confirmed' })
      .when(approve, { by: robin, policy: { twoPerson: false } })
      .refuses('same-person', /You have approved it already: it takes a second person/)
      .when(approve, { by: sam })
      .decides({ type: 'remedy.approved' });
  });

  test('and not when one of them declines after the other approved', () => {
    given(isPlanned('recreate-table'))
      .when(approve, { by: sam })
      .decides({ type: 'remedy.confirmed' })
      .when(decline, { by: kim })
      .decides({ type: 'remedy.ended', outcome: 'declined' }, conclusion)
      .when(approve, { by: robin })
      .refuses('already-so', /It is over: kim declined it/);
  });
});

describe('a remedy is declined', () => {
  test('by somebody else, or taken back by who asked → it is over, nothing was changed', () => {
    given(isPlanned())
      .when(decline, { by: sam })
      .decides({ type: 'remedy.ended', outcome: 'declined', message: 'sam declined it. Nothing was changed.' }, conclusion);
    given(isPlanned())
      .when(decline, { by: robin })
      .decides({ type: 'remedy.ended', message: 'robin took it back. Nothing was changed.' }, conclusion)
      .when(decline, { by: robin })
      .refuses('already-so', /It is over/);
  });

  test('even after the resolution, so that it does not wait on', () => {
    given(isPlanned(), resolved()).when(decline).decides({ type: 'remedy.ended', outcome: 'declined' }, conclusion);
  });
});

describe('a remedy at work', () => {
  test('takes a step → kept with what later steps need; told again it is kept once', () => {
    given(atWork())
      .when(progress)
      .decides({ type: 'remedy.progressed', step: 'deploy', line: 'A new deployment was created.', data: { deployment: 'd-42' } })
      .when(progress)
      .decidesNothing();
  });

  test('is stopped → kept with who did it; a second time is refused', () => {
    given(atWork())
      .when(stop, { by: kim })
      .decides({ type: 'remedy.stopped', request })
      .leaves({ remedies: [{ stoppedBy: 'kim' }] })
      .when(stop, { by: robin })
      .refuses('already-so', /kim has stopped it already/);
  });

  test('ends → its message says how; a second end changes nothing', () => {
    given(atWork())
      .when(ended)
      .decides({ type: 'remedy.ended', outcome: 'done', message: 'web runs again.' }, conclusion)
      .when({ ...ended, outcome: 'failed' })
      .decidesNothing();
  });

  test('goes on to its end after the resolution', () => {
    given(atWork(), resolved())
      .when(progress)
      .decides({ type: 'remedy.progressed' })
      .when(ended)
      .decides({ type: 'remedy.ended' }, conclusion);
  });
});

test('a remedy that is not at work takes no step and can not be stopped', () => {
  given(isPlanned()).when(progress).decidesNothing();
  given(isPlanned())
    .when(stop)
    .refuses('already-so', /It is not at work/);
});

test('a remedy that can not be planned → it is over, and gets the message that it did not have yet', () => {
  given(asked())
    .when({ ...ended, outcome: 'refused', message: 'DigitalOcean knows no app of this name.' })
    .decides({ type: 'remedy.ended', outcome: 'refused' }, message);
  given(incidentOpen()).when(ended).decidesNothing();
});
