import { describe, test } from 'vitest';
import { COMMANDS, examplesOf } from '#harness/commands.ts';
import type { Happened, History } from '#harness/decisions.ts';
import {
  at,
  delivered,
  has,
  incidentOpen,
  incidentResolved,
  kim,
  opened,
  queued,
  robin,
  sam,
  tellsChannel,
  tellsThread,
} from '#harness/histories.ts';

const given = examplesOf('tasks');
const take = COMMANDS['take-task'].example;
const finish = COMMANDS['finish-task'].example;
const waive = COMMANDS['waive-task'].example;
const close = COMMANDS.close.example;

const done = (...tasks: readonly string[]): readonly Happened[] => tasks.map((task) => has({ type: 'task.done', task }, robin));
const AFTERWARDS = ['assess', 'compliance-log', 'risk-assessment', 'monitoring'];
const PREVENTION = ['alert-failures', 'health-check', 'alert-drops', 'playbook', 'dual-write', 'circuit-breaker', 'buffering', 'disk'];

/** Everything ticked that the runbook asks for after an incident of twelve minutes. */
const allDone = (): History => [incidentResolved(), done('acknowledge', 'post', ...AFTERWARDS, ...PREVENTION)];

describe('a person takes a task', () => {
  test('→ it has an owner and stays open, and the thread hears it', () => {
    given(incidentResolved())
      .when(take, { by: sam })
      .decides(
        { type: 'task.taken', task: 'risk-assessment', slackId: sam.slackId, name: 'sam' },
        tellsThread('task', { what: 'sam takes', text: 'Update risk assessment', number: '16' }),
      )
      .when(finish, { by: kim })
      .decides({ type: 'task.done' }, tellsThread('task', { what: 'kim has done' }));
  });

  test('that is done already → refused', () => {
    given(incidentResolved(), done('risk-assessment'))
      .when(take)
      .refuses('already-so', /Task 16 is done already: robin, 2026-01-05/);
  });

  test('that is not on this incident, because it is not resolved yet → refused', () => {
    given(incidentOpen())
      .when(take)
      .refuses('unknown-task', /no such task on this incident. `\/incident tasks` lists them/);
  });
});

describe('a person ticks a task', () => {
  test('→ it is done, the thread hears by whom, and a second tick is refused', () => {
    given(incidentResolved())
      .when(finish, { by: sam })
      .decides({ type: 'task.done', task: 'risk-assessment' }, tellsThread('task', { what: 'sam has done' }))
      .when(finish)
      .refuses('already-so', /Task 16 is done already/);
  });

  test('that Gapwatch has seen happen itself → refused: it is ticked', () => {
    const acknowledged = [
      queued('pagerduty/acknowledge/P1', { kind: 'acknowledge', alertId: 'P1' }),
      delivered('pagerduty/acknowledge/P1'),
    ];
    given(incidentOpen(), acknowledged)
      .when({ kind: 'finish-task', task: 'acknowledge' })
      .refuses('already-so', /Task 1 is done already/);
    given(opened())
      .when({ kind: 'finish-task', task: 'time' })
      .refuses('already-so', /Task 3 is done already: seen by Gapwatch/);
  });

  test('of an escalation → only once that was reached', () => {
    const reached = has({ type: 'escalation.reached', escalation: 'incident/900000', why: '', notify: [], unreachable: [], say: '' });
    const disable = { kind: 'finish-task', task: 'disable-access' } as const;
    given(incidentOpen())
      .when(disable)
      .refuses('unknown-task', /no such task/);
    given(incidentOpen(), at('12:15', reached)).when(disable).decides({ type: 'task.done', task: 'disable-access' }, tellsThread('task'));
  });
});

describe('a person waives a task', () => {
  test('→ kept with the reason, and a second time is refused', () => {
    given(incidentResolved())
      .when(waive, { by: robin })
      .decides({ type: 'task.waived', task: 'buffering', because: 'next quarter' }, tellsThread('task', { what: 'robin waives' }))
      .when(waive)
      .refuses('already-so', /Task 25 is waived already/);
  });

  test('that does not exist → refused', () => {
    given(incidentResolved())
      .when({ ...waive, task: 'coffee' })
      .refuses('unknown-task', /no such task/);
  });
});

describe('a person closes the incident', () => {
  test('with every box done or waived → closed, and the channel hears it; a second time is refused', () => {
    given(incidentResolved(), done('acknowledge', 'post', ...AFTERWARDS, ...PREVENTION.filter((task) => task !== 'buffering')))
      .when(waive)
      .decides({ type: 'task.waived' }, tellsThread('task'))
      .when(close, { by: kim, at: '13:00' })
      .decides({ type: 'incident.closed' }, tellsChannel('closed'))
      .when(close)
      .refuses('already-so', /INC-1 was closed at 2026-01-05 13:00:00 UTC by kim/);
  });

  test('with boxes open → refused, with each of them and its owner', () => {
    given(incidentResolved(), done('acknowledge', 'post', 'assess', 'compliance-log', 'monitoring', ...PREVENTION))
      .when(take, { by: sam })
      .decides({ type: 'task.taken' }, tellsThread('task'))
      .when(close)
      .refuses('tasks-open', /^INC-1 can't be closed yet:\n• 16\. Update risk assessment \(taken by sam\)\nTick with/);
  });

  test('though HHS must be notified and nobody has said that it was → refused', () => {
    const required = has({ type: 'hhs.decided', required: true, because: 'PHI was exposed' }, robin);
    given(allDone(), required)
      .when(close)
      .refuses('tasks-open', /HHS must be notified and nobody has said that it was/);
    given(allDone(), required, has({ type: 'hhs.notified' }, robin))
      .when(close)
      .decides({ type: 'incident.closed' }, tellsChannel('closed'));
  });

  test('though earlier gaps make HHS worth considering → that box is open until somebody decides', () => {
    const recurring = has({ type: 'earlier-gaps.counted', count: 1, text: 'one' });
    given(allDone(), recurring)
      .when(close)
      .refuses('tasks-open', /18\. Consider HHS notification/);
    given(allDone(), recurring, has({ type: 'hhs.decided', required: false, because: 'no PHI' }, robin))
      .when(close)
      .decides({ type: 'incident.closed' }, tellsChannel('closed'));
  });

  test('before it is resolved → refused', () => {
    given(incidentOpen())
      .when(close)
      .refuses('not-resolvable-yet', /INC-1 is not resolved yet. Resolve it first/);
  });
});
