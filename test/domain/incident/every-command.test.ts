import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '#harness/commands.ts';
import { type Command, clock, given, timerCommandSchema } from '#harness/decisions.ts';
import { incidentOpen, opened } from '#harness/histories.ts';

const ignored = () => undefined;
const kinds = Object.entries(COMMANDS).map(([kind, { concern, example }]): [string, string, Command] => [kind, concern, example]);

test.each(kinds)('%s has its examples in %s.test.ts', (_, concern) => {
  const file = `test/domain/incident/${concern}.test.ts`;
  expect(existsSync(file), file).toBe(true);
  expect(readFileSync(file, 'utf8')).toContain(`examplesOf('${concern}')`);
});

test('every command that a timer carries has its examples among the timers or deadlines', () => {
  const carried = timerCommandSchema.options.map(({ shape }) => shape.kind.value);
  const shown = kinds.filter(([, concern]) => concern === 'timers' || concern === 'deadlines').map(([kind]) => kind);
  expect(shown).toEqual(expect.arrayContaining(carried));
});

test('a timer command that was stored as JSON is read back the same', () => {
  const timers = timerCommandSchema.options.map(({ shape }) => COMMANDS[shape.kind.value].example);
  expect(timers.map((command) => timerCommandSchema.parse(JSON.parse(JSON.stringify(command))))).toEqual(timers);
});

describe('without an incident', () => {
  const later = kinds.filter(([kind]) => kind !== 'alert-fired' && kind !== 'declare');

  test.each(later)('%s → refused, with how to open one', (_kind, _concern, command) => {
    given([], ignored)
      .when(command)
      .refuses('no-open-incident', /There is no incident yet\. `\/incident declare <reason>` opens one\./);
  });
});

describe('an example that is wrong says so', () => {
  const claim: Command = { kind: 'claim' };

  test('one event left out, or one too many', () => {
    expect(() => given([opened()], ignored).when(claim).decides({ type: 'commander.named' })).toThrow('outbox.queued claimed');
    expect(() => given([incidentOpen()], ignored).when(claim).decidesNothing()).toThrow('commander.named');
  });

  test('another value, another refusal, no refusal at all', () => {
    const declares = given([], ignored).when(COMMANDS.declare.example);
    expect(() => declares.decides({ type: 'incident.opened', startedAt: clock('12:01') })).toThrow('event 1, incident.opened');
    expect(() => declares.refuses('already-open', /open/)).toThrow('not refused');
    expect(() => given([], ignored).when(claim).decidesNothing()).toThrow('no-open-incident');
  });

  test('a time that is none', () => {
    expect(() => clock('noon')).toThrow('a time reads 12:05 or 12:05:30, not "noon"');
  });
});
