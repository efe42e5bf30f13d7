import { PEOPLE, visibleText } from '#sandbox/stand-ins/slack/slack.ts';
import { plainly } from './stories.ts';
import type { World } from './world.ts';

/** The newest message of a remedy, as read in UTC. */
export function remedyMessage({ slack }: World) {
  const message = slack.messages.findLast((each) => visibleText(each).includes('`/remedy '));
  if (!message) throw new Error('no remedy was posted');
  return { ...message, text: plainly(visibleText(message)) };
}

/** Presses a button of it as this person; answers what they read. */
export function presses(world: World, label: string, person: keyof typeof PEOPLE): Promise<string> {
  return world.slack.press(world.botUrl(), remedyMessage(world), label, PEOPLE[person]);
}
