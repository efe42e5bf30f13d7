import { expect, test } from 'vitest';
import { conclude, type Result } from '#domain/checks/diagnose.ts';
import { checkNamed } from '#domain/checks/index.ts';
import type { Verdict } from '#domain/checks/verdict.ts';

const found = (name: string, level: Verdict['level']): Result => {
  const check = checkNamed(name);
  if (!check) throw new Error(`there is no check named ${name}`);
  const verdict: Verdict = {
    level,
    evidence: `${name} says so.`,
    figures: [],
    nextStep: `the step of ${name}`,
    nextAction: { kind: 'command', command: `/audit of ${name}` },
  };
  return { check, verdict };
};

test.each<[string, readonly (readonly [string, Verdict['level']])[], Verdict['level'], string, string]>([
  [
    'a right explains a refused write',
    [
      ['scope', 'critical'],
      ['probe', 'critical'],
      ['permissions', 'critical'],
    ],
    'critical',
    'permissions: permissions says so.',
    'of permissions',
  ],
  [
    'a lock explains it',
    [
      ['scope', 'critical'],
      ['probe', 'high'],
      ['locks', 'critical'],
    ],
    'critical',
    'locks: locks says so.',
    'of locks',
  ],
  [
    'a full disk explains it',
    [
      ['probe', 'critical'],
      ['storage', 'critical'],
    ],
    'critical',
    'storage: storage says so.',
    'of storage',
  ],
  [
    'a changed table explains it',
    [
      ['probe', 'high'],
      ['schema', 'high'],
      ['deploys', 'medium'],
    ],
    'high',
    'schema: schema says so.',
    'of schema',
  ],
  [
    'a refused write explains silence',
    [
      ['scope', 'critical'],
      ['probe', 'high'],
      ['schema', 'medium'],
    ],
    'critical',
    'probe: probe says so.',
    'of probe',
  ],
  [
    'the application’s log explains what the database does not',
    [
      ['scope', 'critical'],
      ['probe', 'ok'],
      ['deploys', 'high'],
      ['logs', 'high'],
    ],
    'critical',
    'logs: logs says so.',
    'of logs',
  ],
  [
    'silence alone',
    [
      ['scope', 'critical'],
      ['probe', 'ok'],
    ],
    'critical',
    'scope: scope says so.',
    'of scope',
  ],
  [
    'nothing serious',
    [
      ['scope', 'medium'],
      ['probe', 'ok'],
      ['locks', 'ok'],
    ],
    'medium',
    'No check found a cause: the database takes audit records.',
    'deploys',
  ],
  [
    'a check that could not be done',
    [
      ['scope', 'medium'],
      ['probe', 'unknown'],
    ],
    'medium',
    'No check found a cause, but 1 of 2 could not be done.',
    'of probe',
  ],
  [
    'schema with nothing to compare is no such check',
    [
      ['scope', 'medium'],
      ['probe', 'ok'],
      ['schema', 'unknown'],
    ],
    'medium',
    'No check found a cause: the database takes',
    'deploys',
  ],
])('%s', (_name, results, level, evidence, command) => {
  const verdict = conclude(results.map(([name, each]) => found(name, each)));
  expect(verdict).toMatchObject({ level, evidence: expect.stringContaining(evidence), nextAction: { command: `/audit ${command}` } });
  expect(verdict.figures).toHaveLength(results.length);
});

test('a database that answers nothing is told as that, whatever others found', () => {
  expect(conclude([found('scope', 'unknown'), found('logs', 'high'), found('probe', 'unknown'), found('schema', 'unknown')])).toMatchObject(
    {
      evidence: 'The database answers no check: scope says so.',
      nextAction: { kind: 'runbook', runbook: 'database-failure' },
    },
  );
});
