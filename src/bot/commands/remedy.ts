import { randomUUID } from 'node:crypto';
import { closest } from 'fastest-levenshtein';
import { refuseUnlessPermitted } from '#bot/identity.ts';
import type { Asker, Reply } from '#bot/reply.ts';
import { takeOptions } from '#bot/typed.ts';
import { redactLine } from '#domain/base/text/foreign.ts';
import { permissionOf } from '#domain/incident/command.ts';
import { remedyOf } from '#domain/incident/remedy-runs.ts';
import { REMEDIES, type Remedy, remedyNamed } from '#domain/remedies/index.ts';
import { openIncident } from '#store/event-store.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, type Requester } from '#workflows/execute.ts';
import { NONE_OPEN, said } from './request.ts';

/** `/remedy <name>`: asks for a remedy's plan, which the thread then shows; only another person's approval lets it run. */
export async function remedyCommand(context: AppContext, text: string, asker: Requester): Promise<Reply> {
  const options = takeOptions(text, ['dry-run', ...REMEDIES.flatMap(({ options: own = [] }) => own)]);
  if (options.unknown !== null)
    return `\`${redactLine(options.unknown, 30)}\` isn't an option of \`/remedy\`. \`/remedy help\` lists them.`;
  const dryRun = options.given.has('dry-run');
  const [name = '', ...rest] = options.rest.split(/\s+/);
  if (name === '' || name === 'help') return remedyHelp(context);
  const remedy = remedyNamed(name.toLowerCase());
  if (!remedy) {
    const names = [...REMEDIES.map((each) => each.name), 'help'];
    return `There is no remedy \`${redactLine(name, 30)}\`. Did you mean \`/remedy ${closest(name.toLowerCase(), names)}\`?\n${remedyHelp(context)}`;
  }
  const own = remedy.options ?? [];
  const foreign = [...options.given].find((option) => option !== 'dry-run' && !own.includes(option));
  if (foreign !== undefined) return `\`/remedy ${remedy.name}\` has no option \`--${foreign}\`. Its usage: \`/remedy ${remedy.usage}\`.`;
  const argument = [...rest, ...own.filter((option) => options.given.has(option)).map((option) => `--${option}`)].join(' ');
  const problem = remedy.refuse(argument) ?? missingFor(context, remedy);
  if (problem !== null) return problem;
  const number = await openIncident(context.database);
  if (number === null) return NONE_OPEN;
  const asked = { kind: 'ask-remedy', remedy: remedy.name, argument, request: randomUUID(), dryRun } as const;
  return said(
    await execute(context, number, asked, asker),
    'The plan appears in the thread. Nothing is changed before another person approves it.',
  );
}

/** A remedy's buttons: a value is the incident's name and the remedy's own. */
export async function decideOnRemedy(
  context: AppContext,
  kind: 'approve-remedy' | 'decline-remedy' | 'stop-remedy',
  value: string,
  asker: Asker,
): Promise<Reply> {
  const [, number, request = ''] = /^INC-(\d+) (.+)$/.exec(value) ?? [];
  const denied = await refuseUnlessPermitted(context, asker, permissionOf(kind), BUTTON[kind]);
  if (denied !== null) return denied;
  const outcome = await execute(context, Number(number), { kind, request }, asker);
  const waits = outcome.incident && remedyOf(outcome.incident.remedies, request)?.status.name === 'planned';
  return said(outcome, waits ? 'Approved by you; one more person must.' : DONE[kind]);
}

const BUTTON = {
  'approve-remedy': 'the button Approve',
  'decline-remedy': 'the button Decline',
  'stop-remedy': 'the button Stop',
} as const;

const DONE = {
  'approve-remedy': 'Approved. The plan is made once more, and runs if it is still the same.',
  'decline-remedy': 'Declined. Nothing was changed.',
  'stop-remedy': 'It ends at its next safe point.',
} as const;

function missingFor(context: AppContext, remedy: Remedy): string | null {
  const missing = missingSettings(context, remedy);
  return missing.length > 0 ? `\`/remedy ${remedy.name}\` is not configured: set ${missing.join(', ')}.` : null;
}

function missingSettings({ sources }: AppContext, { needs }: Remedy): readonly string[] {
  return needs.flatMap((need) => {
    const source = sources[need];
    return 'missing' in source ? source.missing : [];
  });
}

function remedyHelp(context: AppContext): string {
  const lines = REMEDIES.map((remedy) => {
    const missing = missingSettings(context, remedy);
    const state = missing.length > 0 ? ` — not configured: set ${missing.join(', ')}` : '';
    return `• \`/remedy ${remedy.usage}\` (${remedy.step}): ${remedy.help}${state}`;
  });
  const rule = context.policy.twoPerson ? 'another person approves it' : 'somebody approves it';
  return [
    `Repairs. Each shows its plan in the thread and does nothing before ${rule} within 15 minutes; \`--dry-run\` stops after the plan. One at a time:`,
    ...lines,
    '• `/remedy help`: this list',
  ].join('\n');
}
