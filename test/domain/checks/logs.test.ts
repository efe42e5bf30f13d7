import { expect, test } from 'vitest';
import { parseLogLines } from '#domain/checks/log-lines.ts';
import { judgeLogs } from '#domain/checks/logs.ts';

const lines = (...texts: readonly string[]) =>
  parseLogLines(texts.map((text, index) => `web 2026-01-05T12:00:${String(index).padStart(2, '0')}.123456789Z ${text}`));

test.each([
  ['no line at all', [], 'unknown', "The application's log holds no line.", '/audit health'],
  ['a Prisma timeout', ['PrismaClientKnownRequestError P2024'], 'high', 'Prisma timeout (1 of the last 1 lines', '/audit locks'],
  ['a rollback', ['audit: transaction was rolled back'], 'high', 'Transaction rollback', '/audit locks'],
  ['a duplicate key', ['duplicate key value'], 'high', 'Unique constraint violation', '/audit schema'],
  ['a missing right', ['ERROR: permission denied for table'], 'high', 'Permission denied', '/audit permissions'],
  ['an unknown enum value', ['invalid input value for enum "AuditAction"'], 'high', 'Value that does not fit', '/audit schema'],
  ['a missing column', ['column "hash" of relation "AuditLog" does not exist'], 'high', 'Missing column or table', '/audit schema'],
  ['a deadlock', ['ERROR: deadlock detected'], 'high', 'Deadlock or conflict', '/audit locks'],
  ['a full disk', ['No space left on device'], 'high', 'Disk full', '/audit storage'],
  ['a lost connection', ['ECONNREFUSED 10.0.0.1:5432'], 'high', 'Database connection', null],
  ['a failure without its cause', ['Failed to create audit log'], 'high', 'Failed to create audit log', '/audit deploys'],
  ['the most frequent signature decides', ['P2024', 'P2024', 'disk full'], 'high', 'Prisma timeout (2 of the last 3', '/audit locks'],
  ['audit is named, without a signature', ['audit: hello'], 'low', "1 lines, with none of the runbook's signatures", '/audit deploys'],
  ['nothing about audit', ['GET /'], 'medium', 'The log says nothing about audit', '/audit deploys'],
])('%s', (_name, texts, level, evidence, command) => {
  const verdict = judgeLogs(lines(...texts), false);
  expect(verdict).toMatchObject({ level, evidence: expect.stringContaining(evidence) });
  expect(verdict.nextAction).toEqual(command === null ? { kind: 'runbook', runbook: 'database-failure' } : { kind: 'command', command });
});

test('only the last 50 lines about audit count, the last 8 are shown, redacted, and a cut log says so', () => {
  const old = Array.from({ length: 51 }, () => 'audit permission denied');
  const verdict = judgeLogs([...lines(...old), ...lines(...Array.from({ length: 50 }, () => 'audit of jane@example.com'))], true);
  expect(verdict).toMatchObject({ level: 'low', evidence: expect.stringContaining('50 lines') });
  expect(verdict.figures).toHaveLength(9);
  expect(verdict.figures[0]?.value).toMatch(/^101 lines, the newest, 2026-01-05/);
  expect(JSON.stringify(verdict)).not.toContain('jane');
});
