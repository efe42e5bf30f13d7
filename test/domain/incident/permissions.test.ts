import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '#domain/base/policy.ts';
import type { Person } from '#domain/incident/actor.ts';
import { permissionOf } from '#domain/incident/command.ts';
import { decide } from '#domain/incident/decide.ts';
import { stateOf } from '#domain/incident/evolve.ts';
import { denialOf, type Identity } from '#domain/incident/permission.ts';
import { COMMANDS } from '#harness/commands.ts';

const at = new Date('2026-01-05T12:00:00Z');
const robin: Person = { kind: 'person', slackId: 'U1', name: 'Robin' };
const policy = { ...DEFAULT_POLICY, approvers: ['U9', 'S1'] };
const identity = (relation: Identity['relation'], groups: Identity['groups'] = []): Identity => ({
  channel: 'incidents',
  relation,
  groups,
});
const incident = stateOf([
  { sequence: 1, at, by: { kind: 'gapwatch' }, event: { type: 'incident.opened', number: 1, startedAt: at, reason: 'silence' } },
]);

const commands = Object.values(COMMANDS).map(({ example }) => example);
const kinds = commands.map(({ kind }) => kind);

const guarded = commands.filter(({ kind }) => permissionOf(kind) !== 'anybody');

test.each(guarded.map((command) => [command.kind, command] as const))('%s: a stranger is denied, on the record', (kind, command) => {
  const { events, refused } = decide(incident, command, { by: robin, identity: identity('guest-or-stranger'), now: at, policy });
  expect(refused?.reason).toBe('not-permitted');
  expect(events).toEqual([{ type: 'command.denied', what: kind, why: refused?.message }]);
});

test('anybody may leave a message in the thread, and be denied on the record; nothing else', () => {
  expect(kinds.filter((kind) => permissionOf(kind) === 'anybody').toSorted()).toEqual(['deny', 'keep-message']);
});

test('what only Gapwatch gives is denied to every person', () => {
  const own = commands.filter(({ kind }) => permissionOf(kind) === 'nobody');
  expect(own.length).toBeGreaterThan(10);
  for (const command of own)
    expect(decide(incident, command, { by: robin, identity: identity('member'), now: at, policy }).refused?.reason).toBe('not-permitted');
});

test('corrections of the gap and the approval of a remedy are for approvers', () => {
  expect(kinds.filter((kind) => permissionOf(kind) === 'approver').toSorted()).toEqual(['approve-remedy', 'move-gap']);
});

describe('an approver', () => {
  const denial = (who: Person, known: Identity, approvers = policy.approvers) => denialOf('approver', who, known, { approvers });
  test('is named by Slack ID', () => expect(denial({ ...robin, slackId: 'U9' }, identity('member'))).toBeNull());
  test('belongs to a named group', () => expect(denial(robin, identity('member', ['S1']))).toBeNull());
  test('is any member while nobody is named', () => expect(denial(robin, identity('member'), [])).toBeNull());
  test('is not somebody else, who reads whom to ask', () => expect(denial(robin, identity('member'))?.whoMay).toEqual(['U9', 'S1']));
  test('is not a named person outside of the channel', () => expect(denial(robin, identity('not-in-channel', ['S1']))).not.toBeNull());
  test('is not somebody whose groups Slack did not tell in time', () =>
    expect(denial(robin, identity('member', 'unknown'))?.hint).toContain('try again'));
});
