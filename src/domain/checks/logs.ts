import { redactLine } from '#domain/base/text/foreign.ts';
import { formatUtc, SECOND } from '#domain/base/time.ts';
import { type Check, takesNone } from './check.ts';
import { isAboutAudit, signatureOf } from './error-patterns.ts';
import { type LogLine, logsSchema, parseLogLines } from './log-lines.ts';
import { byCommand, CHECK_LOCKS, CHECK_PERMISSIONS, CHECK_SCHEMA, CHECK_STORAGE, DATABASE_FAILURE, type NextStep } from './next-steps.ts';
import type { Verdict } from './verdict.ts';

/** The runbook looks at the last 50 lines about audit, and a phone shows no more than a few. */
const LOOKED_AT = 50;
const SHOWN = 8;

/** Runbook step 5: what does the application's log say about audit? Counts by signature, and a few lines without identities. */
export const logs: Check = {
  name: 'logs',
  step: '§5',
  help: 'the application’s last log lines about audit: counts by signature, and a redacted excerpt',
  refuse: takesNone('logs'),
  within: 30 * SECOND,
  ask: function* () {
    const { lines, isCut } = logsSchema.parse((yield { kind: 'application-logs' })[0]);
    return judgeLogs(parseLogLines(lines), isCut);
  },
};

const NEXT: Readonly<Record<string, NextStep>> = {
  'Prisma timeout': CHECK_LOCKS,
  'Transaction rollback': byCommand(
    '/audit locks',
    'see whether records are written and rolled back, then roll the deployment back (runbook steps 5 and 11)',
  ),
  'Unique constraint violation': CHECK_SCHEMA,
  'Database connection': DATABASE_FAILURE,
  'Value that does not fit': CHECK_SCHEMA,
  'Missing column or table': CHECK_SCHEMA,
  'Deadlock or conflict': CHECK_LOCKS,
  'Permission denied': CHECK_PERMISSIONS,
  'Disk full': CHECK_STORAGE,
  'Failed to create audit log': byCommand('/audit deploys', 'look at recent changes (runbook step 5)'),
};

/** A known signature is high and says where to go; silence about audit is medium: a try-catch may swallow the error. */
export function judgeLogs(lines: readonly LogLine[], isCut: boolean): Verdict {
  const aboutAudit = lines.filter(({ text }) => isAboutAudit(text) || signatureOf(text) !== null).slice(-LOOKED_AT);
  const read = `${lines.length} line${lines.length === 1 ? '' : 's'}${isCut ? ', the newest' : ''}${span(lines)}`;
  if (lines.length === 0) {
    return {
      level: 'unknown',
      evidence: "The application's log holds no line.",
      figures: [],
      ...byCommand('/audit health', 'is the application running? (runbook step 3)'),
    };
  }
  const counts = new Map<string, number>();
  for (const { text } of aboutAudit) {
    const name = signatureOf(text)?.name;
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const bySignature = [...counts].toSorted(([, one], [, other]) => other - one);
  const figures = [
    { name: 'Read', value: read },
    ...bySignature.map(([name, count]) => ({ name, value: `${count} of the last ${aboutAudit.length} lines about audit` })),
    ...aboutAudit.slice(-SHOWN).map(({ at, text }) => ({ name: at ? formatUtc(at).slice(11) : 'no time', value: redactLine(text, 160) })),
  ];
  const [most] = bySignature;
  if (most) {
    const evidence = `The application's log says: ${most[0]} (${most[1]} of the last ${aboutAudit.length} lines about audit).`;
    return { level: 'high', evidence, figures, ...(NEXT[most[0]] ?? CHECK_LOCKS) };
  }
  if (aboutAudit.length > 0) {
    const evidence = `The log speaks of audit in ${aboutAudit.length} lines, with none of the runbook's signatures.`;
    return { level: 'low', evidence, figures, ...byCommand('/audit deploys', 'look at recent changes (runbook step 5)') };
  }
  return {
    level: 'medium',
    evidence: 'The log says nothing about audit: a try-catch may swallow the error, or the code is not reached.',
    figures,
    ...byCommand('/audit deploys', 'look at recent changes (runbook step 5)'),
  };
}

function span(lines: readonly LogLine[]): string {
  const times = lines.flatMap(({ at }) => (at ? [at] : []));
  const [first] = times;
  const last = times.at(-1);
  return first && last ? `, ${formatUtc(first)} to ${formatUtc(last).slice(11)}` : '';
}
