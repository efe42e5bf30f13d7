import { describe, test } from 'vitest';
import { COMMANDS, examplesOf } from '#harness/commands.ts';
import { type Command, clock } from '#harness/decisions.ts';
import { has, incidentOpen, incidentResolved, queues, robin, sam } from '#harness/histories.ts';

const given = examplesOf('check-runs');
const request = COMMANDS['request-check'].example;
const progress = COMMANDS['check-progressed'].example;
const stop = COMMANDS['stop-check'].example;
const answer = COMMANDS['check-answered'].example;
const refresh = COMMANDS['check-refreshed'].example;

const requested = (check = 'scope') => has({ type: 'check.requested', check, argument: '', request: 'check-1' }, robin);
const chart = { from: clock('11:00'), until: clock('12:00'), perMinute: [200, 0], gaps: [] };
const liveRate: Command = { ...answer, check: 'rate', liveUntil: clock('12:10') };
const answerMessage = queues({ kind: 'check-answer', request: 'check-1' });
const conclusion = queues({ kind: 'check-conclusion', request: 'check-1' });

describe('a check is asked for', () => {
  test('→ it is on the record and runs; the resolution does not matter', () => {
    for (const history of [incidentOpen(), incidentResolved()])
      given(history)
        .when(request, { by: robin })
        .decides({ type: 'check.requested', check: 'scope', argument: '', request: 'check-1' })
        .leaves({ running: [{ check: 'scope', askedBy: 'robin' }] })
        .schedules({ kind: 'run-check', check: 'scope', request: 'check-1' });
  });

  test('twice by the same request, while it runs or after it has answered → once on the record', () => {
    given(incidentOpen(), requested()).when(request, { by: robin }).decidesNothing();
    given(incidentOpen(), requested())
      .when(answer)
      .decides({ type: 'check.answered' }, answerMessage)
      .when(request, { by: robin })
      .decidesNothing();
  });
});

describe('a check tells how far it is', () => {
  test('with the first line → its message goes out; further lines only bring it up to date', () => {
    given(incidentOpen(), requested('gaps'))
      .when(progress)
      .decides({ type: 'check.progressed', line: '3 of 90 days read' }, answerMessage)
      .when({ ...progress, line: '6 of 90 days read' })
      .decides({ type: 'check.progressed', line: '6 of 90 days read' });
  });

  test('the same line again after a crash → nothing', () => {
    given(incidentOpen(), requested('gaps'))
      .when(progress)
      .decides({ type: 'check.progressed' }, answerMessage)
      .when(progress)
      .decidesNothing();
  });

  test('though it has answered, or nobody asked for it → nothing', () => {
    given(incidentOpen(), requested('gaps'))
      .when({ ...answer, check: 'gaps' })
      .decides({ type: 'check.answered' }, answerMessage)
      .when(progress)
      .decidesNothing();
    given(incidentOpen()).when(progress).decidesNothing();
  });
});

describe('a check answers', () => {
  test('→ the answer is kept and posted; a second answer changes nothing', () => {
    given(incidentOpen(), requested())
      .when(answer)
      .decides({ type: 'check.answered', check: 'scope', verdict: { level: 'ok' } }, answerMessage)
      .leaves({ running: [], checks: [{ check: 'scope', liveUntil: null }] })
      .when(answer)
      .decidesNothing();
  });

  test('after it told its progress → the same message is brought up to date', () => {
    given(incidentOpen(), requested('gaps'))
      .when(progress)
      .decides({ type: 'check.progressed' }, answerMessage)
      .when({ ...answer, check: 'gaps' })
      .decides({ type: 'check.answered' }, conclusion);
  });

  test('with a chart → the chart is shared beside it', () => {
    given(incidentOpen(), requested())
      .when({ ...answer, verdict: { ...answer.verdict, chart } })
      .decides({ type: 'check.answered' }, answerMessage, queues({ kind: 'share-chart', request: 'check-1' }));
  });

  test('for the reconstruction of accesses → the report is written anew with it', () => {
    given(incidentResolved(), requested('reconstruct'))
      .when({ ...answer, check: 'reconstruct' })
      .decides({ type: 'check.answered' }, answerMessage, queues({ kind: 'gap-report' }));
  });

  test('and is kept current → it is read again five seconds later', () => {
    given(incidentOpen(), requested('rate'))
      .when(liveRate)
      .decides({ type: 'check.answered', liveUntil: clock('12:10') }, answerMessage)
      .schedules({ kind: 'refresh-check', check: 'rate', dueAt: clock('12:00:05') });
  });
});

describe('an answer that was kept current', () => {
  const live = has({ type: 'check.answered', check: 'rate', request: 'check-1', verdict: answer.verdict, liveUntil: clock('12:10') });

  test('has its last reading → it is on the record, and the message says that it is over', () => {
    given(incidentOpen(), requested('rate'), live)
      .when(refresh, { at: '12:10' })
      .decides({ type: 'check.refreshed', verdict: { level: 'ok' } }, conclusion)
      .leaves({ checks: [{ liveUntil: null }] })
      .when(refresh)
      .decidesNothing();
  });

  test('never was → nothing', () => {
    given(incidentOpen(), requested()).when(refresh).decidesNothing();
    given(incidentOpen(), requested()).when(answer).decides({ type: 'check.answered' }, answerMessage).when(refresh).decidesNothing();
  });

  test('is stopped → kept with who did it', () => {
    given(incidentOpen(), requested('rate'), live)
      .when(stop, { by: sam })
      .decides({ type: 'check.stopped', check: 'rate' })
      .leaves({ checks: [{ stoppedBy: 'sam' }] });
  });
});

describe('a person stops a check', () => {
  test('that runs → kept with who did it; a second time is refused', () => {
    given(incidentOpen(), requested())
      .when(stop, { by: sam })
      .decides({ type: 'check.stopped', check: 'scope', request: 'check-1' })
      .when(stop, { by: robin })
      .refuses('already-so', /sam has stopped it already; it is about to end/);
  });

  test('that has answered, or that nobody asked for → refused', () => {
    given(incidentOpen(), requested())
      .when(answer)
      .decides({ type: 'check.answered' }, answerMessage)
      .when(stop)
      .refuses('already-so', /It has ended already/);
    given(incidentOpen())
      .when(stop)
      .refuses('already-so', /It has ended already/);
  });
});
