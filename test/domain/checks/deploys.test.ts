import { expect, test } from 'vitest';
import { Unanswered } from '#domain/audit-table/query.ts';
import { type Commit, commitSchema, type Deployment, deploymentSchema, judgeDeploys } from '#domain/checks/deploys.ts';
import { planRestart } from '#domain/remedies/restart.ts';
import { planRollback } from '#domain/remedies/rollback.ts';

const gapStart = new Date('2026-01-05T12:00:00Z');
const minutesBefore = (minutes: number) => new Date(gapStart.getTime() - minutes * 60_000);
const deployment = (minutes: number) =>
  deploymentSchema.parse({ id: 'd-1', at: minutesBefore(minutes), phase: 'ACTIVE', cause: 'commit: tidy' });
const commit = (minutes: number) =>
  commitSchema.parse({
    id: 'abcdef0123456',
    at: minutesBefore(minutes),
    title: 'Write audit records later',
    url: 'https://github.example/c',
    touchesAuditCode: true,
  });
type Commits = Parameters<typeof judgeDeploys>[0];
type Deployments = Parameters<typeof judgeDeploys>[1];
const commits = (...answer: readonly Commit[]): Commits => ({ answer });
const deployments = (...answer: readonly Deployment[]): Deployments => ({ answer });
const unread = (why: string) => ({ why, error: new Unanswered(why) });

test.each([
  [
    'a deployment ten minutes before the gap',
    commits(),
    deployments(deployment(10)),
    gapStart,
    'high',
    'A deployment began 10 minutes before the gap',
  ],
  ['one exactly half an hour before', commits(), deployments(deployment(30)), gapStart, 'high', 'began 30 minutes before the gap'],
  [
    'one 31 minutes before',
    commits(),
    deployments(deployment(31)),
    gapStart,
    'medium',
    'There were 1 deployment and 0 commits about audit since two hours',
  ],
  ['one after the gap began', commits(), deployments(deployment(-1)), gapStart, 'medium', 'There were 1 deployment and 0 commits'],
  [
    'one, with no gap known',
    commits(),
    deployments(deployment(5)),
    null,
    'medium',
    '1 deployment and 0 commits about audit in the last 2 hours',
  ],
  ['commits alone', commits(commit(50), commit(60)), deployments(), gapStart, 'medium', '0 deployments and 2 commits about audit'],
  [
    'a suspect although the commits were not read',
    unread('no token'),
    deployments(deployment(3)),
    gapStart,
    'high',
    'began 3 minutes before',
  ],
  [
    'nothing',
    commits(),
    deployments(),
    gapStart,
    'low',
    'There was no deployment and no commit about audit since two hours before the gap.',
  ],
  ['nothing, and one source was not read', commits(), unread('not configured'), null, 'unknown', 'but not every source could be read'],
])('%s', (_name, ofCommits, ofDeployments, start, level, evidence) => {
  expect(judgeDeploys(ofCommits, ofDeployments, start)).toMatchObject({
    level,
    evidence: expect.stringContaining(evidence),
    nextAction: { kind: 'command', command: '/audit logs' },
  });
});

test('the list is in order of time, with the gap’s start in it and what was not read at the end', () => {
  const { figures } = judgeDeploys(commits(commit(20)), deployments(deployment(10), deployment(-5)), gapStart);
  expect(figures.map(({ name }) => name.slice(11, 16))).toEqual(['11:40', '11:50', '12:00', '12:05']);
  expect(figures[2]?.value).toBe('◀ the audit gap starts here');
  expect(figures[0]).toMatchObject({
    value: expect.stringContaining('commit abcdef0 (touches audit code)'),
    url: 'https://github.example/c',
  });
  expect(judgeDeploys(unread('no token'), deployments(), null).figures).toEqual([{ name: 'Not read', value: 'no token' }]);
});

const now = new Date('2026-01-05T12:00:00Z');
const CAUSE = 'manual by zelda.quux@clinic.example for patient MRN-8812345';

test('who deployed and for which patient is in no plan of a remedy', () => {
  const deployment = (id: string, minutesAgo: number, phase: string) =>
    deploymentSchema.parse({ id, at: new Date(now.getTime() - minutesAgo * 60_000), phase, cause: CAUSE });
  const deployments = [deployment('d1', 10, 'ACTIVE'), deployment('d0', 90, 'SUPERSEDED')];
  const plans = JSON.stringify([planRestart(deployments, now), planRollback(deployments, 'd0', [], now)]);
  expect(plans).toContain('manual by [email] for patient');
  expect(plans).not.toMatch(/zelda|quux|8812345/);
});

test("a commit's title keeps its words and loses its identities", () => {
  const commit = { id: 'aaaaaaa1', at: now, title: 'Fix audit of patient Zelda Quux (#1234)', url: '', touchesAuditCode: true };
  expect(commitSchema.parse(commit).title).toBe('Fix audit of patient [name] (#1234)');
});
