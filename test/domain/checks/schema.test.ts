import { expect, test } from 'vitest';
import { judgeSchema } from '#domain/checks/schema.ts';

const column = (
  name: string,
  type: string,
  more: { readonly not_null?: boolean; readonly is_enum?: boolean; readonly has_default?: boolean } = {},
) => ({
  ...{ name, type, is_enum: false, not_null: true, has_default: false },
  ...more,
});
const id = column('id', 'text');
const action = column('action', '"AuditAction"', { is_enum: true });
const at = column('at', 'timestamp without time zone');
const COLUMNS = [id, action, at];
const EXPECTED = [
  { name: 'id', type: 'text', notNull: true },
  { name: 'action', type: 'enum', notNull: true },
  { name: 'at', type: 'timestamp', notNull: true },
];
const found = (columns = COLUMNS, more = {}) => ({ columns, invalidIndexes: [], isIndexed: true, ...more });

test.each([
  ['as expected', found(), 'ok', 'The table has the 3 expected columns.', undefined, '/audit probe'],
  [
    'a further column that may stay empty',
    found([...COLUMNS, column('note', 'text', { not_null: false })]),
    'ok',
    '3 expected',
    undefined,
    '/audit probe',
  ],
  [
    'a further one with a default',
    found([...COLUMNS, column('n', 'int', { has_default: true })]),
    'ok',
    '3 expected',
    undefined,
    '/audit probe',
  ],
  ['a varchar for a text', found([column('id', 'character varying(30)'), action, at]), 'ok', '3 expected', undefined, '/audit probe'],
  ['a time with zone', found([id, action, column('at', 'timestamp with time zone')]), 'ok', '3 expected', undefined, '/audit probe'],
  ['a missing column', found([id, action]), 'high', 'in 1 point.', 'Missing column: at', '/audit deploys'],
  [
    'a new one that must be filled',
    found([...COLUMNS, column('tenant', 'uuid')]),
    'high',
    '1 point',
    'Unexpected column that must be filled: tenant',
    '/audit deploys',
  ],
  [
    'a changed type',
    found([column('id', 'integer'), action, at]),
    'medium',
    '1 point',
    'Changed type: id is integer, expected text',
    '/audit deploys',
  ],
  [
    'a text for an enum',
    found([id, column('action', 'text'), at]),
    'medium',
    '1 point',
    'Changed type: action is text, expected enum',
    '/audit deploys',
  ],
  [
    'an enum for a text',
    found([column('id', '"Kind"', { is_enum: true }), action, at]),
    'medium',
    '1 point',
    'Changed type: id is an enum, expected text',
    '/audit deploys',
  ],
  [
    'may be empty now',
    found([column('id', 'text', { not_null: false }), action, at]),
    'medium',
    '1 point',
    'id may be empty',
    '/audit deploys',
  ],
  ['an invalid index', found(COLUMNS, { invalidIndexes: ['broken'] }), 'medium', '1 point', 'Invalid index: broken', '/audit deploys'],
  ['two points', found([id, action], { invalidIndexes: ['broken'] }), 'high', 'in 2 points.', 'Missing column: at', '/audit deploys'],
  ['no index on the time', found(COLUMNS, { isIndexed: false }), 'low', '1 point', 'Missing index: none leads', null],
])('%s', (_name, given, level, evidence, figure, command) => {
  const verdict = judgeSchema(given, EXPECTED);
  expect(verdict).toMatchObject({ level, evidence: expect.stringContaining(evidence) });
  expect(verdict.nextAction).toEqual(command === null ? undefined : { kind: 'command', command });
  const figures = verdict.figures.map(({ name, value }) => `${name}: ${value}`);
  expect(figures).toEqual(figure === undefined ? [] : expect.arrayContaining([expect.stringContaining(figure)]));
});

test('a column that must be filled now, without a default, makes writes fail', () => {
  const expected = [{ name: 'id', type: 'text', notNull: false }];
  expect(judgeSchema(found([id]), expected).level).toBe('high');
  expect(judgeSchema(found([column('id', 'text', { has_default: true })]), expected).level).toBe('medium');
});

test('without expected columns nothing is compared, and nothing is called right', () => {
  expect(judgeSchema(found(), [])).toMatchObject({
    level: 'unknown',
    evidence: 'The table is there, with 3 columns; `columns` in runbook.yaml names none to compare them with.',
    figures: [{ name: 'id', value: 'text, must be filled' }, { name: 'action' }, { name: 'at' }],
  });
  expect(judgeSchema(found(COLUMNS, { isIndexed: false }), []).level).toBe('low');
});
