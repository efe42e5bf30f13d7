import { expect } from 'vitest';
import { alertFires, countOf, isResolved, mailsAbout, messageWith, robinTypes, writesAgain } from '#harness/stories.ts';
import { story, type World } from '#harness/world.ts';
import { PEOPLE } from '#sandbox/stand-ins/slack/slack.ts';

const HOUR = 60;
const DAY = 24 * HOUR;

/** Ticks everything that `/incident tasks` shows as open. */
async function ticksEverything(world: World): Promise<void> {
  const { text } = await world.slack.commandReply(world.botUrl(), '/incident tasks', PEOPLE.robin);
  for (const [, number] of text.matchAll(/☐ (\d+)\./g)) await robinTypes(world, `/incident tasks done ${number}`);
  await world.settles();
}

story('24 and 48 hours after the resolution → what is still open is named, once each, also across a restart', async ({ world }) => {
  await isResolved(world);
  await world.passes(12 * HOUR);
  await world.stops();
  await world.starts();
  await world.passes(12 * HOUR);
  const first = messageWith(world, '24 hours after the resolution of INC-1 this is still open:');
  expect(first.text).toContain('• 15. Document in HIPAA compliance log');
  expect(first.text).toContain('• the post-mortem has no time');
  await ticksEverything(world);
  await robinTypes(world, '/incident post-mortem 2026-01-09 15:00');
  await world.passes(24 * HOUR);
  expect(countOf(world, '48 hours after the resolution of INC-1 nothing is open any more.')).toBe(1);
  expect(countOf(world, '24 hours after')).toBe(1);
});

story('closing → refused with what is open; done or waived, it closes, and the root message loses its buttons', async ({ world }) => {
  await alertFires(world);
  expect(await robinTypes(world, '/incident close')).toContain('INC-1 is not resolved yet.');
  await world.passes(9);
  await writesAgain(world);
  await world.passes(0.25);
  await robinTypes(world, '/incident resolve fixed');
  await world.settles();
  expect(await robinTypes(world, '/incident close')).toContain("INC-1 can't be closed yet:\n• 14. Assess the compliance impact");
  await ticksEverything(world);
  expect(await robinTypes(world, '/incident close')).toBe('INC-1: Closed.');
  await world.settles();
  expect(messageWith(world, 'INC-1 is closed').isBroadcast).toBe(true);
  expect(world.messages()[0]).not.toContain('[Close]');
  expect(await robinTypes(world, '/incident close')).toContain('INC-1 was closed at');
});

story('the post-mortem gets its time → its document is written from the timeline, and the hour is called', async ({ world }) => {
  await isResolved(world);
  expect(await robinTypes(world, '/incident post-mortem yesterday')).toContain('Give a time: ');
  expect(await robinTypes(world, '/incident post-mortem 2026-01-05 11:00')).toContain('has already passed');
  await robinTypes(world, '/incident post-mortem 2026-01-06 15:00');
  await world.settles();
  const document = await world.report('2026-01-05-post-mortem.md');
  expect(document).toContain('Scheduled for 2026-01-06 15:00:00 UTC.');
  expect(document).toContain('| Root cause | a migration revoked INSERT |');
  expect(document).toContain('| Time to acknowledge | ');
  expect(document).toContain('Audit table silent; last record 2026-01-05 11:57:00 UTC');
  expect(messageWith(world, 'Post-mortem document of INC-1').file?.name).toBe('2026-01-05-post-mortem.md');
  await world.passes(DAY + 3 * HOUR);
  expect(messageWith(world, 'It is time for the post-mortem of INC-1.').text).toContain('2026-01-05-post-mortem.md');
});

story(
  'a person says that HHS must be notified → the 60 days are watched until somebody says that it was done',
  { timeout: 120_000 },
  async ({ world }) => {
    await isResolved(world);
    expect(await robinTypes(world, '/incident hhs required')).toContain('Say it with the reason');
    expect(await robinTypes(world, '/incident hhs notified')).toContain('Nobody has said that HHS must be notified');
    await robinTypes(world, '/incident hhs required because PHI was exposed');
    await world.settles();
    expect(messageWith(world, 'HHS must be notified, because PHI was exposed.').text).toContain('by 2026-03-06 12:00:00 UTC');
    await world.passes(29 * DAY);
    expect(countOf(world, 'HHS has not been notified yet.')).toBe(0);
    await world.stops();
    await world.starts();
    await world.passes(DAY);
    expect(messageWith(world, 'HHS has not been notified yet.').text).toContain('30 days left, until 2026-03-06 12:00:00 UTC');
    expect(mailsAbout(world, 'HHS notification due')[0]?.text).toContain('30 days left: 2026-03-06 12:00:00 UTC');
    await ticksEverything(world);
    expect(await robinTypes(world, '/incident close')).toContain('HHS must be notified and nobody has said that it was');
    await world.passes(16 * DAY);
    expect(countOf(world, '14 days left')).toBe(1);
    await robinTypes(world, '/incident hhs notified');
    await world.passes(14 * DAY);
    expect(countOf(world, 'HHS has not been notified yet.')).toBe(2);
    expect(mailsAbout(world, 'HHS notification due')).toHaveLength(2);
    expect(await robinTypes(world, '/incident close')).toBe('INC-1: Closed.');
  },
);

story('an earlier incident is meant by its name, also when another one is open', async ({ world }) => {
  await isResolved(world);
  await robinTypes(world, '/incident declare something else');
  await world.settles();
  expect(await robinTypes(world, '/incident status')).toContain('*INC-2*');
  expect(await robinTypes(world, '/incident INC-1 status')).toContain('*INC-1* · Resolved');
  expect(await robinTypes(world, '/incident INC-1 close')).toContain("INC-1 can't be closed yet");
  expect(await robinTypes(world, '/incident INC-9 status')).toBe('There is no INC-9.');
});

story('the report and /metrics carry figures from facts that never change', async ({ world }) => {
  await alertFires(world);
  await world.passes(2);
  await robinTypes(world, '/incident claim');
  await world.passes(3);
  await world.passes(4);
  await writesAgain(world);
  await world.passes(0.5);
  await robinTypes(world, '/incident resolve fixed');
  await world.settles();
  const report = await world.report('2026-01-05-audit-gap.md');
  expect(report).toContain('| Time to acknowledge | 0 seconds |');
  expect(report).toContain('| Time to claim | 2 minutes |');
  expect(report).toContain('| Time to resolve | 9 minutes 30 seconds |');
  expect(report).toContain('| Gaps together | 12 minutes as they happened, 12 minutes unaccounted for |');
  expect(report).toContain('| Updates on time | 1 of 1 |');
  const metrics = await (await fetch(`${world.botUrl()}/metrics`)).text();
  expect(metrics).toContain('gapwatch_last_incident_seconds{measure="claim"} 120');
  expect(metrics).toContain('gapwatch_last_incident_seconds{measure="resolve"} 570');
  expect(metrics).toContain('gapwatch_last_incident_updates_on_time_ratio 1');
});
