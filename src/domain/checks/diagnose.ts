import { type CheckProgram, NotConfigured, tryQuery } from '#domain/audit-table/query.ts';
import { SECOND } from '#domain/base/time.ts';
import { type Check, type CheckContext, takesNone, unknownVerdict } from './check.ts';
import { deploys } from './deploys.ts';
import { errors } from './errors.ts';
import { health } from './health.ts';
import { locks } from './locks.ts';
import { logs } from './logs.ts';
import { byRunbook, CHECK_CHANGES } from './next-steps.ts';
import { permissions } from './permissions.ts';
import { probe } from './probe.ts';
import { schema } from './schema.ts';
import { scope } from './scope.ts';
import { storage } from './storage.ts';
import type { Verdict } from './verdict.ts';

/**
 * Which check's next step counts, first the one that says most about the cause: a missing right, a changed schema, a lock or a full disk
 * explains a refused write; a refused write explains silence; the application's log explains what the database does not.
 */
const MOST_TELLING: readonly Check[] = [permissions, schema, locks, storage, probe, logs, deploys, errors, health, scope];

/** In the runbook's order, for people to read. */
const IN_ORDER: readonly Check[] = [scope, health, errors, probe, deploys, logs, locks, storage, permissions, schema];

/** Runbook steps 2 to 8 in one go: every check that applies, ending in one recommended step. */
export const diagnose: Check = {
  name: 'diagnose',
  step: '§2 to §8',
  help: 'what applies of the above, in the runbook’s order, ending in one recommended step',
  refuse: takesNone('diagnose'),
  within: 90 * SECOND,
  ask: function* (context) {
    const results: Result[] = [];
    const absent: string[] = [];
    const run = (checks: readonly Check[]) => inTurn(checks, context, { results, absent });
    yield { kind: 'say', line: 'scope, health, errors and a write are being checked' };
    // The database answers one question at a time: a diagnosis must not use up what connections are left.
    yield { kind: 'together', within: STAGE, programs: [run([scope, probe]), run([health]), run([errors])] };
    const written = results.find(({ check }) => check === probe)?.verdict;
    const { database, outside } = whereTo(written);
    yield { kind: 'together', within: STAGE, programs: [run(database), ...outside.map((check) => run([check]))] };
    const inOrder = IN_ORDER.flatMap((check) => results.find((result) => result.check === check) ?? []);
    return withAbsent(conclude(inOrder), absent);
  },
};

/** The most time of one check, and of the checks that run side by side. */
const ONE_CHECK = 12 * SECOND;
const STAGE = 40 * SECOND;

export type Result = { readonly check: Check; readonly verdict: Verdict };

/** What a diagnosis finds while it runs: results, and the checks that are not configured and so don't apply. */
type Findings = { readonly results: Result[]; readonly absent: string[] };

function* inTurn(checks: readonly Check[], context: CheckContext, findings: Findings): CheckProgram<void> {
  for (const check of checks) {
    // A time of its own for each: one that hangs must leave the others theirs.
    yield { kind: 'together', within: ONE_CHECK, programs: [runOne(check, context, findings)] };
  }
}

function* runOne(check: Check, context: CheckContext, { results, absent }: Findings): CheckProgram<void> {
  const found = yield* tryQuery(check.ask({ ...context, argument: '' }));
  if ('why' in found && found.error instanceof NotConfigured && check !== probe) {
    absent.push(check.name);
    return;
  }
  // One check that can't be done must not keep the others from answering.
  const verdict = 'answer' in found ? found.answer : unknownVerdict(found.why);
  results.push({ check, verdict });
  yield { kind: 'say', line: `${check.name}: ${verdict.level}. ${verdict.evidence}` };
}

const OF_THE_DATABASE: readonly Check[] = [scope, probe, locks, storage, permissions, schema];
const DATABASE_AWAY = byRunbook(
  'database-failure',
  'if the application can’t reach the database either, it is the cause: go on with the DATABASE_FAILURE runbook',
);

/** The first of the database's checks when none of them got an answer: what the others found then explains less than that. */
function databaseAway(results: readonly Result[]): Verdict | null {
  const asked = results.filter(({ check }) => OF_THE_DATABASE.includes(check));
  return asked.every(({ verdict }) => verdict.level === 'unknown') ? (asked[0]?.verdict ?? null) : null;
}

function withAbsent(verdict: Verdict, absent: readonly string[]): Verdict {
  if (absent.length === 0) return verdict;
  return { ...verdict, figures: [...verdict.figures, { name: 'Not configured', value: absent.join(', ') }] };
}

type Checks = { readonly database: readonly Check[]; readonly outside: readonly Check[] };

/** The triage table (runbook step 4): what the write's outcome points to. A write that could not be judged points everywhere. */
function whereTo(written: Verdict | undefined): Checks {
  if (written?.level === 'ok') return { database: [locks], outside: [deploys, logs] };
  const action = written?.nextAction;
  if (written === undefined || written.level === 'unknown' || action?.kind !== 'command') {
    return { database: [locks, storage, permissions, schema], outside: [deploys, logs] };
  }
  return POINTS_TO[action.command] ?? { database: [permissions, schema], outside: [deploys] };
}

const POINTS_TO: Readonly<Record<string, Checks>> = {
  '/audit storage': { database: [storage], outside: [] },
  '/audit locks': { database: [locks], outside: [] },
  '/audit permissions': { database: [permissions], outside: [deploys] },
  '/audit schema': { database: [schema], outside: [deploys] },
};

const LEVELS: readonly Verdict['level'][] = ['critical', 'high', 'medium', 'low', 'unknown', 'ok'];

/** Without `columns` in the policy schema compares nothing, which is no finding; where it could not be read, others could not be either. */
function isAnswered({ check, verdict }: Result): boolean {
  return check !== schema || verdict.level !== 'unknown';
}

/** The worst level, every check's sentence, and one next step: that of the most telling check which found something serious. */
export function conclude(all: readonly Result[]): Verdict {
  const results = all.some(({ check, verdict }) => check !== schema && OF_THE_DATABASE.includes(check) && verdict.level !== 'unknown')
    ? all.filter(isAnswered)
    : all;
  const figures = all.map(({ check, verdict }) => ({ name: `${check.name} ${check.step}, ${verdict.level}`, value: verdict.evidence }));
  const level = LEVELS.find((each) => results.some(({ verdict }) => verdict.level === each)) ?? 'unknown';
  const telling = MOST_TELLING.map((check) => results.find((result) => result.check === check)).find(
    (result) => result?.verdict.level === 'critical' || result?.verdict.level === 'high',
  );
  const away = databaseAway(results);
  if (away) return { level, evidence: `The database answers no check: ${away.evidence}`, figures, ...DATABASE_AWAY };
  if (telling) {
    const { evidence, nextStep, nextAction } = telling.verdict;
    return { level, evidence: `${telling.check.name}: ${evidence}`, figures, nextStep, ...(nextAction ? { nextAction } : {}) };
  }
  const [unread, ...more] = results.filter(({ verdict }) => verdict.level === 'unknown');
  if (unread) {
    const evidence = `No check found a cause, but ${more.length + 1} of ${results.length} could not be done.`;
    const { nextStep, nextAction } = unread.verdict;
    return { level, evidence, figures, nextStep, ...(nextAction ? { nextAction } : {}) };
  }
  return { level, evidence: 'No check found a cause: the database takes audit records.', figures, ...CHECK_CHANGES };
}
