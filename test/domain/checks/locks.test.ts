import { expect, test } from 'vitest';
import type { Blocker } from '#domain/audit-table/blockers.ts';
import { type Activity, type Holder, judgeLocks, type Written } from '#domain/checks/locks-verdict.ts';

const calm: Activity = { waiting: 0, connections: 8, most: 100, idleInTransaction: 0, hidden: 0, role: 'gapwatch_reader' };
const holder: Holder = {
  ...{ pid: 7, mode: 'ShareLock', relation: '"AuditLog"', role: 'maintenance', seconds: 61, state: 'idle in transaction' },
  query: `select 'patient 4711'`,
};
const blocker: Blocker = {
  ...{ pid: 9, role: 'clinic', application: 'web', state: 'idle in transaction', seconds: 5, query: 'select 1', waiters: 1 },
  ...{ kind: 'advisory', relation: null, key: '4711' },
};
const written = (tried: number, rolledBack: number, kept: number): Written => ({ tried, rolledBack, kept });
const given = (more: Partial<Parameters<typeof judgeLocks>[0]>) =>
  judgeLocks({ written: written(0, 0, 0), holders: [], blockers: [], activity: calm, ...more });

test.each([
  ['nothing in the way', {}, 'ok', 'Nothing keeps writes out of the table.', '/audit permissions'],
  ['a holder, and nobody waits', { written: null, holders: [holder] }, 'high', 'The table is locked against writes.', '/audit probe'],
  [
    'one waits',
    { written: null, holders: [holder], activity: { ...calm, waiting: 1 } },
    'critical',
    'locked against writes, and 1 waits for it.',
    '/audit probe',
  ],
  ['two wait', { written: null, holders: [holder], activity: { ...calm, waiting: 2 } }, 'critical', 'and 2 wait for it.', '/audit probe'],
  [
    'an advisory lock',
    { written: null, blockers: [blocker] },
    'critical',
    'Writes wait: session 9 holds advisory lock 4711, which the write needs.',
    '/audit probe',
  ],
  [
    'a row',
    { written: null, blockers: [{ ...blocker, kind: 'transactionid' }] },
    'critical',
    'holds a row that another transaction has locked',
    '/audit probe',
  ],
  [
    'another table',
    { written: null, blockers: [{ ...blocker, kind: 'relation', relation: 'accounts' }] },
    'critical',
    'holds a lock on accounts',
    '/audit probe',
  ],
  [
    'several writers wait',
    { written: null, blockers: [{ ...blocker, waiters: 3 }] },
    'critical',
    'and 3 writers wait for it',
    '/audit probe',
  ],
  ['written and rolled back', { written: written(40, 40, 0) }, 'high', 'writes audit records and rolls them back', '/audit deploys'],
  ['a few of our own probes', { written: written(2, 2, 0) }, 'ok', 'Nothing keeps writes out', '/audit permissions'],
  ['some stay', { written: written(40, 10, 30) }, 'ok', 'Nothing keeps writes out', '/audit permissions'],
  [
    'nine in ten connections',
    { activity: { ...calm, connections: 90 } },
    'high',
    '90 of 100 connections that the application may use are in use.',
    null,
  ],
  ['a few less', { activity: { ...calm, connections: 89 } }, 'ok', 'Nothing keeps writes out', '/audit permissions'],
])('%s', (_name, more, level, evidence, command) => {
  const verdict = given(more);
  expect(verdict).toMatchObject({ level, evidence: expect.stringContaining(evidence) });
  expect(verdict.nextAction).toEqual(command === null ? { kind: 'runbook', runbook: 'database-failure' } : { kind: 'command', command });
});

test('the holder is shown with its age and without its literals, and the statement that ends it is printed', () => {
  const { figures, nextStep } = given({ written: null, holders: [holder] });
  expect(figures[0]).toEqual({
    name: 'ShareLock on "AuditLog"',
    value: 'session 7 as maintenance, for 1 minute 1 second, idle in transaction: select ?',
  });
  expect(figures.at(-1)).toEqual({ name: 'Repaired by', value: 'SELECT pg_terminate_backend(7);' });
  expect(nextStep).toContain('run `SELECT pg_terminate_backend(7);`');
});

test('what our role may not see is unknown, never none', () => {
  const unseen = { ...holder, seconds: null, state: null, query: '<insufficient privilege>' };
  const { figures } = given({ written: null, holders: [unseen], activity: { ...calm, hidden: 6 } });
  expect(figures[0]?.value).toBe(
    'session 7 as maintenance, since when is not visible to our role, state not visible to our role: its statement is not visible to our role',
  );
  expect(figures.find(({ name }) => name === 'Idle in a transaction')?.value).toBe(
    '0; of 6 more it is not visible: GRANT pg_read_all_stats TO gapwatch_reader;',
  );
});
