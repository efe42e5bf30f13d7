import { expect, test } from 'vitest';
import { Unanswered } from '#domain/audit-table/query.ts';
import { judgeDeploys } from '#domain/checks/deploys.ts';

const gapStart = new Date('2026-01-05T12:00:00Z');
const minutesBefore = (minutes: number) => new Date(gapStart.getTime() - minutes * 60_000);
const deployment = (minutes: number) => ({ id: 'd-1', at: minutesBefore(minutes), phase: 'ACTIVE', cause: 'commit: tidy' });
const commit = (minutes: number) => ({
  id: 'abcdef0123456',
  at: minutesBefore(minutes),
  title: 'Write audit records later',
  url: 'https://github.example/c',
  touchesAuditCode: true,
});
const read = <Row>(...answer: readonly Row[]) => ({ answer });
const unread = (why: string) => ({ why, error: new Unanswered(why) });

test.each([
  [
    'a deployment ten minutes before the gap',
    read(),
    read(deployment(10)),
    gapStart,
    'high',
    'A deployment began 10 minutes before the gap',
  ],
  ['one exactly half an hour before', read(), read(deployment(30)), gapStart, 'high', 'began 30 minutes before the gap'],
  [
    'one 31 minutes before',
    read(),
    read(deployment(31)),
    gapStart,
    'medium',
    'There were 1 deployment and 0 commits about audit since two hours',
  ],
  ['one after the gap began', read(), read(deployment(-1)), gapStart, 'medium', 'There were 1 deployment and 0 commits'],
  ['one, with no gap known', read(), read(deployment(5)), null, 'medium', '1 deployment and 0 commits about audit in the last 2 hours'],
  ['commits alone', read(commit(50), commit(60)), read(), gapStart, 'medium', '0 deployments and 2 commits about audit'],
  ['a suspect although the commits were not read', unread('no token'), read(deployment(3)), gapStart, 'high', 'began 3 minutes before'],
  ['nothing', read(), read(), gapStart, 'low', 'There was no deployment and no commit about audit since two hours before the gap.'],
  ['nothing, and one source was not read', read(), unread('not configured'), null, 'unknown', 'but not every source could be read'],
])('%s', (_name, commits, deployments, start, level, evidence) => {
  expect(judgeDeploys(commits, deployments, start)).toMatchObject({
    level,
    evidence: expect.stringContaining(evidence),
    nextAction: { kind: 'command', command: '/audit logs' },
  });
});

test('the list is in order of time, with the gap’s start in it and what was not read at the end', () => {
  const { figures } = judgeDeploys(read(commit(20)), read(deployment(10), deployment(-5)), gapStart);
  expect(figures.map(({ name }) => name.slice(11, 16))).toEqual(['11:40', '11:50', '12:00', '12:05']);
  expect(figures[2]?.value).toBe('◀ the audit gap starts here');
  expect(figures[0]).toMatchObject({
    value: expect.stringContaining('commit abcdef0 (touches audit code)'),
    url: 'https://github.example/c',
  });
  expect(judgeDeploys(unread('no token'), read(), null).figures).toEqual([{ name: 'Not read', value: 'no token' }]);
});
