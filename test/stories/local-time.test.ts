import { expect } from 'vitest';
import { alertFires, robinTypes } from '#harness/stories.ts';
import { story } from '#harness/world.ts';
import { PEOPLE } from '#sandbox/stand-ins/slack/slack.ts';

story('a time is read in the zone of the person who types it, and they are told which one that was', async ({ world }) => {
  world.slack.timeZones.set(PEOPLE.robin.id, 'America/New_York');
  await alertFires(world);

  expect(await robinTypes(world, '/incident gap start 6:50am anyway because the application log shows it')).toMatch(
    /gap start changed from 2026-01-05 11:57:00 UTC .* to 2026-01-05 11:50:00 UTC .* Your time was read in America\/New_York, the time zone of your Slack\./,
  );
  expect(await robinTypes(world, '/incident gap start 11:51 UTC anyway because the application log shows it')).not.toContain(
    'Your time was read',
  );
  expect(await robinTypes(world, '/incident eta 7:30am')).toBe(
    'INC-1: Kept the ETA: 2026-01-05 12:30:00 UTC. Your time was read in America/New_York, the time zone of your Slack.',
  );
  expect(await robinTypes(world, '/incident post-mortem 2026-01-06 10:00')).toContain('scheduled for 2026-01-06 15:00:00 UTC');
  expect(await robinTypes(world, '/incident eta half past')).toContain('is no time. Give a duration or a time');
});

story('where Slack does not say a zone, the time is read in UTC and that is said', async ({ world }) => {
  world.slack.timeZones.set(PEOPLE.robin.id, 'Middle/Nowhere');
  await alertFires(world);
  expect(await robinTypes(world, '/incident eta 12:30')).toContain('Slack did not say your time zone, so your time was read in UTC.');
});
