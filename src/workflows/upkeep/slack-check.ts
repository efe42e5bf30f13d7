import { ServiceFailure } from '#services/failure.ts';
import { isClosed } from '#services/slack/failures.ts';
import { NEEDED_SCOPES } from '#services/slack/slack.ts';
import { incidentNumbers } from '#store/event-store.ts';
import { noteFinding } from '#store/findings.ts';
import type { AppContext } from '#workflows/context.ts';
import { planWarning } from '#workflows/deliver/warning.ts';
import { execute } from '#workflows/execute.ts';

/**
 * At the start and once a minute: whether Slack still takes what Gapwatch writes (token, scopes, channel). What is wrong is a finding, which holds
 * the heartbeat back, and goes when somebody has mended it; the people of an open incident are told at once by the ways that still work.
 */
export async function checkSlack(context: AppContext): Promise<void> {
  const now = context.now();
  const wrong = await whatIsWrong(context);
  if (wrong === null) return;
  const { closed, missing } = wrong;
  const text = closed ?? (missing.length === 0 ? null : `the Slack token lacks scopes: ${missing.join(', ')}`);
  const isNews = await noteFinding(context.database, 'slack', text, now);
  if (closed !== null) await tellPeople(context, closed);
  if (!isNews || text === null) return;
  context.log.warn({ wrong: text }, 'Slack does not let Gapwatch do all that it must');
  if (closed === null)
    await planWarning(context, {
      key: `warning/slack-scopes/${now.toISOString()}`,
      warning: 'slack-scopes',
      details: { scopes: missing.join(', ') },
    });
}

/** `closed`: why nothing can be written; `missing`: scopes that the token lacks. */
type Wrong = { readonly closed: string | null; readonly missing: readonly string[] };

/** Returns what is wrong; null while Slack does not say, since then nothing is known that was not known before. */
async function whatIsWrong(context: AppContext): Promise<Wrong | null> {
  try {
    const { scopes } = await context.slack.whoAmI();
    const missing = scopes === null ? [] : NEEDED_SCOPES.filter((scope) => !scopes.includes(scope));
    if (missing.includes('chat:write')) return { closed: 'the Slack token lacks the scope chat:write', missing };
    const { name, isArchived, isMember } = await context.slack.channel(await context.slack.channelId());
    context.remembered.channel.name = name;
    if (isArchived) return { closed: `the channel #${name} is archived`, missing };
    return { closed: isMember ? null : `the bot is no member of #${name}: invite it with /invite`, missing };
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    if (isClosed(error) || error.outcome === 'refused') return { closed: error.message, missing: [] };
    context.log.info({ outcome: error.outcome }, `Slack could not be checked: ${error.message}`);
    return null;
  }
}

async function tellPeople(context: AppContext, because: string): Promise<void> {
  for (const number of await incidentNumbers(context.database, 'open'))
    await execute(context, number, { kind: 'slack-closed', because }, { kind: 'gapwatch' });
}
