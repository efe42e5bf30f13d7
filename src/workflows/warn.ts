import { slackMessage } from '#domain/messages/blocks.ts';
import { HOUR, plus } from '#domain/time.ts';
import { beginAttempt } from '#store/attempts.ts';
import type { House } from './house.ts';
import type { WARNINGS } from './job-data.ts';

type Warning = { readonly key: string; readonly warning: (typeof WARNINGS)[number]; readonly details: Readonly<Record<string, string>> };

/** Asks for a warning in the channel that belongs to no incident; under the same key it is posted once. */
export async function planWarning(house: House, { key, warning, details }: Warning): Promise<void> {
  if (!(await beginAttempt(house.database, 0, `planned/${key}`, 1, house.now()))) return;
  const data = { kind: 'warn', key, warning, details };
  await house.jobs.enqueue(house.database, { queue: 'slack', key, data, dueAt: house.now() }, house.now());
}

/** Posts a warning, unless an earlier run has done so. */
export async function warn(house: House, { key, warning, details }: Warning): Promise<void> {
  const message = slackMessage(house.templates.render(`slack/warning/${warning}.liquid`, { details }));
  if (!(await beginAttempt(house.database, 0, key, 1, house.now()))) {
    const found = await house.slack.find(await house.slack.channelId(), key, plus(house.now(), -HOUR));
    if (found !== null) return;
  }
  await house.slack.post(house.channel, message, { key });
}
