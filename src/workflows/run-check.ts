import { checkNamed } from '#domain/checks/all-checks.ts';
import { unknownVerdict } from '#domain/checks/check.ts';
import type { Verdict } from '#domain/incident/facts.ts';
import { slackMessage } from '#domain/messages/blocks.ts';
import { MINUTE, plus, SECOND } from '#domain/time.ts';
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

async function verdictOf(house: House, name: string, argument: string): Promise<Verdict> {
  const check = checkNamed(name);
  if (!check) return unknownVerdict(`this version of Gapwatch knows no check named ${name}`);
  try {
    return await house.auditDatabase.converse((table) => check.ask({ table, policy: house.policy, argument }), CHECK_DEADLINE);
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    return unknownVerdict(error.message);
  }
}
