import { expect, test } from 'vitest';
import { Unanswered } from '#domain/audit-table/query.ts';
import { parseLogLines } from '#domain/checks/log-lines.ts';
import { judgeReconstruction } from '#domain/checks/reconstruct.ts';
import type { Gap } from '#domain/gap/gap.ts';

const at = (time: string) => new Date(`2026-01-05T${time}Z`);
const knownBy = { kind: 'record' } as const;
const gap: Gap = { id: 2, start: { at: at('12:00:00'), knownBy }, remeasured: null, end: { at: at('12:10:00'), knownBy } };
const open: Gap = { ...gap, end: 'ongoing' };
const now = at('12:30:00');
const unread = (why: string) => ({ why, error: new Unanswered(why) });
const statements = { answer: { calls: 12, since: null } };
const log = (...texts: readonly string[]) => ({ answer: { lines: parseLogLines(texts), isCut: false } });
const LINES = [
  '2026-01-05T11:59:00Z GET /api/patients/1 session_id=a',
  '2026-01-05T12:01:00Z GET /api/patients/1?x=2 session_id=a',
  '2026-01-05T12:02:00Z "method":"POST" POST /api/prescriptions sessionId: "b"',
  '2026-01-05T12:03:00Z GET /api/patientsummary',
  '2026-01-05T12:20:00Z GET /api/patients/9 session_id=c',
];

test.each([
  [
    'a closed gap counts what fell into it',
    gap,
    log(...LINES),
    'medium',
    "gap 2 the application's log shows an estimated 2 patient access attempts (10 minutes)",
  ],
  ['an open gap counts up to now', open, log(...LINES), 'medium', 'an estimated 3 patient access attempts (30 minutes)'],
  ['no log', gap, unread('not configured'), 'unknown', "Gap 2 can't be reconstructed from the application's log: not configured."],
])('%s', (_name, each, source, level, evidence) => {
  expect(judgeReconstruction(each, now, source, statements, ['/api/patients', '/api/prescriptions'])).toMatchObject({
    level,
    evidence: expect.stringContaining(evidence),
    nextAction: { kind: 'command', command: '/incident report' },
  });
});

const figure = (name: string, source: ReturnType<typeof log>, of = statements as Parameters<typeof judgeReconstruction>[3]) =>
  judgeReconstruction(gap, now, source, of, ['/api/patients']).figures.find((each) => each.name === name)?.value;

test.each([
  ['Estimated API requests', log(...LINES), '3'],
  ['User sessions active', log(...LINES), '2'],
  ['User sessions active', log('2026-01-05T12:01:00Z GET /'), 'not in the log'],
  ['Covered by the log', log(...LINES), 'the whole gap, as far as the log goes back and was kept'],
  ['Covered by the log', log('2026-01-05T12:05:00Z late'), 'only from 2026-01-05 12:05:00 UTC on, so these counts are too low'],
  ['Covered by the log', log('no time'), 'nothing: no line of the log carries a time'],
  [
    'Covered by the log',
    log('2026-01-05T09:00:00Z old'),
    'nothing: the log reaches from 2026-01-05 09:00:00 UTC to 2026-01-05 09:00:00 UTC',
  ],
  ['Gap period', log(), '2026-01-05 12:00:00 UTC to 2026-01-05 12:10:00 UTC'],
])('%s %#', (name, source, value) => expect(figure(name, source)).toBe(value));

test('counts of statements are told with the time since when, or why there are none', () => {
  expect(figure('Statements that name patients or prescriptions', log())).toContain('12 since an unknown time');
  expect(figure('Database query statistics', log(), unread('pg_stat_statements is not installed'))).toBe(
    'not read: pg_stat_statements is not installed',
  );
});
