import { expect } from 'vitest';
import { alertFires, countOf, mailsAbout, messageWith, robinTypes, rootOf, writesAgain } from '#harness/stories.ts';
import { story, type World } from '#harness/world.ts';
import { PEOPLE } from '#sandbox/stand-ins/slack/slack.ts';

const CONTACTS = `
contacts:
  senior-engineer: { slack: U0000000009 }
  incident-response-team: { slack: S0000000009, email: irt@clinic.example }
  security-officer: { email: ciso@clinic.example }
  compliance-counsel: { email: counsel@law.example }
`;

const HOUR = 60;

/** Moves on in steps, as time does: timers and watch run in between. */
async function passes(world: World, minutes: number, step = 5): Promise<void> {
  for (let left = minutes; left > 0; left -= step) await world.passes(Math.min(step, left));
}

story(
  'not resolved in 15 minutes → senior engineer and Privacy Officer are told once, with the checklist as buttons',
  async ({ world }) => {
    await alertFires(world, undefined, CONTACTS);
    await robinTypes(world, '/incident claim');
    await passes(world, 14);
    expect(countOf(world, 'Escalation:')).toBe(0);
    await world.passes(1);
    const escalation = messageWith(world, 'Escalation: INC-1 has not been resolved in 15 minutes.');
    expect(escalation.isBroadcast).toBe(true);
    expect(escalation.text).toContain('<@U0000000009>');
    expect(escalation.text).toContain('The runbook asks: consider disabling PHI access until audit is restored.');
    expect(escalation.text).not.toContain('No address is known');
    const mails = mailsAbout(world, 'ESCALATION');
    expect(mails.map(({ to }) => JSON.stringify(to))).toEqual([expect.stringContaining('privacy@clinic.example')]);
    expect(mails[0]?.text).toContain('This is an escalation of INC-1: INC-1 has not been resolved in 15 minutes.');
    expect(mails[0]?.text).toContain('- [ ] Consider disabling PHI access until audit restored');
    await world.slack.taps(world.botUrl(), escalation, 'Done: 7. Consider disabling PHI access until audit restored', PEOPLE.sam);
    await passes(world, 5);
    expect(countOf(world, 'sam has done: 7. Consider disabling PHI access')).toBe(1);
    expect(countOf(world, 'Escalation:')).toBe(1);
    expect(await robinTypes(world, '/incident timeline')).toContain(
      'Escalation: INC-1 has not been resolved in 15 minutes; told: senior-engineer, privacy-officer',
    );
  },
);

story(
  'a gap of 30 minutes, counted from its corrected start → security officer and response team, and a restart in between',
  async ({ world }) => {
    await alertFires(world, undefined, CONTACTS);
    await robinTypes(world, '/incident claim');
    await passes(world, 5);
    await world.stops();
    await world.starts(CONTACTS);
    await robinTypes(world, '/incident gap start 11:37 anyway because the application log shows it');
    await world.passes(1);
    expect(countOf(world, 'the audit gap of INC-1 has lasted 30 minutes')).toBe(0);
    await world.passes(1);
    const escalation = messageWith(world, 'Escalation: the audit gap of INC-1 has lasted 30 minutes, since 2026-01-05 11:37:00 UTC.');
    expect(escalation.text).toContain('<!subteam^S0000000009>');
    expect(escalation.text).toContain('By e-mail: security-officer, incident-response-team.');
    const addresses = mailsAbout(world, 'ESCALATION').map(({ to }) => JSON.stringify(to));
    expect(addresses).toHaveLength(2);
    expect(addresses.join()).toContain('ciso@clinic.example');
    expect(addresses.join()).toContain('irt@clinic.example');
    expect(mailsAbout(world, 'ESCALATION')[0]?.text).toContain('What is asked of you: prepare the compliance report.');
  },
);

story('a gap that ended in time escalates nothing; corrected to be long, it does, also after the resolution', async ({ world }) => {
  await alertFires(world, undefined, CONTACTS);
  await robinTypes(world, '/incident claim');
  await passes(world, 10);
  await writesAgain(world);
  await world.passes(0.25);
  await robinTypes(world, '/incident resolve fixed');
  await passes(world, 30);
  expect(countOf(world, 'Escalation:')).toBe(0);
  await robinTypes(world, '/incident gap start 11:20 anyway because the log shows it');
  await world.settles();
  expect(messageWith(world, 'the audit gap of INC-1 lasted more than 30 minutes').isBroadcast).toBe(true);
  const correction = mailsAbout(world, 'CORRECTION')[0];
  expect(correction?.text).toContain('- Gap start: 2026-01-05 11:20:00 UTC\n  We had told you: 2026-01-05 11:57:00 UTC');
});

story('a gap of 24 hours → counsel and Privacy Officer, and HHS is left to people', { timeout: 120_000 }, async ({ world }) => {
  await alertFires(world, undefined, CONTACTS);
  await robinTypes(world, '/incident claim');
  await robinTypes(world, '/incident pause 24h');
  await world.passes(30);
  await world.passes(23 * HOUR + 29);
  const escalation = messageWith(world, 'Escalation: the audit gap of INC-1 has lasted 1 day');
  expect(escalation.text).toContain('By e-mail: compliance-counsel, privacy-officer.');
  expect(
    mailsAbout(world, 'ESCALATION')
      .map(({ to }) => JSON.stringify(to))
      .join(),
  ).toContain('counsel@law.example');
  const tasks = await world.slack.commandReply(world.botUrl(), '/incident tasks', PEOPLE.robin);
  expect(tasks.text).toContain('☐ 11. Mandatory HHS notification likely required: have it decided');
  await robinTypes(world, '/incident hhs required because PHI was exposed');
  expect((await world.slack.commandReply(world.botUrl(), '/incident tasks', PEOPLE.robin)).text).toContain('☑ done: 11.');
});

story('roles without an address are named at the start and at the moment', async ({ world }) => {
  await alertFires(world);
  expect(world.logLines.join('')).toContain('"roles":["senior-engineer","security-officer","incident-response-team","compliance-counsel"]');
  await robinTypes(world, '/incident claim');
  await passes(world, 15);
  expect(messageWith(world, 'Escalation:').text).toContain('⚠️ No address is known for senior-engineer: reach them yourselves');
  expect(await robinTypes(world, '/incident contacts')).toContain('privacy-officer');
});

story('`/incident status` names who is on call for each level, and does not wait for a PagerDuty that hangs', async ({ world }) => {
  await alertFires(world);
  expect(await robinTypes(world, '/incident status')).toContain('On call: level 1: Robin; level 2: Sam, Kim');
  world.pagerduty.fault = ({ path }) => (path.includes('oncalls') ? { kind: 'hang' } : undefined);
  expect(await robinTypes(world, '/incident status')).toContain('On call: PagerDuty did not say in time');
});

story('the checklists tick what Gapwatch saw; people take, tick and waive the rest, each with a name', async ({ world }) => {
  await alertFires(world);
  const tasks = await world.slack.commandReply(world.botUrl(), '/incident tasks', PEOPLE.robin);
  for (const number of [1, 2, 3, 4]) expect(tasks.text).toContain(`☑ done: ${number}. `);
  expect(tasks.text).toContain('INC-1: 0 of 4 tasks are open.');
  expect(await robinTypes(world, '/incident tasks done 7')).toContain('There is no task 7 on this incident.');
  await world.passes(9);
  await writesAgain(world);
  await world.passes(0.25);
  await robinTypes(world, '/incident resolve fixed');
  await world.settles();
  const after = await world.slack.commandReply(world.botUrl(), '/incident tasks', PEOPLE.robin);
  expect(after.text).toContain('☐ 15. Document in HIPAA compliance log');
  expect(await robinTypes(world, '/incident tasks take 15')).toBe('INC-1: Task 15 is yours.');
  expect(await robinTypes(world, '/incident tasks waive 25')).toContain('Say why:');
  expect(await robinTypes(world, '/incident tasks waive 25 because next quarter')).toBe('INC-1: Task 25 is waived.');
  expect(await world.slack.opensHome(world.botUrl(), PEOPLE.robin)).toContain('• INC-1, task 15: Document in HIPAA compliance log');
  await world.slack.taps(world.botUrl(), after, 'Done: 15. Document in HIPAA compliance log', PEOPLE.sam);
  await world.settles();
  expect(await robinTypes(world, '/incident tasks done 15')).toContain('Task 15 is done already: sam, 2026-01-05');
  expect(rootOf(world).text).toContain('Status: Resolved');
});

story('the same action and ETA twice → whoever is on it is asked for news a minute before the third update', async ({ world }) => {
  await alertFires(world);
  await robinTypes(world, '/incident claim');
  await robinTypes(world, '/incident action looking at the roles');
  await passes(world, 13);
  expect(countOf(world, 'What is new?')).toBe(0);
  await world.passes(1);
  const nudge = messageWith(world, 'What is new?');
  expect(nudge.text).toContain(
    `<@${PEOPLE.robin.id}> the next update goes out in a minute, and action and ETA are the same as in the last 2.`,
  );
  await robinTypes(world, '/incident action restarting');
  await passes(world, 5);
  expect(countOf(world, 'What is new?')).toBe(1);
});

story('a pause ends by itself at its time, also after a restart', async ({ world }) => {
  await alertFires(world);
  expect(await robinTypes(world, '/incident pause a while')).toContain('is no pause');
  expect(await robinTypes(world, '/incident pause 12m')).toBe('INC-1: Updates are paused for 12 minutes, until 2026-01-05 12:12:00 UTC.');
  await world.passes(6);
  await world.stops();
  await world.starts();
  await world.passes(6);
  expect(countOf(world, 'Updates go on: the next one is due')).toBe(1);
  expect(countOf(world, '⏳ UPDATE')).toBe(0);
  await world.passes(5);
  expect(countOf(world, '⏳ UPDATE')).toBe(1);
});
