import { expect } from 'vitest';
import { alertFires, messageWith, robinTypes, rootOf } from '#harness/stories.ts';
import { story, type World } from '#harness/world.ts';
import { PEOPLE } from '#sandbox/stand-ins/slack/slack.ts';

story.for([
  '—drill quarterly exercise',
  '–drill quarterly exercise',
  'quarterly exercise —drill',
  '-drill quarterly exercise',
  '--DRILL quarterly exercise',
])('`/incident declare %s` is a drill: nobody outside is written to', async (typed, { world }) => {
  await world.starts();
  expect(await robinTypes(world, `/incident declare ${typed}`)).toContain('The drill begins.');
  await world.settles();
  expect(rootOf(world).text).toMatch(/^DRILL: /);
  expect(world.mail.mails).toHaveLength(0);
});

story('an option that there is not, and a drill without its dashes, are refused: no incident opens', async ({ world }) => {
  await world.starts();
  expect(await robinTypes(world, '/incident declare --dril exercise')).toContain('`--dril` is no option');
  expect(await robinTypes(world, '/incident declare drill of the quarter')).toContain('Is this an exercise?');
  expect(await robinTypes(world, '/remedy archive 90d --dryrun')).toContain("`--dryrun` isn't an option");
  expect(await robinTypes(world, '/incident status')).toContain('No incident is open.');
});

story.for(['constructor', '__proto__', 'toString'])('`/incident %s` is no verb', async (verb, { world }) => {
  await world.starts();
  expect(await robinTypes(world, `/incident ${verb}`)).toContain(`There is no \`/incident ${verb}\`.`);
});

story('times are taken as people say them', async ({ world }) => {
  await alertFires(world);
  for (const typed of ['15 min', '1h30m', '20M', 'in 20m', '~20m', '\u00a020\u202fmin'])
    expect(await robinTypes(world, `/incident eta ${typed}`), typed).toContain('INC-1: Kept the ETA: ');
  expect(await robinTypes(world, '/incident pause 45 minutes')).toContain('INC-1: ');
  expect(await robinTypes(world, '/incident eta soon')).toContain('`soon` is no time.');
});

story('the incident is handed over by a mention; guests and strangers can’t be named', async ({ world }) => {
  await alertFires(world);
  expect(await robinTypes(world, '/incident handover @sam')).toBe('INC-1: Handed over.');
  expect(await robinTypes(world, '/incident scribe @kim')).toBe('INC-1: Kept who writes.');
  expect(await robinTypes(world, '/incident status')).toContain('On it: sam · scribe: kim');
  expect(await robinTypes(world, '/incident handover @vic')).toContain('only a full member can be named');
  expect(await robinTypes(world, '/incident handover somebody')).toContain('Pick the person from the list');
});

story('what is typed is kept as it reads, without identities, and whoever typed them is told', async ({ world }) => {
  await alertFires(world);
  expect(await robinTypes(world, '/incident cause queue < 5 & p99 > 2s')).toBe('INC-1: Kept the root cause.');
  expect(await robinTypes(world, '/incident action called anna@clinic.example')).toContain('was replaced by a placeholder');
  const timeline = await robinTypes(world, '/incident timeline');
  // A page of the timeline is a message of its own, escaped as Slack wants it.
  expect(timeline).toContain('queue &lt; 5 &amp; p99 &gt; 2s');
  expect(timeline).not.toContain('anna@');
  const form = await world.slack.pressOpens(world.botUrl(), rootOf(world), 'Update', PEOPLE.robin);
  const told = nextReply(world);
  expect(await world.slack.submit(world.botUrl(), form, { action: 'wrote to anna@clinic.example' }, PEOPLE.robin)).toEqual({
    kind: 'closed',
  });
  expect(await told).toContain('was replaced by a placeholder');
  await world.settles();
  expect(messageWith(world, '⏳ UPDATE').text).toContain('wrote to [email]');
});

function nextReply({ slack }: World): Promise<string> {
  return new Promise((resolve) => slack.events.once('reply', (_userId, { text }) => resolve(text)));
}
