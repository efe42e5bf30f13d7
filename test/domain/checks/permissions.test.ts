import { expect, test } from 'vitest';
import type { TableFacts } from '#domain/audit-table/probe/facts.ts';
import type { ProbeOutcome } from '#domain/audit-table/probe/outcome.ts';
import type { RoleRights } from '#domain/audit-table/role-rights.ts';
import { tableNamed } from '#domain/audit-table/sql.ts';
import type { WriteFailure } from '#domain/audit-table/writer-session.ts';
import { judgePermissions, type Permissions } from '#domain/checks/permissions-verdict.ts';

const table = tableNamed('public', 'AuditLog', 'timestamp');
const RIGHTS: RoleRights = {
  ...{ role: 'clinic', login: 'clinic', mayUseSchema: true, schema: 'public', mayInsert: true, columns: ['id'], columnsDenied: [] },
  ...{
    owner: 'admin',
    grantedTo: ['clinic'],
    mayLogIn: true,
    connectionLimit: -1,
    connections: 3,
    isExpired: false,
    settings: [],
    memberOf: [],
  },
};
const FACTS: TableFacts = {
  ...{ role: 'clinic', statementTimeout: 0, readOnly: null, isView: false, oids: ['1'], rowSecurity: false, columns: [], types: [] },
  ...{ constraints: [], uniques: [], partitionKeys: [], policies: [], triggers: [], rules: [] },
};
const failure = (code: string, more: Partial<WriteFailure> = {}): WriteFailure => ({
  ...{ stage: 'insert', code, text: 'the words', isRowSecurity: false, lacksSetting: false, column: null, constraint: null },
  ...{ table: null, object: null, functions: [], ...more },
});
const column = (mayUse: boolean): TableFacts['columns'][number] => ({
  ...{
    name: 'id',
    type: '23',
    typeName: 'integer',
    notNull: true,
    identity: '',
    isGenerated: false,
    hasDefault: true,
    mayInsert: true,
    maySelect: true,
  },
  ...{ isInsertable: true, defaultFunctions: [], sequence: { name: 's', mayUse, next: '1', isExhausted: false, isPastType: false } },
});
const policy = (name: string, isPermissive: boolean, expression: string) => ({ name, isPermissive, expression, readsColumns: false });
const refused = (code: string, functions: readonly string[] = []): ProbeOutcome => ({
  ...{
    kind: 'refused',
    source: 'copy',
    writer: { role: 'clinic', statementTimeout: 0 },
    failure: failure(code, { functions }),
    cause: null,
  },
});

type Given = Partial<Omit<Permissions, 'rights' | 'facts'>> & {
  readonly rights?: Partial<RoleRights> | null;
  readonly facts?: Partial<TableFacts>;
};
const judge = ({ rights = {}, facts = {}, ...more }: Given) =>
  judgePermissions(
    {
      rights: rights === null ? null : { ...RIGHTS, ...rights },
      facts: { ...FACTS, ...facts },
      outcome: null,
      failure: null,
      named: 'clinic',
      ...more,
    },
    table,
  );

test.each<[string, Given, string, string, string | undefined]>([
  ['every right', {}, 'ok', 'Role clinic may insert.', undefined],
  [
    'a trigger beside them',
    { facts: { triggers: [{ name: 't', table: 'x', function: 'f', isBeforeRow: true, actsOutside: null }] } },
    'ok',
    'a trigger could still refuse',
    undefined,
  ],
  ['no role of this name', { rights: null }, 'critical', 'There is no role clinic.', undefined],
  [
    'a server that does not answer',
    { rights: null, failure: failure('ECONNREFUSED') },
    'unknown',
    'role could not be asked: the words',
    undefined,
  ],
  [
    'no USAGE on the schema',
    { rights: { mayUseSchema: false } },
    'critical',
    "no USAGE on the table's schema",
    'GRANT USAGE ON SCHEMA public TO clinic;',
  ],
  [
    'no INSERT',
    { rights: { mayInsert: false, columns: [] } },
    'critical',
    'may not insert into the table',
    'GRANT INSERT ON "AuditLog" TO clinic;',
  ],
  ['INSERT into every column that must be filled', { rights: { mayInsert: false } }, 'ok', 'may insert', undefined],
  [
    'INSERT into some of them',
    { rights: { mayInsert: false, columnsDenied: ['Action'] } },
    'critical',
    'into column Action',
    'GRANT INSERT ("Action") ON "AuditLog" TO clinic;',
  ],
  [
    'NOLOGIN',
    { rights: { mayLogIn: false }, failure: failure('28000') },
    'critical',
    'may not log in (NOLOGIN)',
    'ALTER ROLE clinic LOGIN;',
  ],
  ['a group that another role uses', { rights: { mayLogIn: false, login: 'member' } }, 'ok', 'may insert', undefined],
  ['an expired password', { rights: { isExpired: true } }, 'critical', 'has expired', "ALTER ROLE clinic VALID UNTIL 'infinity';"],
  [
    'no connection left',
    { rights: { connectionLimit: 3 }, failure: failure('53300') },
    'critical',
    '3 of its 3 connections',
    'ALTER ROLE clinic CONNECTION LIMIT -1;',
  ],
  ['the last one is ours', { rights: { connectionLimit: 3 } }, 'ok', 'may insert', undefined],
  [
    'reads only',
    { rights: { settings: ['default_transaction_read_only=on'] } },
    'critical',
    'default_transaction_read_only is on',
    'ALTER ROLE clinic RESET default_transaction_read_only;',
  ],
  ['another reason not to connect', { failure: failure('53300') }, 'critical', "can't connect: the words", undefined],
  [
    'a rule',
    { facts: { rules: [{ name: 'keep', isUnconditional: true }] } },
    'critical',
    'Rule keep discards or redirects',
    'DROP RULE keep ON "AuditLog";',
  ],
  ['a rule with a condition', { facts: { rules: [{ name: 'keep', isUnconditional: false }] } }, 'ok', 'may insert', undefined],
  [
    'a sequence without USAGE',
    { facts: { columns: [column(false)] } },
    'critical',
    'may not use sequence s',
    'GRANT USAGE ON SEQUENCE s TO clinic;',
  ],
  ['a sequence with it', { facts: { columns: [column(true)] } }, 'ok', 'may insert', undefined],
  ['no policy', { facts: { rowSecurity: true } }, 'critical', 'no policy lets role clinic insert', undefined],
  ['a policy', { facts: { rowSecurity: true, policies: [policy('p', true, 'true')] } }, 'ok', 'may insert', undefined],
  [
    'a restrictive one that is false',
    { facts: { rowSecurity: true, policies: [policy('p', true, 'true'), policy('no', false, 'false')] } },
    'critical',
    'Restrictive policy no lets no record in',
    undefined,
  ],
  [
    'policies that are all false',
    { facts: { rowSecurity: true, policies: [policy('p', true, 'false')] } },
    'critical',
    'Policy p lets no record in',
    undefined,
  ],
  ['policies of a role that passes them', { facts: { policies: [policy('no', false, 'false')] } }, 'ok', 'may insert', undefined],
  [
    'a write that a trigger refused',
    { outcome: refused('P0001', ['f']) },
    'high',
    'A test write was refused: a trigger refuses the record (function f) (P0001).',
    undefined,
  ],
  ['a write that met a lock is no matter of rights', { outcome: refused('55P03') }, 'ok', 'may insert', undefined],
])('%s', (_name, given, level, evidence, repair) => {
  const verdict = judge(given);
  expect(verdict).toMatchObject({ level, evidence: expect.stringContaining(evidence) });
  expect(verdict.figures.find(({ name }) => name === 'Repaired by')?.value).toBe(repair);
  if (level !== 'unknown') expect(verdict.nextAction).toEqual({ kind: 'command', command: '/audit probe' });
});

test('what is set for the role is told, as far as it bears on its writes', () => {
  const { figures } = judge({
    rights: {
      settings: ['statement_timeout=1s', 'search_path=shadow', 'work_mem=4MB'],
      memberOf: ['writers'],
      connectionLimit: 5,
      login: 'gapwatch_writer',
    },
  });
  expect(figures).toEqual(
    expect.arrayContaining([
      { name: 'Judged as', value: 'clinic, connected as gapwatch_writer' },
      { name: 'Member of', value: 'writers' },
      { name: 'Connections of the role', value: '3 of 5' },
      { name: 'Settings of the role', value: 'statement_timeout=1s, search_path=shadow' },
    ]),
  );
});
