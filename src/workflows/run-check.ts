import { checkNamed } from '#domain/checks/all-checks.ts';
import type { Ask, Dialogue } from '#domain/checks/ask.ts';
import { unknownVerdict } from '#domain/checks/check.ts';
import type { Rows } from '#domain/checks/sql.ts';
import type { Verdict } from '#domain/incident/facts.ts';
import { slackMessage } from '#domain/messages/blocks.ts';
import { MINUTE, type Milliseconds, plus, SECOND } from '#domain/time.ts';
import { ServiceFailure } from '#services/failure.ts';
import { beginAttempt } from '#store/attempts.ts';
import { handle } from './handle.ts';
import type { House } from './house.ts';

const CHECK_DEADLINE = 30 * SECOND;

type Requested = { readonly incident: number | null; readonly check: string; readonly argument: string; readonly request: string };

/**
 * Runs a check and posts its verdict: on the incident's timeline and thread, or straight into the channel when none is open. A
 * failed reading is the verdict "unknown" with what failed, never "ok".
 */
export async function runCheck(house: House, { incident, check, argument, request }: Requested): Promise<void> {
  const verdict = await verdictOf(house, check, argument);
  if (incident !== null) {
    await handle(house, incident, { kind: 'check-answered', check, request, verdict }, { kind: 'gapwatch' });
    return;
  }
  const message = slackMessage(house.templates.render('slack/check.liquid', { check, verdict }));
  const channel = await house.slack.channelId();
  const key = `check/${request}`;
  const isFirst = await beginAttempt(house.database, 0, key, 1, house.now());
  const adopted = isFirst ? null : await house.slack.find(channel, key, plus(house.now(), -10 * MINUTE));
  if (adopted === null) await house.slack.post(channel, message, { key });
}

/** What a check works with. */
export type CheckHouse = Pick<House, 'auditDatabase' | 'auditWriter' | 'health' | 'auditTable' | 'policy'>;

/** Runs a check and answers its verdict. What it can't read or reach, or what is not configured, is the verdict "unknown" and says so. */
export async function verdictOf(house: CheckHouse, name: string, argument: string): Promise<Verdict> {
  const check = checkNamed(name);
  if (!check) return unknownVerdict(`this version of Gapwatch knows no check named ${name}`);
  try {
    return await converse(house, check.ask({ ...house.auditTable, policy: house.policy, argument }));
  } catch (error) {
    if (error instanceof NotConfigured) return notConfigured(error.setting);
    if (!(error instanceof ServiceFailure)) throw error;
    return unknownVerdict(error.message);
  }
}

/** Carries out what a check asks, until it answers or its time is over. */
async function converse(house: CheckHouse, dialogue: Dialogue<Verdict>): Promise<Verdict> {
  const until = performance.now() + CHECK_DEADLINE;
  let step = dialogue.next();
  while (!step.done) {
    const left = until - performance.now();
    if (left <= 0) throw new ServiceFailure('audit-database', 'unavailable', 'the check took too long and was stopped');
    step = await carryOut(house, step.value, left).then(
      (rows) => dialogue.next(rows),
      // The dialogue is told of the failure; one that can go on without this answer does.
      (error: unknown) => dialogue.throw(error),
    );
  }
  return step.value;
}

async function carryOut(house: CheckHouse, ask: Ask, deadline: Milliseconds): Promise<Rows> {
  switch (ask.kind) {
    case 'read':
      return house.auditDatabase.read(ask.sql, deadline);
    case 'probe':
      if (house.auditWriter === null) throw new NotConfigured('AUDIT_WRITER_DATABASE_URL');
      return [await house.auditWriter.probe(ask.insert)];
    case 'health':
      if (house.health === null) throw new NotConfigured('HEALTH_URL');
      return [await house.health.ask()];
    default:
      return ask satisfies never;
  }
}

/** A check needs a setting that is absent. */
class NotConfigured extends Error {
  override readonly name = 'NotConfigured';
  readonly setting: string;

  constructor(setting: string) {
    super(`not configured: set ${setting}`);
    this.setting = setting;
  }
}

function notConfigured(setting: string): Verdict {
  return { level: 'unknown', evidence: `Not configured: set ${setting}.`, figures: [], nextStep: 'do this step of the runbook by hand' };
}
