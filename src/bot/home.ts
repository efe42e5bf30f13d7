import type { types } from '@slack/bolt';
import { escapeMrkdwn } from '#domain/messages/mrkdwn.ts';
import { currentIncident } from '#store/facts.ts';
import type { House } from '#workflows/house.ts';
import { statusText } from './commands/incident-texts.ts';

type HomeView = types.HomeView;

/** The Home tab: the incident as it stands, and what can be typed. */
export async function homeView(house: House): Promise<HomeView> {
  const number = await currentIncident(house.database);
  const status = number === null ? 'No incident so far.' : await statusText(house, number);
  const where = `In #${house.channel.replace(/^#/, '')}: \`/incident help\` and \`/audit help\` list what can be done.`;
  return {
    type: 'home',
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: 'Gapwatch' } },
      { type: 'section', text: { type: 'mrkdwn', text: escapeMrkdwn(status).slice(0, 3_000) } },
      { type: 'context', elements: [{ type: 'mrkdwn', text: escapeMrkdwn(where) }] },
    ],
  };
}
