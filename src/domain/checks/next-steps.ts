import type { Verdict } from './verdict.ts';

/** Where a verdict points: the words that people read, and what one tap does. */
export type NextStep = Pick<Verdict, 'nextStep' | 'nextAction'>;

/** A next step that one of Gapwatch's own commands takes. */
export function byCommand(command: string, nextStep: string): NextStep {
  return { nextStep, nextAction: { kind: 'command', command } };
}

/** A next step that goes on in another runbook; its link is the policy's. */
export function byRunbook(runbook: string, nextStep: string): NextStep {
  return { nextStep, nextAction: { kind: 'runbook', runbook } };
}

export const TEST_A_WRITE = byCommand('/audit probe', 'test a write (runbook step 4)');
export const FIND_THE_FAILURE = byCommand('/audit probe', "check the application's health, then test a write (runbook steps 3 and 4)");
export const LOOK_FOR_GAPS = byCommand('/audit gaps', 'look for gaps (runbook step 14)');
export const CHECK_SCOPE = byCommand('/audit scope', 'compare with the table (runbook step 2)');
export const CHECK_CHANGES = byCommand(
  '/audit deploys',
  "check the application's audit code, recent deployments and its log (runbook step 5)",
);
export const CHECK_LOCKS = byCommand('/audit locks', 'see who holds the table: long-running queries (runbook step 5)');
export const CHECK_STORAGE = byCommand('/audit storage', 'check the storage (runbook step 6)');
export const CHECK_PERMISSIONS = byCommand('/audit permissions', "check the role's rights (runbook step 7)");
export const CHECK_SCHEMA = byCommand('/audit schema', 'check the schema before anything is recreated (runbook step 8)');
export const DATABASE_FAILURE = byRunbook('database-failure', 'the database is the cause: go on with the DATABASE_FAILURE runbook');
export const API_SERVER_DOWN = byRunbook('api-server-down', 'if the application is down, go on with the API_SERVER_DOWN runbook');
export const WRITE_REPORT = byCommand('/incident report', 'document each gap in the report (`/incident report`)');
