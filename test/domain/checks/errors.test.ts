import { expect, test } from 'vitest';
import { errorIssueSchema, judgeErrors } from '#domain/checks/errors.ts';

const issue = (text: string, count = 1, shortId = 'WEB-1') =>
  errorIssueSchema.parse({ shortId, text, url: `https://sentry.example/${shortId}`, count });

test.each([
  ['no issue', [], 'ok', 'Sentry has no error about the audit log in the last 2 hours.', '/audit probe'],
  ['an issue about something else', [issue('TypeError: x is undefined')], 'ok', 'no error about the audit log', '/audit probe'],
  ['one with a signature', [issue('Failed to create audit log', 3)], 'high', 'Sentry has 3 errors about the audit log', '/audit deploys'],
  ['a single one', [issue('P2002: Unique constraint failed')], 'high', 'Sentry has 1 error about the audit log', '/audit deploys'],
  ['one that only names audit', [issue('AuditService: boom', 2)], 'high', 'Sentry has 2 errors about the audit log', '/audit deploys'],
  [
    'several, added up',
    [issue('permission denied for table x', 4), issue('No space left on device', 5), issue('other', 100)],
    'high',
    'Sentry has 9 errors about the audit log',
    '/audit deploys',
  ],
])('%s', (_name, issues, level, evidence, command) => {
  expect(judgeErrors(issues)).toMatchObject({
    level,
    evidence: expect.stringContaining(evidence),
    nextAction: { kind: 'command', command },
  });
});

test('the most frequent comes first with its link, the rest is counted, and no text is shown', () => {
  const verdict = judgeErrors([
    issue('Failed to create audit log for jane@example.com', 1, 'WEB-1'),
    issue('permission denied', 9, 'WEB-2'),
    issue('other', 1, 'WEB-3'),
  ]);
  expect(verdict.figures).toEqual([
    { name: 'WEB-2', value: 'Permission denied: 9 times', url: 'https://sentry.example/WEB-2' },
    { name: 'WEB-1', value: 'Failed to create audit log: 1 time', url: 'https://sentry.example/WEB-1' },
    { name: 'Other issues of these 2 hours', value: '1' },
  ]);
  expect(JSON.stringify(verdict)).not.toContain('jane');
});
