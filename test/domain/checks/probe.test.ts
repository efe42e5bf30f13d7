import { describe, expect, test } from 'vitest';
import type { ProbeOutcome, RefusalCause } from '#domain/audit-table/probe/outcome.ts';
import { tableNamed } from '#domain/audit-table/sql.ts';
import type { WriteFailure } from '#domain/audit-table/writer-session.ts';
import { judgeProbe } from '#domain/checks/probe-verdict.ts';

const table = tableNamed('public', 'AuditLog', 'timestamp');
const writer = { role: 'clinic_app', statementTimeout: 5_000 };
const failure = (code: string | null, more: Partial<WriteFailure> = {}): WriteFailure => ({
  ...{ stage: 'insert', code, text: 'the words', isRowSecurity: false, lacksSetting: false, column: null, constraint: null },
  ...{ table: null, object: null, functions: [], ...more },
});
const refused = (code: string, more: Partial<WriteFailure> = {}, cause: RefusalCause | null = null): ProbeOutcome => ({
  ...{ kind: 'refused', source: 'copy', writer, failure: failure(code, more), cause },
});
const unfit = (code: string, more: Partial<WriteFailure> = {}): ProbeOutcome => ({
  ...{ kind: 'unfit', source: 'catalogue', writer, failure: failure(code, more), cause: null },
});
const unreached = (code: string | null, stage: WriteFailure['stage'] = 'before'): ProbeOutcome => ({
  kind: 'unreached',
  failure: failure(code, { stage }),
});
const nothingStored = (rules: readonly string[], triggers: readonly string[]): ProbeOutcome => ({
  ...{ kind: 'nothing-stored', source: 'copy', writer, rules, triggers, storedIn: [], isEveryRecord: rules.length > 0 },
});
const IN_TRIGGER = { functions: ['chain'] };

const RUNBOOK = 'DATABASE_FAILURE';

test.each<[string, ProbeOutcome, string, string, string]>([
  [
    'taken',
    { kind: 'written', source: 'copy', writer, milliseconds: 3.4, secondsOff: 0 },
    'ok',
    'A record can be written as role clinic_app (3 ms)',
    '/audit deploys',
  ],
  [
    'taken, but dated otherwise',
    { kind: 'written', source: 'copy', writer, milliseconds: 3, secondsOff: -7_200 },
    'high',
    'it is stored 2 hours behind the time',
    '/audit permissions',
  ],
  [
    'nothing stored by a rule',
    nothingStored(['keep'], []),
    'critical',
    'accepted the record and stored nothing: rule keep discards it.',
    '/audit permissions',
  ],
  ['nothing stored, by whom is not known', nothingStored([], []), 'critical', 'a rule or trigger discards it', '/audit permissions'],
  [
    'nothing stored, one of two',
    nothingStored(['a'], ['b on t']),
    'critical',
    'one of these discards it: rule a, trigger b on t',
    '/audit permissions',
  ],
  [
    'held back',
    { kind: 'held-back', writer, effects: [{ trigger: 't', table: 'x', does: 'dblink' }] },
    'unknown',
    'No write was tried',
    '/audit probe anyway',
  ],
  [
    'a constraint that a made-up value does not fit',
    unfit('23514', { constraint: 'coded' }),
    'unknown',
    'our test record does not fit constraint coded; real records may.',
    '/audit logs',
  ],
  ['a column', unfit('23502', { column: 'user' }), 'unknown', 'does not fit column user', '/audit logs'],
  ['a type', unfit('42846'), 'unknown', 'does not fit the table (42846)', '/audit logs'],
  [
    'a policy on the session',
    unfit('42501', { isRowSecurity: true }),
    'unknown',
    'row-level security refuses our test record',
    '/audit logs',
  ],
  ['a setting of the session', unfit('42704', { lacksSetting: true }), 'unknown', 'a setting that only the application', '/audit logs'],
  ['a trigger', unfit('P0001', IN_TRIGGER), 'unknown', 'what a trigger wants (function chain, P0001)', '/audit logs'],
  ['a join view', unfit('55000'), 'unknown', 'Nothing can be inserted into AuditLog (55000)', '/audit schema'],
  ['permission denied', refused('42501'), 'critical', 'The write was refused: permission denied, 42501.', '/audit permissions'],
  [
    'the table is gone',
    refused('42P01', { object: { kind: 'relation', name: 'AuditLog' } }),
    'critical',
    'relation AuditLog does not exist, 42P01',
    '/audit schema',
  ],
  [
    'a trigger’s table is missing',
    refused('42P01', IN_TRIGGER),
    'critical',
    'a trigger needs something that is missing (function chain), 42P01',
    '/audit permissions',
  ],
  [
    'a trigger of its own code',
    refused('AU001', IN_TRIGGER),
    'high',
    'a trigger refuses the record (function chain), AU001',
    '/audit permissions',
  ],
  ['a full disk', refused('53100'), 'critical', "the database's disk is full, 53100", '/audit storage'],
  ['a full disk, from a trigger', refused('53100', IN_TRIGGER), 'critical', '53100', '/audit storage'],
  ['a lock', refused('55P03'), 'high', 'the table, or a row or lock that the write needs, is locked, 55P03', '/audit locks'],
  ['a deadlock', refused('40P01'), 'high', 'a deadlock, 40P01', '/audit locks'],
  ['a check constraint', refused('23514', { constraint: 'ck' }), 'high', 'a check constraint refuses the record, 23514', '/audit deploys'],
  ['an unknown code of a known class', refused('22999'), 'high', 'a value does not fit its column, 22999', '/audit deploys'],
  ['an internal error', refused('XX000'), 'critical', 'the database server has an internal error, XX000', RUNBOOK],
  [
    'no partition',
    refused('23514', {}, { kind: 'no-partition', table: '"AuditLog"', create: null }),
    'high',
    'no partition of "AuditLog" takes a record of now',
    '/audit schema',
  ],
  [
    'a sequence',
    refused('22003', {}, { kind: 'sequence', sequence: 's', what: 'past-type' }),
    'high',
    'the next number of sequence s is too large',
    '/audit permissions',
  ],
  [
    'a policy',
    refused('42501', { isRowSecurity: true }, { kind: 'policies', names: ['no'] }),
    'critical',
    'row-level security refuses the record (policy no)',
    '/audit permissions',
  ],
  [
    'its own timeout',
    refused('57014', {}, { kind: 'own-timeout', milliseconds: 300 }),
    'high',
    "the role's own statement_timeout of 300 ms",
    '/audit locks',
  ],
  ['a replica', refused('25006', {}, { kind: 'read-only', by: 'recovery' }), 'critical', 'the server is a replica', RUNBOOK],
  [
    'a role that reads only',
    refused('25006', {}, { kind: 'read-only', by: 'user' }),
    'critical',
    'is on for role clinic_app',
    '/audit permissions',
  ],
  [
    'no connection',
    unreached('ECONNREFUSED'),
    'critical',
    'No write could be tried: the database server refuses connections, ECONNREFUSED.',
    RUNBOOK,
  ],
  ['no answer', unreached(null), 'high', 'No write could be tried: the words.', RUNBOOK],
  [
    'a wrong certificate',
    unreached('SELF_SIGNED_CERT_IN_CHAIN'),
    'critical',
    'comes from an unknown authority: name it in CA_FILE',
    RUNBOOK,
  ],
  ['an undoing that failed', unreached('57P01', 'after'), 'unknown', 'The write was taken, but undoing it failed', '/audit probe'],
])('%s', (_name, outcome, level, evidence, next) => {
  const verdict = judgeProbe(outcome, table);
  expect(verdict).toMatchObject({ level, evidence: expect.stringContaining(evidence) });
  expect(verdict.nextAction).toEqual(
    next === RUNBOOK ? { kind: 'runbook', runbook: 'database-failure' } : { kind: 'command', command: next },
  );
});

describe('what one statement repairs is printed', () => {
  test.each<[string, ProbeOutcome, string | undefined]>([
    ['INSERT', refused('42501', { object: { kind: 'table', name: 'AuditLog' } }), 'GRANT INSERT ON "AuditLog" TO clinic_app;'],
    [
      'another table',
      refused('42501', { object: { kind: 'table', name: 'heads' }, ...IN_TRIGGER }),
      'GRANT INSERT ON heads TO clinic_app;',
    ],
    ['a schema', refused('42501', { object: { kind: 'schema', name: 'audit' } }), 'GRANT USAGE ON SCHEMA audit TO clinic_app;'],
    ['a function', refused('42501', { object: { kind: 'function', name: 'made' } }), 'GRANT EXECUTE ON FUNCTION made TO clinic_app;'],
    ['a type', refused('42501', { object: { kind: 'type', name: 'Mood' } }), 'GRANT USAGE ON TYPE "Mood" TO clinic_app;'],
    [
      'a sequence',
      refused('42501', {}, { kind: 'sequence', sequence: 's', what: 'forbidden' }),
      'GRANT USAGE ON SEQUENCE s TO clinic_app;',
    ],
    ['an exhausted one', refused('2200H', {}, { kind: 'sequence', sequence: 's', what: 'exhausted' }), 'ALTER SEQUENCE s NO MAXVALUE;'],
    [
      'one behind',
      refused('23505', { column: 'id' }, { kind: 'sequence', sequence: 's', what: 'behind' }),
      `SELECT setval('s', (SELECT max(id) FROM "AuditLog"));`,
    ],
    [
      'an overflow',
      refused('22003', { column: 'id' }, { kind: 'sequence', sequence: 's', what: 'past-type' }),
      'ALTER TABLE "AuditLog" ALTER COLUMN id TYPE bigint;',
    ],
    ['a partition', refused('23514', {}, { kind: 'no-partition', table: 't', create: 'CREATE TABLE x;' }), 'CREATE TABLE x;'],
    [
      'a role that reads only',
      refused('25006', {}, { kind: 'read-only', by: 'user' }),
      'ALTER ROLE clinic_app RESET default_transaction_read_only;',
    ],
    ['a raised exception', refused('P0001', IN_TRIGGER), undefined],
    ['a policy', refused('42501', {}, { kind: 'policies', names: ['no'] }), undefined],
  ])('%s', (_name, outcome, repair) => {
    const verdict = judgeProbe(outcome, table);
    expect(verdict.figures.find(({ name }) => name === 'Repaired by')?.value).toBe(repair);
    expect(verdict.nextStep.includes('run `')).toBe(repair !== undefined);
  });

  test('a session that holds the lock', () => {
    const blocker = {
      pid: 1234,
      role: 'x',
      application: '',
      state: null,
      seconds: null,
      query: '',
      waiters: 1,
      kind: 'relation',
      relation: '"AuditLog"',
      key: null,
    };
    expect(judgeProbe(refused('55P03'), table, [blocker])).toMatchObject({
      evidence: 'The write was refused: the table is locked: session 1234 holds a lock on "AuditLog", which the write needs, 55P03.',
      nextStep: expect.stringContaining('run `SELECT pg_terminate_backend(1234);`'),
    });
  });
});

test('an OK says what it can’t see, each with the check that could', () => {
  const { figures } = judgeProbe({ kind: 'written', source: 'copy', writer, milliseconds: 1, secondsOff: null }, table);
  const unseen = figures.filter(({ name }) => name === 'What this can’t see').map(({ value }) => value);
  expect(unseen).toHaveLength(4);
  for (const value of unseen) expect(value).toMatch(/`\/audit (?:storage|logs|locks|health)`/);
});
