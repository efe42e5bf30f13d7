import { z } from 'zod';
import { type CheckProgram, NotConfigured, type QueryOutcome, tryQuery, Unanswered } from '#domain/audit-table/query.ts';
import { redactLine } from '#domain/base/text/foreign.ts';
import { between, formatDuration, formatUtc, HOUR, MINUTE, plus } from '#domain/base/time.ts';
import { ongoingGap } from '#domain/gap/gap.ts';
import { type Check, takesNone } from './check.ts';
import { isAboutAudit } from './error-patterns.ts';
import { byCommand, type NextStep } from './next-steps.ts';
import type { Verdict } from './verdict.ts';

/** How far back a change may lie before the gap's start and still be its cause (runbook step 5). */
const REACH = 2 * HOUR;
/** A deployment that began so shortly before the gap is the first suspect. */
const SUSPECT = 30 * MINUTE;
const SHOWN = 20;

/** Runbook step 5: what changed lately? Commits that touch audit code and deployments, in one list with the gap's start in it. */
export const deploys: Check = {
  name: 'deploys',
  step: '§5',
  help: 'commits about audit and deployments of the last 2 hours, with the gap’s start marked',
  refuse: takesNone('deploys'),
  ask: function* ({ gaps, now, policy }) {
    const gapStart = (ongoingGap(gaps) ?? gaps.at(-1))?.start.at ?? null;
    // Two hours before the gap began: when it has been open for three, the change that made it is older than two hours.
    const since = plus(gapStart ?? now, -REACH);
    const commits = yield* tryQuery(queryCommits(since, policy.auditCode));
    const deployments = yield* tryQuery(queryDeployments(since));
    if ('why' in commits && 'why' in deployments) throw neither(commits.error, deployments.error);
    return judgeDeploys(commits, deployments, gapStart);
  },
};

function neither(one: Unanswered, other: Unanswered): Unanswered {
  if (one instanceof NotConfigured && other instanceof NotConfigured) return new NotConfigured([...one.settings, ...other.settings]);
  return new Unanswered(`${one.message}; ${other.message}`);
}

const instant = z.date();
const line = z.string().transform((text) => redactLine(text, 120));
/** `title` is the commit's first line. */
export const commitSchema = z.object({ id: z.string(), at: instant, title: line, url: z.string(), touchesAuditCode: z.boolean() });
export type Commit = z.infer<typeof commitSchema>;
export const deploymentSchema = z.object({ id: z.string(), at: instant, phase: z.string(), cause: line });
export type Deployment = z.infer<typeof deploymentSchema>;

function* queryCommits(since: Date, paths: readonly string[]): CheckProgram<readonly Commit[]> {
  const commits = (yield { kind: 'commits', since, paths }).map((row) => commitSchema.parse(row));
  return commits.filter(({ title, touchesAuditCode }) => touchesAuditCode || isAboutAudit(title));
}

function* queryDeployments(since: Date): CheckProgram<readonly Deployment[]> {
  return (yield { kind: 'deployments' }).map((row) => deploymentSchema.parse(row)).filter(({ at }) => at >= since);
}

/** A deployment in the half hour before the gap is high, any change medium, none low. A source that was not read keeps it from "none". */
export function judgeDeploys(
  commits: QueryOutcome<readonly Commit[]>,
  deployments: QueryOutcome<readonly Deployment[]>,
  gapStart: Date | null,
): Verdict {
  const unread = [commits, deployments].flatMap((source) => ('why' in source ? [{ name: 'Not read', value: source.why }] : []));
  const foundCommits = 'answer' in commits ? commits.answer : [];
  const foundDeployments = 'answer' in deployments ? deployments.answer : [];
  const figures = [...listed(foundCommits, foundDeployments, gapStart), ...unread];
  const found = `${foundDeployments.length} deployment${foundDeployments.length === 1 ? '' : 's'} and ${foundCommits.length} commit${foundCommits.length === 1 ? '' : 's'} about audit`;
  const window = gapStart ? 'since two hours before the gap' : 'in the last 2 hours';
  const suspect = gapStart && foundDeployments.find(({ at }) => at <= gapStart && between(at, gapStart) <= SUSPECT);
  if (suspect) {
    const evidence = `A deployment began ${formatDuration(between(suspect.at, gapStart))} before the gap; ${found} ${window}.`;
    return { level: 'high', evidence, figures, ...ROLL_BACK };
  }
  if (foundCommits.length + foundDeployments.length > 0) {
    return { level: 'medium', evidence: `There were ${found} ${window}.`, figures, ...READ_THE_LOG };
  }
  if (unread.length > 0) {
    return { level: 'unknown', evidence: `Nothing was found ${window}, but not every source could be read.`, figures, ...READ_THE_LOG };
  }
  return { level: 'low', evidence: `There was no deployment and no commit about audit ${window}.`, figures, ...READ_THE_LOG };
}

const READ_THE_LOG = byCommand('/audit logs', "read the application's log (runbook step 5)");
const ROLL_BACK: NextStep = byCommand(
  '/audit logs',
  "read the application's log; if it agrees, roll back to the deployment before (runbook step 11)",
);

function listed(commits: readonly Commit[], deployments: readonly Deployment[], gapStart: Date | null): Verdict['figures'] {
  const entries = [
    ...deployments.map(({ at, id, phase, cause }) => ({
      at,
      value: redactLine(`deployment ${id}, ${phase}: ${cause}`, 160),
    })),
    ...commits.map(({ at, id, title, url, touchesAuditCode }) => ({
      at,
      value: `commit ${id.slice(0, 7)}${touchesAuditCode ? ' (touches audit code)' : ''}: ${title}`,
      url,
    })),
  ];
  const newest = entries.toSorted((one, other) => between(one.at, other.at)).slice(0, SHOWN);
  const marked = gapStart ? [...newest, { at: gapStart, value: '◀ the audit gap starts here' }] : newest;
  return marked.toSorted((one, other) => between(other.at, one.at)).map(({ at, ...rest }) => ({ name: formatUtc(at), ...rest }));
}
