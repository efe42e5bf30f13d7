import { z } from 'zod';
import { rawText } from '#domain/base/text/foreign.ts';
import { foreignLine } from '#domain/base/text/sanitize.ts';
import { HOUR } from '#domain/base/time.ts';
import { type Check, takesNone } from './check.ts';
import { isAboutAudit, signatureOf } from './error-patterns.ts';
import { CHECK_CHANGES, TEST_A_WRITE } from './next-steps.ts';
import type { Verdict } from './verdict.ts';

/** Runbook step 3: which errors of the last two hours in Sentry carry the runbook's signatures? Counts and links, no texts. */
export const errors: Check = {
  name: 'errors',
  step: '§3',
  help: 'Sentry issues of the last 2 hours that match the runbook’s signatures, with links',
  refuse: takesNone('errors'),
  ask: function* () {
    return judgeErrors((yield { kind: 'errors', since: 2 * HOUR }).map((row) => errorIssueSchema.parse(row)));
  },
};

/** A group of like errors. `text` is used to match signatures only and never shown: it may name people. */
export const errorIssueSchema = z.object({ shortId: z.string(), text: z.string().transform(rawText), url: z.string(), count: z.number() });
export type ErrorIssue = z.infer<typeof errorIssueSchema>;

const SHOWN = 12;

/** A matching issue is high: the application says itself that it fails to write. Other errors are only counted. */
export function judgeErrors(issues: readonly ErrorIssue[]): Verdict {
  const matching = issues.flatMap((issue) => {
    const signature = signatureOf(issue.text)?.name ?? (isAboutAudit(issue.text) ? 'Something about audit' : null);
    return signature === null ? [] : [{ ...issue, signature }];
  });
  const others = { name: 'Other issues of these 2 hours', value: String(issues.length - matching.length) };
  if (matching.length === 0) {
    return { level: 'ok', evidence: 'Sentry has no error about the audit log in the last 2 hours.', figures: [others], ...TEST_A_WRITE };
  }
  const sum = matching.reduce((total, { count }) => total + count, 0);
  const figures = matching
    .toSorted((one, other) => other.count - one.count)
    .slice(0, SHOWN)
    .map(({ shortId, signature, count, url }) => ({
      name: foreignLine(shortId, 40),
      value: `${signature}: ${count} time${count === 1 ? '' : 's'}`,
      url,
    }));
  const evidence = `Sentry has ${sum} error${sum === 1 ? '' : 's'} about the audit log in the last 2 hours.`;
  return { level: 'high', evidence, figures: [...figures, others], ...CHECK_CHANGES };
}
