import { z } from 'zod';
import { type CheckProgram, type QueryOutcome, query, tryQuery, Unanswered } from '#domain/audit-table/query.ts';
import { between, formatDuration, formatUtc, SECOND } from '#domain/base/time.ts';
import type { Gap } from '#domain/gap/gap.ts';
import { type Check, unknownVerdict } from './check.ts';
import { type LogLine, logsSchema, parseLogLines } from './log-lines.ts';
import { WRITE_REPORT } from './next-steps.ts';
import type { Verdict } from './verdict.ts';

/** Runbook step 17: what can other sources say about the gap? Estimates, and what can't be known. Goes into the gap report. */
export const reconstruct: Check = {
  name: 'reconstruct',
  step: '§17',
  help: 'reconstruct [number of the gap]: requests, patient accesses and sessions during the gap, from other sources',
  refuse: (argument) =>
    /^\d{0,3}$/.test(argument) ? null : 'Give the number of a gap of the incident, or nothing for the latest: `/audit reconstruct 1`.',
  within: 30 * SECOND,
  isAboutLatest: true,
  ask: function* ({ gaps, argument, now, policy }) {
    const gap = argument === '' ? gaps.at(-1) : gaps.find(({ id }) => id === Number(argument));
    if (gap === undefined) {
      const known = gaps.length === 0 ? 'no incident with a gap is known' : `the incident has gaps 1 to ${gaps.length}`;
      return unknownVerdict(`there is no such gap; ${known}. \`/incident gap start <time>\` declares one`);
    }
    const log = yield* tryQuery(queryLog());
    const statements = yield* tryQuery(queryStatements());
    return judgeReconstruction(gap, now, log, statements, policy.phiPaths);
  },
};

export type Log = { readonly lines: readonly LogLine[]; readonly isCut: boolean };
export type Statements = { readonly calls: number; readonly since: string | null };

function* queryLog(): CheckProgram<Log> {
  const { lines, isCut } = logsSchema.parse((yield { kind: 'application-logs' })[0]);
  return { lines: parseLogLines(lines), isCut };
}

/** Statements that name patients. Their counts run since the statistics were reset: nothing says which fell into the gap. */
function* queryStatements(): CheckProgram<Statements> {
  const [place] = yield* query({
    text: `
      select quote_ident(n.nspname) || '.pg_stat_statements' as view, quote_ident(n.nspname) || '.pg_stat_statements_info' as info
      from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_stat_statements'`,
    values: [],
  });
  if (place === undefined) throw new Unanswered('pg_stat_statements is not installed');
  const { view, info } = placeRow.parse(place);
  const [row] = yield* query({
    text: `
      select coalesce(sum(calls), 0)::float8 as calls, (select to_char(stats_reset at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') from ${info}) as since
      from ${view} where query ilike '%patient%' or query ilike '%prescription%'`,
    values: [],
  });
  return statementsRow.parse(row);
}

const placeRow = z.object({ view: z.string(), info: z.string() });
const statementsRow = z.object({ calls: z.number(), since: z.string().nullable() });

const REQUEST =
  /\b(?:GET|POST|PUT|PATCH|DELETE)\b["\s:,]+(?:[^\s"]*?"?(?:path|url|route)"?[:=]\s*"?)?(?:https?:\/\/[^/\s"]+)?(\/[^\s"?,}]*)/i;
const SESSION = /"?\b(?:session[_-]?id|sessionId|sid|user[_-]?id|userId)"?\s*[=:]\s*"?([\w.-]{1,80})/i;

/** Counts only; what no source can say is a figure of its own. Never "ok": estimates are no proof. */
export function judgeReconstruction(
  gap: Gap,
  now: Date,
  log: QueryOutcome<Log>,
  statements: QueryOutcome<Statements>,
  phiPaths: readonly string[],
): Verdict {
  const end = gap.end === 'ongoing' ? now : gap.end.at;
  const period = `${formatUtc(gap.start.at)} to ${gap.end === 'ongoing' ? 'ongoing' : formatUtc(end)}`;
  const figures = [
    { name: 'Gap period', value: period },
    ...('answer' in log ? fromLog(log.answer, gap.start.at, end, phiPaths) : [{ name: 'Application logs', value: `not read: ${log.why}` }]),
    'answer' in statements
      ? {
          name: 'Statements that name patients or prescriptions',
          value: `${statements.answer.calls} since ${statements.answer.since ?? 'an unknown time'}; which of them fell into the gap can't be known`,
        }
      : { name: 'Database query statistics', value: `not read: ${statements.why}` },
    { name: 'Unable to determine', value: 'access reasons provided; exact PHI records accessed; user actions within sessions' },
  ];
  const next = WRITE_REPORT;
  if ('why' in log)
    return { level: 'unknown', evidence: `Gap ${gap.id} can't be reconstructed from the application's log: ${log.why}.`, figures, ...next };
  return { ...estimateOf(gap, countsIn(log.answer, gap.start.at, end, phiPaths), end), figures, ...next };
}

const ACCESSES = 'Patient access attempts';

type Counts = { readonly requests: number; readonly accesses: number; readonly sessions: number; readonly failedWrites: number };

/** A log without request lines estimates nothing: "0 accesses" would be a claim that nobody saw. Failed audit writes are a lower bound. */
function estimateOf(gap: Gap, { requests, accesses, failedWrites }: Counts, end: Date): Pick<Verdict, 'level' | 'evidence'> {
  const length = formatDuration(between(gap.start.at, end));
  const bound = failedWrites === 0 ? '' : ` At least ${failedWrites} left no record: so often the log says that an audit write failed.`;
  if (requests === 0) {
    const evidence = `The application's log has no request lines for gap ${gap.id} (${length}), so accesses can't be estimated.${bound}`;
    return { level: failedWrites === 0 ? 'unknown' : 'medium', evidence };
  }
  const evidence = `During gap ${gap.id} the application's log shows an estimated ${accesses} patient access attempts (${length}).${bound}`;
  return { level: 'medium', evidence };
}

function countsIn({ lines }: Log, start: Date, end: Date, phiPaths: readonly string[]): Counts {
  const within = lines.filter(({ at }) => at !== null && at >= start && at <= end);
  const paths = within.flatMap(({ text }) => REQUEST.exec(text)?.[1] ?? []);
  return {
    requests: paths.length,
    accesses: paths.filter((path) => phiPaths.some((phi) => path === phi || path.startsWith(`${phi}/`))).length,
    sessions: new Set(within.flatMap(({ text }) => SESSION.exec(text)?.[1] ?? [])).size,
    failedWrites: within.filter(({ text }) => FAILED_WRITE.test(text)).length,
  };
}

/** How applications report an audit record that could not be written. */
const FAILED_WRITE = /fail(?:ed|ure)?(?: to)? (?:create|write|insert)[^\n]{0,20}audit[ _-]?(?:log|record|event)/i;

function fromLog({ lines, isCut }: Log, start: Date, end: Date, phiPaths: readonly string[]): Verdict['figures'] {
  const { requests, accesses, sessions, failedWrites } = countsIn({ lines, isCut }, start, end, phiPaths);
  const unknown = 'can’t be estimated: the log has no request lines for this period';
  return [
    { name: 'Estimated API requests', value: requests === 0 ? unknown : String(requests) },
    { name: ACCESSES, value: requests === 0 ? unknown : String(accesses) },
    { name: 'Audit writes that failed, by the log', value: String(failedWrites) },
    { name: 'User sessions active', value: sessions === 0 ? 'not in the log' : String(sessions) },
    { name: 'Covered by the log', value: coverage(lines, isCut, start, end) },
  ];
}

/** A log that begins after the gap's start, or ends before its end, counts too few: that must be said. */
function coverage(lines: readonly LogLine[], isCut: boolean, start: Date, end: Date): string {
  const times = lines.flatMap(({ at }) => (at ? [at] : []));
  const [first] = times;
  const last = times.at(-1);
  if (!first || !last) return 'nothing: no line of the log carries a time';
  if (last < start || first > end) return `nothing: the log reaches from ${formatUtc(first)} to ${formatUtc(last)}`;
  if (first > start)
    return `only from ${formatUtc(first)} on${isCut ? ' (the log was too long to read whole)' : ''}, so these counts are too low`;
  return 'the whole gap, as far as the log goes back and was kept';
}
