import { once } from 'node:events';
import { MINUTE } from '#domain/base/time.ts';
import type { Narrator } from './narrator.ts';
import type { Sandbox } from './sandbox.ts';
import { PEOPLE } from './stand-ins/slack/slack.ts';
import type { SlackMessage } from './stand-ins/slack/state.ts';

/** Plays one incident in the terminal, from the failure to the report, with a colleague called robin at the keyboard. */
export async function playInTerminal(sandbox: Sandbox, tell: Narrator): Promise<void> {
  const { clock, breakages, botUrl, slack, pagerduty } = sandbox;
  const { speed } = clock.reading;
  const passes = (minutes: number) => new Promise((done) => setTimeout(done, (minutes * MINUTE) / speed));
  const types = async (person: keyof typeof PEOPLE, command: string) => {
    tell.typed(person, command);
    tell.answered(person, await slack.command(botUrl, command, PEOPLE[person]));
  };
  await passes(0.5);
  tell.aside(
    'A migration goes wrong: the application loses its right to INSERT into "AuditLog". Patients are seen, and nobody can prove by whom.',
  );
  const posted = once(slack.events, 'message');
  await breakages.breaks('revoked-right');
  await posted;
  const firedAt = clock.now();
  const until = async (minute: number) => passes(Math.max(0, minute - (clock.now() - firedAt) / MINUTE));
  await until(1);
  const root = rootOf(slack.messages);
  tell.typed('robin', "presses [I'm on it]");
  tell.answered('robin', await slack.press(botUrl, root, "I'm on it", PEOPLE.robin));
  await until(3.2);
  await types('robin', '/audit scope');
  await until(4);
  await types('robin', '/audit probe');
  await types('robin', '/incident action comparing grants before and after the migration');
  await types('robin', '/audit permissions');
  await until(6);
  tell.typed('robin', 'presses [Update] and fills in the form');
  const form = await slack.pressOpens(botUrl, root, 'Update', PEOPLE.robin);
  const typed = { cause: 'a migration revoked INSERT from the application role', action: 'granting INSERT again', eta: '5m' };
  await slack.submit(botUrl, form, typed, PEOPLE.robin);
  await until(8);
  await types('sam', '/incident resolve it should be fine now');
  await until(9);
  tell.aside('The right is granted again.');
  await breakages.repairs();
  await until(11);
  await types('robin', '/audit gaps 2h');
  await until(12);
  const resolved = new Promise<void>((done) => slack.events.on('message', ({ text }) => text.startsWith('✅') && done()));
  await types('robin', '/incident resolve a migration revoked INSERT from the application role');
  await resolved;
  await passes(0.5);
  tell.aside(`PagerDuty shows the alert as ${[...pagerduty.incidents.values()][0]?.status}.`);
  const access = 'Not known: nobody has read the application’s log yet.';
  tell.typed('robin', `presses [Assess impact] and fills in the form; PHI access during the gap: ${access}`);
  const assessment = await slack.pressOpens(botUrl, root, 'Assess impact', PEOPLE.robin);
  await slack.submit(botUrl, assessment, { access }, PEOPLE.robin);
  await types('robin', '/incident tasks');
  await passes(0.5);
}

function rootOf([root]: readonly SlackMessage[]): SlackMessage {
  if (!root) throw new Error('the initial post did not come');
  return root;
}
