import { expect } from 'vitest';
import { openProxy } from '#harness/proxy.ts';
import { alertFires, countOf, goesSilent, messageWith, robinTypes, rootOf } from '#harness/stories.ts';
import { story, type World } from '#harness/world.ts';
import { PEOPLE } from '#sandbox/stand-ins/slack/slack.ts';

/** The timeline once it holds these words: events are acknowledged before they are kept. */
async function timelineWith(world: World, words: string): Promise<string> {
  let timeline = '';
  for (let tries = 0; tries < 100; tries += 1) {
    timeline = await robinTypes(world, '/incident timeline');
    if (timeline.includes(words)) return timeline;
  }
  throw new Error(`the timeline never held "${words}":\n${timeline}`);
}

/** The timeline is a message of its own, in which Slack wants three characters escaped. */
const shown = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

story('what is kept reads as people saw it: entities decoded once, names for IDs, labels for links', async ({ world }) => {
  await alertFires(world);
  const { ts } = rootOf(world);
  await world.slack.says(world.botUrl(), 'a &lt; b &amp;&amp; c &gt; d, &amp;lt;', ts, PEOPLE.sam);
  await timelineWith(world, shown('sam in Slack: a < b && c > d, &lt;'));
  const tokens = '<@U0000000003> <!subteam^S0000000001> <#C0GENERAL00> <#C0GENERAL00|general> <https://wiki.example/x|runbook> <!here>';
  await world.slack.says(world.botUrl(), tokens, ts, PEOPLE.sam);
  await timelineWith(world, 'sam in Slack: @kim @team-1 #general #general runbook @here');
});

story('corrections and deletions of kept messages are further entries; nothing that was said goes', async ({ world }) => {
  await alertFires(world);
  const message = await world.slack.says(world.botUrl(), 'records lost since 10:00', rootOf(world).ts, PEOPLE.sam);
  await timelineWith(world, 'sam in Slack: records lost since 10:00');
  await world.slack.edits(world.botUrl(), message, 'records lost since 09:00');
  await timelineWith(world, 'sam in Slack corrected the message of 2026-01-05 12:00:00 UTC: records lost since 09:00');
  await world.slack.edits(world.botUrl(), message, 'records lost since 09:00');
  await world.slack.withdraws(world.botUrl(), message);
  const timeline = await timelineWith(world, 'Deleted from Slack: the message of 2026-01-05 12:00:00 UTC by sam');
  expect(timeline).toContain('sam in Slack: records lost since 10:00');
  expect(timeline.match(/records lost since 09:00/g)).toHaveLength(1);
});

story('a picture without words leaves a trace', async ({ world }) => {
  await alertFires(world);
  await world.slack.shares(world.botUrl(), 'pg-errors.png', rootOf(world).ts, PEOPLE.sam);
  await timelineWith(world, 'sam in Slack: (shared pg-errors.png)');
});

story('25 alerts that can’t be acknowledged are one message, which counts them and is corrected when they are', async ({ world }) => {
  await alertFires(world);
  world.pagerduty.fault = ({ method }) =>
    method === 'PUT'
      ? { kind: 'answer', status: 403, body: '{"error":{"code":2010,"message":"Access Denied","errors":["read-only token"]}}' }
      : undefined;
  for (let alert = 0; alert < 25; alert += 1) await world.pagerduty.fires(`AuditLogFailure ${alert}`);
  for (let step = 0; step < 4; step += 1) await world.passes(0.25);
  expect(countOf(world, 'could not acknowledge the PagerDuty alert')).toBe(1);
  const told = messageWith(world, 'could not acknowledge the PagerDuty alert');
  expect(told.text).toContain('(25 of them)');
  expect(told.text).toContain('read-only token');
  world.pagerduty.fault = undefined;
  await world.passes(2);
  expect(messageWith(world, 'could not acknowledge the PagerDuty alert').text).toContain('Meanwhile done');
});

story('a policy of one level → whoever escalates is told whom it has, and nobody is paged in vain', async ({ world }) => {
  const alert = await alertFires(world);
  world.pagerduty.levels = [['Robin']];
  expect(await robinTypes(world, '/incident escalate')).toContain(
    "There is no next level: PagerDuty's escalation policy ends at level 1. On call are Robin",
  );
  await world.settles();
  expect(alert.log).not.toContain('incident.escalated');
  expect(await robinTypes(world, '/incident INC-99 claim')).toBe('There is no INC-99.');
});

story('what people write while the store is away is caught up from the thread when it is back', async ({ world }) => {
  world.expectsErrors();
  const proxy = await openProxy(world.storeUrl);
  await goesSilent(world);
  await world.starts('', { DATABASE_URL: proxy.url });
  await world.pagerduty.fires('AuditLogFailure');
  await world.settles();
  proxy.mode = 'refuses';
  proxy.cut();
  await world.slack.says(world.botUrl(), 'the disk is full, says the provider', rootOf(world).ts, PEOPLE.sam);
  await expect.poll(() => world.logLines.some((line) => line.includes('a Slack request failed')), { timeout: 20_000 }).toBe(true);
  await expect.poll(() => world.messages()[0], { timeout: 20_000 }).toContain("INC-1*: Gapwatch can't reach its own store");
  proxy.mode = 'passes';
  await expect.poll(() => world.messages()[0], { timeout: 20_000 }).toContain('🚨 CRITICAL: HIPAA Audit Log Failure');
  await timelineWith(world, 'sam in Slack: the disk is full, says the provider');
  await world.stops();
  await proxy.close();
});

story('the buttons of an old message open no form after the resolution', async ({ world }) => {
  await alertFires(world);
  const former = { ...rootOf(world), blocks: structuredClone(rootOf(world).blocks) };
  await robinTypes(world, '/incident resolve anyway because it is an exercise of old buttons');
  await world.settles();
  expect(await world.slack.press(world.botUrl(), former, 'Update', PEOPLE.robin)).toContain(
    'INC-1 was resolved at 2026-01-05 12:00:00 UTC by robin',
  );
});
