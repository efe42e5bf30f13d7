import { randomUUID } from 'node:crypto';
import { closest } from 'fastest-levenshtein';
import { redactLine } from '#domain/base/text/foreign.ts';
import type { Check } from '#domain/checks/check.ts';
import { CHECKS, checkNamed } from '#domain/checks/index.ts';
import { currentIncident, openIncident } from '#store/event-store.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, type Requester } from '#workflows/execute.ts';

/** `/audit <check>`: asks for a check, whose answer the whole channel will see. Answers the person who asked at once. */
export async function auditCommand(context: AppContext, text: string, requester: Requester): Promise<string> {
  const [name = '', ...rest] = text.trim().toLowerCase().split(/\s+/);
  if (name === '' || name === 'help') return auditHelp();
  const check = checkNamed(name);
  if (!check) {
    const names = [...CHECKS.map((each) => each.name), 'help'];
    return `There is no check \`${redactLine(name, 30)}\`. Did you mean \`/audit ${closest(name, names)}\`?\n${auditHelp()}`;
  }
  const argument = rest.join(' ');
  const problem = check.refuse(argument);
  if (problem !== null) return problem;
  await requestCheck(context, check, argument, requester);
  return `Running \`${`${check.name} ${argument}`.trim()}\` (runbook ${check.step}). The answer appears in the channel.`;
}

/** Puts a check on its way, on the open incident's timeline when there is one. */
async function requestCheck(context: AppContext, { name, isAboutLatest }: Check, argument: string, requester: Requester): Promise<void> {
  const request = randomUUID();
  const { database } = context;
  const incident = isAboutLatest ? await currentIncident(database) : await openIncident(database);
  if (incident !== null) {
    await execute(context, incident, { kind: 'request-check', check: name, argument, request }, requester);
    return;
  }
  const data = { kind: 'run-check', incident: null, check: name, argument, request };
  await context.jobs.enqueue(context.database, { queue: 'audit', key: `check/${request}`, data, dueAt: context.now() }, context.now());
}

function auditHelp(): string {
  const lines = CHECKS.map(({ name, step, help }) => `• \`/audit ${name}\` (${step}): ${help}`);
  return ['Read-only checks of the audit log; the answer is posted for the whole channel:', ...lines, '• `/audit help`: this list'].join(
    '\n',
  );
}
