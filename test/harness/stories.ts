import { PEOPLE, visibleText } from '#sandbox/stand-ins/slack/slack.ts';
import type { SlackMessage } from '#sandbox/stand-ins/slack/state.ts';
import type { World } from './world.ts';

/** The usual beginning: the audit table falls silent at 11:57, the program runs, the alert comes at noon. */
export async function alertFires(world: World, title = 'AuditLogWriteError: audit writes are failing', policy = '') {
  await goesSilent(world);
  await world.starts(policy);
  const alert = await world.pagerduty.fires(title);
  await world.settles();
  return alert;
}

/** Records from 11:00 to 11:57, and none after. */
export async function goesSilent({ clinic }: World): Promise<void> {
  await clinic.wrote(new Date('2026-01-05T11:00:00Z'), new Date('2026-01-05T11:57:00Z'), 200);
  await clinic.breaks();
}

/** The application writes again: one record now. */
export async function writesAgain({ clinic, clock }: World): Promise<void> {
  await clinic.repairs();
  await clinic.writes(new Date(clock.now()));
}

/** Robin types a command in #incidents; answers what Robin reads. */
export function robinTypes(world: World, command: string): Promise<string> {
  return world.slack.command(world.botUrl(), command, PEOPLE.robin);
}

/** The newest message. Throws when there is none. */
export function lastMessage({ slack }: World): SlackMessage {
  return found(slack.messages.at(-1));
}

/** The first message that contains `text`. Throws when there is none, and shows what there is. */
export function messageWith(world: World, text: string): SlackMessage {
  const message = world.slack.messages.find((each) => visibleText(each).includes(text));
  if (!message) throw new Error(`no message contains "${text}":\n${world.messages().join('\n\n')}`);
  return message;
}

/** How many messages contain `text`. */
export function countOf(world: World, text: string): number {
  return world.messages().filter((message) => message.includes(text)).length;
}

/** A message as read in UTC alone. */
export function plainly(text: string): string {
  return text.replace(/ \(<!date\^[^>]*> for you\)/g, '');
}

function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('there is no message');
  return value;
}

/** The root message of the first incident. Throws when it was not posted. */
export function rootOf({ slack }: World): SlackMessage {
  return found(slack.messages[0]);
}

/** The whole incident, from the alert to the resolution, ten minutes long. */
export async function isResolved(world: World, policy = ''): Promise<void> {
  await alertFires(world, undefined, policy);
  await world.passes(9);
  await writesAgain(world);
  await world.passes(0.25);
  await robinTypes(world, '/incident resolve a migration revoked INSERT');
  await world.settles();
}

/** The mails with this text in their subject. */
export function mailsAbout({ mail }: World, subject: string) {
  return mail.mails.filter((each) => each.subject?.includes(subject));
}
