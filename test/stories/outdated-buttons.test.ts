import { expect } from 'vitest';
import { alertFires, messageWith, rootOf } from '#harness/stories.ts';
import { story } from '#harness/world.ts';
import { PEOPLE } from '#sandbox/stand-ins/slack/slack.ts';

story('the button of a call for a commander goes once somebody has taken over; its words stay', async ({ world }) => {
  await alertFires(world);
  await world.passes(5.5);
  const called = messageWith(world, 'Nobody has pressed');
  const words = called.text;
  expect(JSON.stringify(called.blocks)).toContain('gapwatch:claim');

  await world.slack.press(world.botUrl(), rootOf(world), "I'm on it", PEOPLE.robin);
  await world.settles();

  const now = messageWith(world, 'Nobody has pressed');
  expect(now.text).toBe(words);
  expect(JSON.stringify(now.blocks)).not.toContain('gapwatch:claim');
});
