import { NotConfigured, Unanswered } from '#domain/audit-table/query.ts';
import { type Milliseconds, SECOND } from '#domain/base/time.ts';
import { type CheckContext, unknownVerdict } from '#domain/checks/check.ts';
import { checkNamed } from '#domain/checks/index.ts';
import type { Verdict } from '#domain/checks/verdict.ts';
import { type CheckAppContext, type Listener, runProgram } from './run-program.ts';

/** A check's time, unless it asks for more itself. */
const CHECK_WITHIN: Milliseconds = 15 * SECOND;

/** `within` is the check's time, where it must be shorter than its own. */
type CheckOptions = { readonly gaps?: CheckContext['gaps']; readonly listen?: Listener; readonly within?: Milliseconds };

const silent: Listener = async () => null;

/** Runs a check and returns its verdict. What it can't read or reach, or what is not configured, is the verdict "unknown" and says so. */
export async function checkVerdict(
  context: CheckAppContext,
  name: string,
  argument: string,
  { gaps = [], listen = silent, within }: CheckOptions = {},
): Promise<Verdict> {
  const check = checkNamed(name);
  if (!check) return unknownVerdict(`this version of Gapwatch knows no check named ${name}`);
  const checkContext = { ...context.auditTable, policy: context.policy, argument, now: context.now(), gaps };
  try {
    return await runProgram(context, check.ask(checkContext), within ?? check.within ?? CHECK_WITHIN, listen);
  } catch (error) {
    if (error instanceof NotConfigured) return notConfigured(error);
    if (error instanceof Unanswered) return unknownVerdict(error.message);
    throw error;
  }
}

function notConfigured({ message }: NotConfigured): Verdict {
  const evidence = `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
  return { level: 'unknown', evidence, figures: [], nextStep: 'do this step of the runbook by hand' };
}
