import { expect } from 'vitest';
import {
  alertFires,
  countOf,
  isResolved,
  lastMessage,
  mailsAbout,
  messageWith,
  plainly,
  robinTypes,
  rootOf,
  writesAgain,
} from '#harness/stories.ts';
import { story } from '#harness/world.ts';
import { PEOPLE } from '#sandbox/stand-ins/slack/slack.ts';
import { viewText } from '#sandbox/stand-ins/slack/views.ts';

const { robin, sam } = PEOPLE;

story('"Update" → a form with what is known; sending it posts the update and the next one is due five minutes later', async ({ world }) => {
  await alertFires(world);
  await robinTypes(world, '/incident action looking at the roles');
  await world.passes(3);
  const form = await world.slack.pressOpens(world.botUrl(), rootOf(world), 'Update', robin);
  expect(viewText(form)).toContain('Action: the current step: looking at the roles');
  const sent = await world.slack.submit(world.botUrl(), form, { cause: 'migration 42 revoked INSERT', eta: '15m' }, robin);
  expect(sent).toEqual({ kind: 'closed' });
  await world.settles();
  const update = plainly(lastMessage(world).text);
  expect(update).toContain('Status: Root cause identified');
  expect(update).toContain('Action: looking at the roles');
  expect(update).toContain('ETA: 2026-01-05 12:18:00 UTC');
  await world.passes(2);
  expect(countOf(world, '⏳ UPDATE')).toBe(1);
  await world.passes(3);
  expect(countOf(world, '⏳ UPDATE')).toBe(2);
});

story('a wrong ETA → a sentence beside the field, and what was typed stays', async ({ world }) => {
  await alertFires(world);
  const form = await world.slack.pressOpens(world.botUrl(), rootOf(world), 'Update', robin);
  const withTimeout = await world.slack.submit(world.botUrl(), form, { action: 'waiting', eta: 'soon' }, robin);
  expect(withTimeout).toEqual({
    kind: 'errors',
    errors: { eta: 'This is no time. Write 15m, or a time such as 2:30pm, 14:30 or 14:30 UTC.' },
  });
  const past = await world.slack.submit(world.botUrl(), form, { action: 'waiting', eta: '11:00' }, robin);
  expect(past).toMatchObject({ kind: 'errors', errors: { eta: expect.stringContaining('has already passed') } });
  expect(countOf(world, '⏳ UPDATE')).toBe(0);
});

story('two people in the same form → the second sees what the first changed before overwriting it', async ({ world }) => {
  await alertFires(world);
  const first = await world.slack.pressOpens(world.botUrl(), rootOf(world), 'Update', sam);
  const second = await world.slack.pressOpens(world.botUrl(), rootOf(world), 'Update', robin);
  await world.slack.submit(world.botUrl(), first, { cause: 'a migration', action: 'granting INSERT' }, sam);
  const again = await world.slack.submit(world.botUrl(), second, { action: 'restarting' }, robin);
  if (again.kind !== 'again') throw new Error(`the form did not come back: ${JSON.stringify(again)}`);
  expect(viewText(again.view)).toContain('⚠️ While you wrote, sam changed *Action: the current step*');
  expect(viewText(again.view)).toContain('“granting INSERT”');
  expect(viewText(again.view)).toContain('Action: the current step: restarting');
  expect(await world.slack.submit(world.botUrl(), again.view, {}, robin)).toEqual({ kind: 'closed' });
  await world.settles();
  const update = plainly(lastMessage(world).text);
  expect(update).toContain('Action: restarting');
  // What robin never touched keeps what sam wrote.
  expect(update).toContain('Status: Root cause identified');
});

story('"Gap" → start and end with the reason; a time that can’t be is told beside its field', async ({ world }) => {
  await alertFires(world);
  const form = await world.slack.pressOpens(world.botUrl(), rootOf(world), 'Gap', robin);
  expect(viewText(form)).toContain('Gap 1: its start is known by a record in the audit table. It is ongoing.');
  expect(viewText(form)).toContain('Gap start: 2026-01-05 11:57:00 UTC');
  const ahead = await world.slack.submit(world.botUrl(), form, { start: '12:30', because: 'x' }, robin);
  expect(ahead).toMatchObject({ kind: 'errors', errors: { start: expect.stringContaining('is still ahead') } });
  const doubted = await world.slack.submit(world.botUrl(), form, { start: '11:50', because: 'the application log shows it' }, robin);
  expect(doubted).toMatchObject({ kind: 'errors', errors: { start: expect.stringContaining('The audit table holds 25 records') } });
  const kept = await world.slack.submit(world.botUrl(), form, { start: '11:50', because: 'anyway: the application log shows it' }, robin);
  expect(kept).toEqual({ kind: 'closed' });
  await world.settles();
  expect(messageWith(world, 'Gap start is now 2026-01-05 11:50:00 UTC').text).toContain('because anyway: the application log shows it');
});

story(
  '"Resolve" too early → the form says what is missing; with a reason it resolves, and all that was written is told',
  async ({ world }) => {
    await alertFires(world);
    const form = await world.slack.pressOpens(world.botUrl(), rootOf(world), 'Resolve', robin);
    expect(viewText(form)).toContain('Not resolvable yet:');
    const early = await world.slack.submit(world.botUrl(), form, { cause: 'maintenance' }, robin);
    expect(early).toMatchObject({ kind: 'errors', errors: { anyway: expect.stringContaining('No audit record has been written') } });
    await world.passes(9);
    await writesAgain(world);
    await world.passes(0.25);
    const later = await world.slack.pressOpens(world.botUrl(), rootOf(world), 'Resolve', robin);
    const typed = {
      cause: 'migration 42 revoked INSERT',
      resolution: 'granted INSERT again',
      prevention: 'a test of the role’s rights before each deploy',
      controls: 'load balancer logs of the clinic',
      impact: 'small, nights are quiet',
      'post-mortem': '2026-01-06 15:00',
    };
    expect(await world.slack.submit(world.botUrl(), later, typed, robin)).toEqual({ kind: 'closed' });
    await world.settles();
    const resolution = plainly(messageWith(world, '✅ RESOLVED: Audit Log Failure').text);
    expect(resolution).toContain('Root cause: migration 42 revoked INSERT');
    expect(resolution).toContain('Compliance impact: small, nights are quiet (Medium by gap duration');
    expect(resolution).toContain('Post-mortem: Scheduled for 2026-01-06 15:00:00 UTC');
    const notice = world.mail.mails.at(-1)?.text;
    expect(notice).toContain('- Resolution: granted INSERT again');
    expect(notice).toContain('- load balancer logs of the clinic');
    expect(notice).toContain('- Prevention: a test of the role’s rights before each deploy');
  },
);

story('"Resolve" after the post-mortem’s time has passed → the known time is no mistake; a new one must lie ahead', async ({ world }) => {
  await alertFires(world);
  await robinTypes(world, '/incident post-mortem 2026-01-05 12:05');
  await world.passes(9);
  await writesAgain(world);
  await world.passes(0.25);
  const form = await world.slack.pressOpens(world.botUrl(), rootOf(world), 'Resolve', robin);
  const moved = await world.slack.submit(world.botUrl(), form, { cause: 'a migration', 'post-mortem': '2026-01-05 12:08' }, robin);
  expect(moved).toEqual({ kind: 'errors', errors: { 'post-mortem': 'This time has already passed.' } });
  const known = { cause: 'a migration', 'post-mortem': '2026-01-05 12:05:00 UTC' };
  expect(await world.slack.submit(world.botUrl(), form, known, robin)).toEqual({ kind: 'closed' });
});

story('"Declare" from the Home tab and by a bare command → the same form; a double is refused in it', async ({ world }) => {
  await world.starts();
  const form = await world.slack.commandOpens(world.botUrl(), '/incident declare', robin);
  expect(await world.slack.submit(world.botUrl(), form, { reason: 'nurses report missing entries' }, robin)).toEqual({ kind: 'closed' });
  await world.settles();
  expect(world.messages()[0]).toContain('`nurses report missing entries`');
  const again = await world.slack.submit(world.botUrl(), form, { reason: 'again' }, sam);
  expect(again).toMatchObject({ kind: 'errors', errors: { reason: expect.stringContaining('INC-1 is already open') } });
});

story('the longest texts that people can type, with emoji and right-to-left letters, are kept, shown and mailed', async ({ world }) => {
  await alertFires(world);
  const long = `${'👩‍⚕️ حالة الطوارئ <!channel> & "quotes" '.repeat(90)}`.slice(0, 2_990);
  const form = await world.slack.pressOpens(world.botUrl(), rootOf(world), 'Update', robin);
  expect(await world.slack.submit(world.botUrl(), form, { cause: long, action: long, eta: '15m' }, robin)).toEqual({ kind: 'closed' });
  await world.settles();
  expect(countOf(world, '⏳ UPDATE')).toBe(1);
  const again = await world.slack.pressOpens(world.botUrl(), rootOf(world), 'Update', robin);
  // Words of other scripts may be a name, and are hidden.
  expect(viewText(again)).toContain('👩‍⚕️ [name] <!channel>');
  await world.passes(9);
  await writesAgain(world);
  await world.passes(0.25);
  const resolve = await world.slack.pressOpens(world.botUrl(), rootOf(world), 'Resolve', robin);
  const texts = { cause: long, resolution: long, prevention: long, controls: long, impact: long };
  expect(await world.slack.submit(world.botUrl(), resolve, texts, robin)).toEqual({ kind: 'closed' });
  await world.settles();
  expect(countOf(world, '✅ RESOLVED: Audit Log Failure')).toBe(1);
  expect(world.messages().join('')).not.toContain('<!channel>');
  expect(world.mail.mails.at(-1)?.text).toContain('👩‍⚕️ [name]');
});

story('assessment → the four factors filled in, confirmed with a name, in the report', async ({ world }) => {
  await isResolved(world);
  await robinTypes(world, '/audit reconstruct');
  await world.settles();
  const form = await world.slack.pressOpens(world.botUrl(), rootOf(world), 'Assess impact', robin);
  expect(viewText(form)).toContain('Gap duration: impact: Medium');
  expect(viewText(form)).toContain('Previous gaps in the last 12 months: none in the last 12 months of the audit table');
  const typed = { access: 'about 12, from the load balancer', 'access-impact': 'Medium', controls: 'Yes: load balancer logs' };
  expect(await world.slack.submit(world.botUrl(), form, typed, robin)).toEqual({ kind: 'closed' });
  await world.settles();
  expect(messageWith(world, 'Compliance impact assessed').text).toContain(
    'gap duration Medium, PHI access Medium. Confirmed by robin; the report has been asked for anew.',
  );
  const report = await world.report('2026-01-05-audit-gap-3.md');
  expect(report).toContain('Confirmed by robin at 2026-01-05');
  expect(report).toContain('| PHI access during gap | about 12, from the load balancer | Medium |');
  expect(report).toContain('Questions for the Privacy Officer (45 CFR 164.402 (2))');
  // A first assessment corrects nothing that was told.
  expect(mailsAbout(world, 'CORRECTION')).toEqual([]);
});

story('"Hand over" → somebody else is on it, and another writes; PagerDuty shows the new responder', async ({ world }) => {
  await alertFires(world);
  await robinTypes(world, '/incident claim');
  const form = await world.slack.pressOpens(world.botUrl(), rootOf(world), 'Hand over', robin);
  expect(await world.slack.submit(world.botUrl(), form, { claim: sam.id, scribe: PEOPLE.kim.id }, robin)).toEqual({ kind: 'closed' });
  await world.settles();
  expect(messageWith(world, `<@${sam.id}> is on it now`).text).toContain('(before: robin)');
  expect(world.messages()[0]).toContain(`on it: <@${sam.id}> · scribe: kim`);
  expect([...world.pagerduty.incidents.values()][0]?.assignee).toBe('Sam');
  await world.passes(5);
  expect(messageWith(world, '⏳ UPDATE').text).toContain('on it: sam · scribe: kim');
  expect(await robinTypes(world, '/incident status')).toContain('On it: sam · scribe: kim');
});
