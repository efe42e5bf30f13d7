import type { Verdict } from '#domain/incident/facts.ts';
import type { Dialogue } from './ask.ts';
import { type Check, type CheckContext, takesNone, unknownVerdict } from './check.ts';
import { health } from './health.ts';
import { locks } from './locks.ts';
import { permissions } from './permissions.ts';
import { probe } from './probe.ts';
import { schema } from './schema.ts';
import { scope } from './scope.ts';

/** The runbook's triage, in its order: steps 2, 3 and 4, then what the outcome of the write points to. */
const TRIAGE: readonly Check[] = [scope, health, probe, locks, permissions, schema];

/**
 * Which check's next step counts, first the one that says most about the cause: a missing right, a changed schema or a lock explains a
 * refused write; a refused write explains silence.
 */
const MOST_TELLING: readonly Check[] = [permissions, schema, locks, probe, health, scope];

/** Runbook steps 2 to 8 in one go: every check that applies, ending in one recommended step. */
export const diagnose: Check = {
  name: 'diagnose',
  step: '§2 to §8',
  help: 'all of the above in the runbook’s order, ending in one recommended step',
  refuse: takesNone('diagnose'),
  ask: function* (context) {
    const results: Result[] = [];
    for (const check of TRIAGE) results.push({ check, verdict: yield* safely(check, context) });
    return conclude(results);
  },
};

export type Result = { readonly check: Check; readonly verdict: Verdict };

/** One check that can't be done must not keep the others from answering. */
function* safely(check: Check, context: CheckContext): Dialogue<Verdict> {
  try {
    return yield* check.ask(context);
  } catch (error) {
    return unknownVerdict(error instanceof Error ? error.message : 'an error without words');
  }
}

const LEVELS: readonly Verdict['level'][] = ['critical', 'high', 'medium', 'low', 'unknown', 'ok'];

/** The worst level, every check's sentence, and one next step: that of the most telling check which found something serious. */
export function conclude(results: readonly Result[]): Verdict {
  const figures = results.map(({ check, verdict }) => ({ name: `${check.name} ${check.step}, ${verdict.level}`, value: verdict.evidence }));
  const level = LEVELS.find((each) => results.some(({ verdict }) => verdict.level === each)) ?? 'unknown';
  const telling = MOST_TELLING.map((check) => results.find((result) => result.check === check)).find(
    (result) => result?.verdict.level === 'critical' || result?.verdict.level === 'high',
  );
  if (telling)
    return { level, evidence: `${telling.check.name}: ${telling.verdict.evidence}`, figures, nextStep: telling.verdict.nextStep };
  const unread = results.filter(({ verdict }) => verdict.level === 'unknown').length;
  if (unread > 0) {
    const evidence = `No check found a cause, but ${unread} of ${results.length} could not be done.`;
    return { level, evidence, figures, nextStep: 'do by hand what could not be checked (runbook steps 2 to 8)' };
  }
  return { level, evidence: 'No check found a cause: the database takes audit records.', figures, nextStep: probeStep(results) };
}

function probeStep(results: readonly Result[]): string {
  return results.find(({ check }) => check === probe)?.verdict.nextStep ?? 'check the application’s audit code (runbook step 5)';
}
