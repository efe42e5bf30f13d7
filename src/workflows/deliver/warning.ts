import { HOUR, plus } from '#domain/base/time.ts';
import { slackMessage } from '#domain/messages/blocks.ts';
import type { WarningName } from '#domain/messages/warnings.ts';
import type { Queryable } from '#store/database.ts';
import { beginAttempt } from '#store/outbox-attempts.ts';
import type { AppContext } from '#workflows/context.ts';

type Warning = { readonly key: string; readonly warning: WarningName; readonly details: Readonly<Record<string, string>> };

/** Asks for a warning in the channel that belongs to no incident; under the same key it is posted once. With `client` it is part of the caller's transaction. */
export async function planWarning(
  { database, jobs, now }: Pick<AppContext, 'database' | 'jobs' | 'now'>,
  { key, warning, details }: Warning,
  client?: Queryable,
): Promise<void> {
  const work = async (within: Queryable) => {
    if (!(await beginAttempt(within, 0, `planned/${key}`, 1, now()))) return;
    const data = { kind: 'warning', key, warning, details };
    await jobs.enqueue(within, { queue: 'slack', key, data, dueAt: now() }, now());
  };
  return client ? work(client) : database.transaction(work);
}

/** Posts a warning, unless an earlier run has done so. */
export async function postWarning(context: AppContext, { key, warning, details }: Warning): Promise<void> {
  const message = slackMessage(context.templates.render(`slack/warning/${warning}.liquid`, { details }));
  if (!(await beginAttempt(context.database, 0, key, 1, context.now()))) {
    const found = await context.slack.find(await context.slack.channelId(), key, plus(context.now(), -HOUR));
    if (found !== null) return;
  }
  await context.slack.post(await context.slack.channelId(), message, { key });
}
