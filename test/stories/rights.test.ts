import { expect } from 'vitest';
import { presses } from '#harness/remedies.ts';
import { alertFires, countOf, messageWith, robinTypes, rootOf } from '#harness/stories.ts';
import { story, type World } from '#harness/world.ts';
import { PEOPLE } from '#sandbox/stand-ins/slack/slack.ts';
import { openDatabase } from '#store/database.ts';

story.for([
  ['somebody who is no member of the channel', PEOPLE.lee, 'Only members of #incidents can command Gapwatch. Join the channel first.'],
  ['a guest', PEOPLE.guest, "Guests and people of other workspaces can't command Gapwatch. Ask a member of #incidents."],
  ['somebody of another company in the shared channel', PEOPLE.vendor, "Guests and people of other workspaces can't command Gapwatch."],
  ['a bot', PEOPLE.robot, "Guests and people of other workspaces can't command Gapwatch."],
  ['a deactivated person', PEOPLE.gone, "Guests and people of other workspaces can't command Gapwatch."],
  ['somebody of another workspace on Enterprise Grid, while we are on none', PEOPLE.sister, "Guests and people of other workspaces can't"],
] as const)('%s can’t command, by words, buttons or forms, and it is on record', async ([, user, text], { world }) => {
  await alertFires(world);
  const form = await world.slack.pressOpens(world.botUrl(), rootOf(world), 'Update', PEOPLE.robin);
  expect(await world.slack.command(world.botUrl(), '/incident claim', user)).toContain(text);
  expect(await world.slack.command(world.botUrl(), '/audit scope', user)).toContain(text);
  expect(await world.slack.press(world.botUrl(), rootOf(world), "I'm on it", user)).toContain(text);
  const sent = await world.slack.submit(world.botUrl(), form, { action: 'mischief' }, user);
  expect(sent).toMatchObject({ kind: 'errors' });
  await world.settles();
  expect(countOf(world, 'is on it.')).toBe(0);
  expect(countOf(world, '⏳ UPDATE')).toBe(0);
  expect(await robinTypes(world, '/incident timeline')).toContain(`${user.name}: Denied: /incident claim.`);
  const store = openDatabase(world.storeUrl, () => undefined);
  const { rows } = await store.query('select slack_id, what from gapwatch.denials order by id');
  await store.close();
  expect(rows).toHaveLength(4);
  expect(rows[0]).toMatchObject({ slack_id: user.id, what: '/incident claim' });
});

story('corrections of the gap are for those whom the policy names; a refusal says who can', async ({ world }) => {
  await alertFires(world, undefined, 'approvals: { approvers: [S0000000001, U0000000003] }');
  const refusal = await world.slack.command(world.botUrl(), '/incident gap start 11:50 anyway because the log shows it', PEOPLE.sam);
  expect(refusal).toContain('Only these may do that: <!subteam^S0000000001>, <@U0000000003>');
  expect(await world.slack.press(world.botUrl(), rootOf(world), 'Gap', PEOPLE.sam)).toContain('Only these may do that:');
  expect(await world.slack.command(world.botUrl(), '/incident gap start 11:50 anyway because the log shows it', PEOPLE.kim)).toContain(
    'gap start changed from',
  );
  expect(await robinTypes(world, '/incident gap start 11:51 anyway because the log shows it')).toContain('gap start changed from');
  expect(await world.slack.command(world.botUrl(), '/incident claim', PEOPLE.sam)).toBe('INC-1: You are on it.');
});

story('on Enterprise Grid people of a sister workspace are at home', async ({ world }) => {
  world.slack.own.enterpriseId = 'E0HOME';
  await alertFires(world);
  expect(await world.slack.command(world.botUrl(), '/incident claim', PEOPLE.sister)).toBe('INC-1: You are on it.');
  expect(await world.slack.command(world.botUrl(), '/incident gap start 11:50 anyway because the log shows it', PEOPLE.sister)).toContain(
    'gap start changed from',
  );
});

story('somebody of another company resolves nothing, corrects nothing, and approves no remedy', async ({ world }) => {
  world.digitalocean.deployments.push({ id: 'good', cause: 'commit: audit fix', phase: 'ACTIVE', at: world.clock.now() });
  await alertFires(world);
  await robinTypes(world, '/remedy restart');
  await world.settles();
  const refused = "Guests and people of other workspaces can't command Gapwatch.";
  const typed = ['resolve anyway because we say so', 'gap start 01:00 because we say so', 'escalate', 'hhs notified'];
  for (const command of typed) expect(await world.slack.command(world.botUrl(), `/incident ${command}`, PEOPLE.vendor)).toContain(refused);
  expect(await presses(world, 'Approve', 'vendor')).toContain(refused);
  expect(await world.slack.press(world.botUrl(), rootOf(world), 'Resolve', PEOPLE.vendor)).toContain(refused);
  expect(await world.slack.opensHome(world.botUrl(), PEOPLE.vendor)).not.toContain('INC-1');
  await world.slack.says(world.botUrl(), 'we take over', rootOf(world).ts, PEOPLE.vendor);
  await keptOn(world, 'Denied: a message for the timeline');
  expect(await robinTypes(world, '/incident timeline')).not.toContain('we take over');
});

/** Waits until the timeline holds these words: events are acknowledged before they are kept. */
async function keptOn(world: World, words: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    if ((await robinTypes(world, '/incident timeline')).includes(words)) return;
  }
  throw new Error(`the timeline never held ${words}`);
}

story('Slack does not say who somebody is → its signature decides for ordinary commands alone', async ({ world }) => {
  await alertFires(world, undefined, 'approvals: { approvers: [S0000000001, U0000000001] }');
  world.slack.fault = (method) => (/^(users|usergroups|conversations)\./.test(method) ? { kind: 'hang' } : undefined);
  expect(await robinTypes(world, '/incident cause a migration')).toBe('INC-1: Kept the root cause.');
  const again = 'Slack did not say in time who you are, and this needs a confirmed member of the channel. Try again in a moment.';
  for (const command of ['gap start 11:50 anyway because the log shows it', 'resolve', 'escalate', 'hhs notified'])
    expect(await robinTypes(world, `/incident ${command}`)).toContain(again);
  expect(await robinTypes(world, '/remedy restart')).toContain(again);
  world.slack.fault = undefined;
  expect(await robinTypes(world, '/incident gap start 11:50 anyway because the log shows it')).toContain('gap start changed from');
});

story('messages of the thread and pinned ones go on the timeline, without identities and once', async ({ world }) => {
  await alertFires(world);
  const root = rootOf(world);
  await world.slack.says(world.botUrl(), 'Patient Ana Lopez called, anna@clinic.example saw it at 11:58', root.ts, PEOPLE.sam);
  await world.slack.says(world.botUrl(), 'lunch?', null, PEOPLE.sam);
  const aside = await world.slack.says(world.botUrl(), 'the deploy at 11:55 looks wrong', null, PEOPLE.kim);
  await world.slack.reacts(world.botUrl(), aside, 'eyes', PEOPLE.robin);
  await world.slack.reacts(world.botUrl(), aside, 'pushpin', PEOPLE.robin);
  await world.slack.reacts(world.botUrl(), aside, 'pushpin', PEOPLE.sam);
  await robinTypes(world, '/incident note 10.0.0.7 refuses connections');
  for (let tries = 0; tries < 100; tries += 1) {
    if ((await robinTypes(world, '/incident timeline')).includes('the deploy at 11:55')) break;
  }
  const timeline = await robinTypes(world, '/incident timeline');
  expect(timeline).toContain('sam in Slack: Patient [name] called, [email] saw it at 11:58');
  expect(timeline.match(/kim in Slack: the deploy at 11:55 looks wrong/g)).toHaveLength(1);
  expect(timeline).toContain('robin: Note: [ip] refuses connections');
  expect(timeline).not.toContain('lunch');
  expect(timeline).not.toContain('Ana');
});

story('the timeline is paged, with a button to what came before', async ({ world }) => {
  await alertFires(world);
  for (let count = 1; count <= 20; count += 1) await robinTypes(world, `/incident note step number ${count}`);
  await world.settles();
  const page = await world.slack.commandReply(world.botUrl(), '/incident timeline', PEOPLE.robin);
  expect(page.text).toMatch(/^INC-1, page 1 of [3-9]/);
  expect(page.text).toContain('step number 20');
  const earlier = await world.slack.press(world.botUrl(), page, 'Earlier', PEOPLE.robin);
  expect(earlier).toMatch(/^INC-1, page 2 of/);
  expect(await robinTypes(world, '/incident timeline 99')).toContain('pages: `/incident timeline');
});

story(
  'a drill runs all of it, every message marked; PagerDuty and mail stay untouched, and a real alert opens its own incident',
  async ({ world }) => {
    await world.clinic.wrote(new Date('2026-01-05T11:00:00Z'), new Date('2026-01-05T12:00:00Z'), 300);
    await world.starts();
    expect(await robinTypes(world, '/incident declare --drill quarterly exercise')).toContain('The drill begins.');
    await world.settles();
    await robinTypes(world, '/incident claim');
    await robinTypes(world, '/audit scope');
    await world.passes(5);
    expect(messageWith(world, '🚨 CRITICAL').text).toMatch(/^DRILL: /);
    expect(world.messages().every((message) => message.includes('DRILL'))).toBe(true);
    const alert = await world.pagerduty.fires('AuditLogFailure');
    await world.settles();
    expect(await robinTypes(world, '/incident status')).toContain('*INC-2* · Investigating');
    expect(messageWith(world, '*INC-2*').text).not.toContain('DRILL');
    expect(alert.status).toBe('acknowledged');
    expect(world.mail.mails).toHaveLength(1);
    expect(await robinTypes(world, '/incident INC-1 resolve the exercise is over')).toContain('INC-1: Resolved.');
    await world.settles();
    expect(world.mail.mails).toHaveLength(1);
    expect(await world.report('2026-01-05-drill-audit-gap.md')).toContain('**DRILL: an exercise. Nothing of this is real.**');
    expect(await robinTypes(world, '/incident INC-1 timeline')).toContain('a drill: nothing was sent');
  },
);
