import { expect, test } from 'vitest';
import { judgeOperations, type Result } from '#domain/checks/operations.ts';

const operation = (name: string) => ({
  name,
  method: 'GET' as const,
  url: 'https://clinic.example/api',
  headers: {},
  body: null,
  expect: { action: 'READ', resource: 'Patient' },
});
const recorded = (after: number): Result => ({ operation: operation('access'), kind: 'sent', status: 200, appearedAfter: after });
const missing = (status = 200): Result => ({ operation: operation('access'), kind: 'sent', status, appearedAfter: null });
const unsent: Result = { operation: operation('access'), kind: 'unsent', why: 'the connection is refused' };

test.each([
  ['each left its record', [recorded(0), recorded(3_000)], 'ok', 'All 2 operations left their audit record.', '/audit gaps'],
  ['one did not', [recorded(0), missing()], 'high', '1 of 2 operations left their audit record; 1 did not.', '/audit probe'],
  ['none did', [missing(), missing()], 'critical', '0 of 2 operations left their audit record; 2 did not.', '/audit probe'],
  [
    'one was not sent',
    [recorded(0), unsent],
    'unknown',
    '1 of 2 operations left their audit record; 1 could not be sent.',
    '/audit operations',
  ],
  ['a missing record outweighs one that was not sent', [unsent, missing()], 'high', '0 of 2', '/audit probe'],
])('%s', (_name, results, level, evidence, command) => {
  expect(judgeOperations(results)).toMatchObject({
    level,
    evidence: expect.stringContaining(evidence),
    nextAction: { kind: 'command', command },
  });
});

test.each([
  [recorded(0), 'READ Patient recorded at once; answered 200'],
  [recorded(3_000), 'READ Patient recorded within 3 seconds; answered 200'],
  [missing(401), 'no READ Patient record within 10 seconds; answered 401 (is OPERATIONS_SESSION still valid?)'],
  [missing(500), 'no READ Patient record within 10 seconds; answered 500'],
  [unsent, 'not sent: the connection is refused'],
])('a figure for each operation: %#', (result, value) => {
  expect(judgeOperations([result]).figures[0]).toEqual({ name: 'access', value });
});
