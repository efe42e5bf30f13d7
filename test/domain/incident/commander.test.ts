import { describe, expect, test } from 'vitest';
import { COMMANDS, examplesOf } from '#harness/commands.ts';
import type { Command } from '#harness/decisions.ts';
import {
  alertFired,
  alertIs,
  at,
  claimedBy,
  has,
  incidentOpen,
  incidentResolved,
  kim,
  opened,
  queues,
  robin,
  sam,
  tellsChannel,
  tellsThread,
  timer,
} from '#harness/histories.ts';

const given = examplesOf('commander');
const claim = COMMANDS.claim.example;
const toSam = COMMANDS['hand-over'].example;
const kimWrites = COMMANDS['name-scribe'].example;

describe('somebody says "I\'m on it"', () => {
  test('first → they are the commander, PagerDuty shows them as the responder, and the thread hears it', () => {
    given(incidentOpen())
      .when(claim, { by: robin, at: '12:02' })
      .decides(
        { type: 'commander.named', slackId: robin.slackId, name: 'robin' },
        queues({ kind: 'acknowledge-as', alertId: 'P1', slackId: robin.slackId, name: 'robin' }),
        tellsThread('claimed', { name: 'robin', former: '' }),
      )
      .leaves({ commander: { slackId: robin.slackId, name: 'robin' } });
  });

  test('after robin → sam takes over, and the thread hears both names', () => {
    given(incidentOpen(), claimedBy(robin))
      .when(claim, { by: sam })
      .decides(
        { type: 'commander.named', name: 'sam' },
        queues({ kind: 'acknowledge-as', name: 'sam' }),
        tellsThread('claimed', { former: 'robin' }),
      );
  });

  test('with two alerts open and one resolved → only the open ones get the responder', () => {
    given(incidentOpen(), alertFired('P2'), alertFired('P3'), alertIs('resolved', 'P2'))
      .when(claim)
      .decides(
        { type: 'commander.named' },
        queues({ kind: 'acknowledge-as', alertId: 'P1' }),
        queues({ kind: 'acknowledge-as', alertId: 'P3' }),
        tellsThread('claimed'),
      );
  });

  test('on a declared incident → there is no alert to show them on', () => {
    given(opened()).when(claim).decides({ type: 'commander.named' }, tellsThread('claimed'));
  });

  test('twice → refused, with the time since when', () => {
    given(incidentOpen(), at('12:02', claimedBy(robin)))
      .when(claim, { by: robin, at: '12:04' })
      .refuses('already-claimed', /You are already on INC-1, since 2026-01-05 12:02:00 UTC/);
  });

  test('after the resolution → refused, with who resolved it and when', () => {
    given(incidentResolved())
      .when(claim)
      .refuses('already-resolved', /INC-1 was resolved at 2026-01-05 12:12:00 UTC by robin/);
  });

  test('and is no person → a mistake in the wiring, told at once', () => {
    expect(() => given(incidentOpen()).when(claim, { by: timer })).toThrow('only a person can do this, not timer');
  });
});

describe('the commander hands over', () => {
  test('to sam → sam is the commander and the responder, and the channel hears both names', () => {
    given(incidentOpen(), claimedBy(robin))
      .when(toSam, { by: robin })
      .decides(
        { type: 'commander.named', slackId: sam.slackId, name: 'sam' },
        queues({ kind: 'acknowledge-as', alertId: 'P1', name: 'sam' }),
        tellsChannel('handed-over', { slackId: sam.slackId, former: 'robin' }),
      )
      .when(toSam, { by: robin })
      .refuses('already-claimed', /sam is on INC-1 already/);
  });

  test('though nobody was on it → it came from nobody', () => {
    given(opened())
      .when(toSam)
      .decides({ type: 'commander.named' }, tellsChannel('handed-over', { former: 'nobody' }));
  });

  test('after the resolution → refused', () => {
    given(incidentResolved())
      .when(toSam)
      .refuses('already-resolved', /INC-1 was resolved/);
  });
});

describe('a scribe is named', () => {
  test('kim → the thread hears it; a second time is refused', () => {
    given(incidentOpen())
      .when(kimWrites, { by: robin })
      .decides({ type: 'scribe.named', slackId: kim.slackId, name: 'kim' }, tellsThread('writer-named', { slackId: kim.slackId }))
      .leaves({ scribe: { slackId: kim.slackId, name: 'kim' }, commander: null })
      .when(kimWrites)
      .refuses('already-so', /kim writes already/);
  });

  test('after the resolution → refused', () => {
    given(incidentResolved())
      .when(kimWrites)
      .refuses('already-resolved', /INC-1 was resolved/);
  });
});

describe('a message of the thread is kept', () => {
  const message: Command = COMMANDS['keep-message'].example;

  test('→ it is on the timeline; told again by Slack it adds nothing', () => {
    given(incidentOpen())
      .when(message)
      .decides({ type: 'message.kept', ts: '1767614400.000100', author: 'sam', text: 'it began with the deploy' })
      .when(message)
      .decidesNothing();
  });

  test('and then edited → the new text is another entry', () => {
    given(incidentOpen(), has({ type: 'message.kept', ts: '1767614400.000100', author: 'sam', text: 'it began with the deploi' }))
      .when(message)
      .decides({ type: 'message.kept', text: 'it began with the deploy' });
  });

  test('after the resolution → it still counts', () => {
    given(incidentResolved()).when(message).decides({ type: 'message.kept' });
  });
});
