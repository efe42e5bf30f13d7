import { expect, test } from 'vitest';
import { type HealthAnswer, healthVerdict } from '#domain/checks/health.ts';

const answered = (body: string, status = 200): HealthAnswer => ({ kind: 'answered', status, milliseconds: 41.6, body });
const audit = (value: unknown) => JSON.stringify({ checks: { audit: value } });

test.each([
  ['active', answered(audit('active')), 'ok', 'The application says its audit log is active.', '/audit scope'],
  ['healthy', answered(audit('healthy')), 'ok', 'The application says its audit log is healthy.', '/audit scope'],
  ['failing', answered(audit('failing')), 'critical', 'The application says its audit log is failing.', '/audit probe'],
  [
    'failing, with status 503',
    answered(audit('failing'), 503),
    'critical',
    'The application says its audit log is failing.',
    '/audit probe',
  ],
  ['active, with status 503', answered(audit('active'), 503), 'ok', 'The application says its audit log is active.', '/audit scope'],
  ['another word', answered(audit('paused')), 'unknown', 'something of its audit log that the runbook does not name', '/audit probe'],
  ['no audit check', answered('{"checks":{"database":"ok"}}'), 'unknown', 'says nothing of the audit log', '/audit probe'],
  ['an audit check that is no text', answered(audit(true)), 'unknown', 'says nothing of the audit log', '/audit probe'],
  ['a page that is no JSON', answered('<h1>Bad gateway</h1>', 502), 'unknown', 'says nothing of the audit log', '/audit probe'],
  ['an empty body', answered('', 204), 'unknown', 'says nothing of the audit log', '/audit probe'],
  ['no answer', { kind: 'silent', text: 'no answer within 10 s' } as const, 'critical', 'does not answer: no answer within 10 s', null],
])('%s', (_name, answer, level, evidence, command) => {
  const verdict = healthVerdict(answer);
  expect(verdict).toMatchObject({ level, evidence: expect.stringContaining(evidence) });
  expect(verdict.nextAction).toEqual(command === null ? { kind: 'runbook', runbook: 'api-server-down' } : { kind: 'command', command });
});

test('the status and the time are figures, what the endpoint says is never quoted', () => {
  const verdict = healthVerdict(answered(audit('Jane Doe, MRN 4711'), 500));
  expect(verdict.figures).toEqual([
    { name: 'HTTP status', value: '500' },
    { name: 'Answered in', value: '42 ms' },
  ]);
  expect(JSON.stringify(verdict)).not.toContain('4711');
});
