import { expect } from 'vitest';
import { alertFires, countOf, goesSilent, lastMessage, messageWith, plainly, robinTypes, writesAgain } from '#harness/stories.ts';
import { story } from '#harness/world.ts';
import { PEOPLE } from '#sandbox/stand-ins/slack/slack.ts';

story('somebody presses "I\'m on it" → the root message names them and PagerDuty shows them as the responder', async ({ world }) => {
  const alert = await alertFires(world);
  const [root] = world.slack.messages;
  if (!root) throw new Error('there is no root message');
  const answer = await world.slack.press(world.botUrl(), root, "I'm on it", PEOPLE.robin);
  await world.settles();
  expect(answer).toBe('INC-1: You are on it.');
  expect(world.messages()[0]).toContain(`on it: <@${PEOPLE.robin.id}>`);
  expect(lastMessage(world).text).toBe(`<@${PEOPLE.robin.id}> is on it.`);
  expect(alert).toMatchObject({ assignee: 'Robin', status: 'acknowledged' });
  await world.passes(5);
  expect(countOf(world, 'Nobody has pressed')).toBe(0);
});

story('nobody claims within five minutes → the next level is paged and the channel hears it', async ({ world }) => {
  const alert = await alertFires(world);
  await world.passes(5);
  expect(messageWith(world, 'Nobody has pressed "I\'m on it" for 5 minutes').isBroadcast).toBe(true);
  expect(messageWith(world, 'PagerDuty has paged escalation level 2.').isBroadcast).toBe(true);
  expect(alert.level).toBe(2);
  await world.passes(1);
  expect(countOf(world, 'unacknowledged')).toBe(0);
});

story(
  'PagerDuty shows the alert triggered again while our own paging is under way → no word of an acknowledgement that ended',
  async ({ world }) => {
    const { pagerduty } = world;
    const alert = await alertFires(world);
    const [bot] = pagerduty.users;
    pagerduty.afterDelivery = async ({ method, body }) => {
      if (method !== 'PUT' || !body.toString().includes('escalation_level') || !bot) return;
      pagerduty.afterDelivery = undefined;
      await pagerduty.does(alert, 'unacknowledged', bot);
    };
    await world.passes(5);
    expect(alert).toMatchObject({ level: 2, status: 'triggered' });
    expect(countOf(world, 'unacknowledged')).toBe(0);
  },
);

story('resolving too early is refused with what is still wrong; anyway, with a reason, it is done and on the record', async ({ world }) => {
  await alertFires(world);
  const refusal = await robinTypes(world, '/incident resolve it should be fine');
  expect(refusal).toContain('INC-1 is not resolved yet:');
  expect(refusal).toContain('No audit record has been written since 2026-01-05 11:57:00 UTC.');
  expect(refusal).toContain('`/incident resolve anyway because &lt;reason&gt;`');
  expect(await robinTypes(world, '/incident resolve anyway')).toContain('Say why');
  await robinTypes(world, '/incident resolve anyway because the table is read-only for maintenance');
  await world.settles();
  const post = plainly(lastMessage(world).text);
  expect(post).toContain('Audit gap: 2026-01-05 11:57:00 UTC to ongoing (3 minutes so far)');
  expect(post).toContain('⚠️ Resolved although: No audit record has been written since 2026-01-05 11:57:00 UTC.');
  expect(post).toContain('Reason given: the table is read-only for maintenance');
  expect(world.mail.mails[1]?.text).toContain('The incident was resolved although not everything was verified:');
});

story(
  'a person declares an incident without an alert → it opens, and nothing is claimed about a gap that nobody saw',
  async ({ world }) => {
    await world.clinic.wrote(new Date('2026-01-05T11:00:00Z'), new Date('2026-01-05T12:00:00Z'), 300);
    await world.starts();
    expect(await robinTypes(world, '/incident declare nurses report missing entries')).toBe(
      'INC-1: Opened. The initial post appears in the channel.',
    );
    await world.settles();
    expect(world.messages()[0]).toContain('Audit gap started: no gap seen so far');
    expect(await robinTypes(world, '/incident declare again')).toContain('INC-1 is already open.');
    expect(await robinTypes(world, '/incident escalate')).toContain('there is nobody to page');
  },
);

story('updates can be paused and continued', async ({ world }) => {
  await alertFires(world);
  await robinTypes(world, '/incident pause');
  await world.passes(6);
  expect(countOf(world, '⏳ UPDATE')).toBe(0);
  expect(world.messages().at(-1)).not.toContain('⏳');
  await robinTypes(world, '/incident continue');
  await world.passes(5);
  expect(countOf(world, '⏳ UPDATE')).toBe(1);
});

story("a person's own update goes out at once, and the next is due five minutes later", async ({ world }) => {
  await alertFires(world);
  await world.passes(3);
  await robinTypes(world, '/incident update');
  await world.passes(2);
  expect(countOf(world, '⏳ UPDATE')).toBe(1);
  await world.passes(3);
  expect(countOf(world, '⏳ UPDATE')).toBe(2);
});

story('an ETA that has passed says so, and a time that is none is answered with an example', async ({ world }) => {
  await alertFires(world);
  expect(await robinTypes(world, '/incident eta soon')).toContain('`soon` is no time.');
  expect(await robinTypes(world, '/incident eta 11:00')).toContain('has already passed');
  await robinTypes(world, '/incident eta 3m');
  await world.passes(5);
  expect(plainly(lastMessage(world).text)).toContain('ETA: 2026-01-05 12:03:00 UTC (this time has passed; a new estimate is needed)');
});

story('impossible gap times are refused with what is known', async ({ world }) => {
  await alertFires(world);
  expect(await robinTypes(world, '/incident gap start 12:30')).toContain('is still ahead');
  expect(await robinTypes(world, '/incident gap end 11:58')).toContain('has been silent since 2026-01-05 11:57:00 UTC');
  expect(await robinTypes(world, '/incident gap end 11:40')).toContain('The gap started at 2026-01-05 11:57:00 UTC');
  expect(await robinTypes(world, '/incident gap sideways')).toContain('/incident gap start 9:58am');
});

story('records stop again after they returned → a second gap, and both are told at the end', async ({ world }) => {
  await alertFires(world);
  await world.passes(1);
  await writesAgain(world);
  await world.passes(0.25);
  for (let minute = 0; minute < 6; minute += 1) await world.passes(1);
  expect(messageWith(world, 'silent for more than 5 minutes').isBroadcast).toBe(true);
  await writesAgain(world);
  await world.passes(0.25);
  await robinTypes(world, '/incident resolve two bad migrations');
  await world.settles();
  expect(plainly(lastMessage(world).text).match(/^Audit gap: /gm)).toHaveLength(2);
});

story('checks answer for the whole channel and stand in the report', async ({ world }) => {
  await alertFires(world);
  await robinTypes(world, '/audit scope');
  await robinTypes(world, '/audit gaps 24h');
  await world.settles();
  expect(plainly(messageWith(world, '*scope*').text)).toContain('🔴 *scope*: HIGH');
  expect(messageWith(world, '*scope*').isBroadcast).toBe(true);
  expect(messageWith(world, '*gaps*').text).toContain('No gap over 5 minutes in the last 1 day.');
  await robinTypes(world, '/incident report');
  await world.settles();
  expect(await world.report('2026-01-05-audit-gap.md')).toContain('| scope | high | Partial failure or low activity:');
});

story(
  'a check without an incident answers in the channel; elsewhere, and for words it does not know, it says where and what',
  async ({ world }) => {
    await goesSilent(world);
    await world.starts();
    await robinTypes(world, '/audit scope');
    await world.settles();
    expect(messageWith(world, '*scope*').threadTs).toBeNull();
    const elsewhere = await world.slack.command(world.botUrl(), '/audit scope', PEOPLE.sam, { id: 'C0GENERAL00', name: 'general' });
    expect(elsewhere).toContain('Gapwatch works in #incidents');
    expect(await robinTypes(world, '/audit scoep')).toContain('Did you mean `/audit scope`?');
    expect(await robinTypes(world, '/audit gaps forever')).toContain('The window is a duration up to 12 months');
    expect(await robinTypes(world, '/incident stauts')).toContain('Did you mean `/incident status`?');
    expect(await robinTypes(world, '/incident status')).toBe('No incident is open. `/incident declare &lt;reason&gt;` opens one.');
  },
);

story('`help` lists exactly the verbs that work', async ({ world }) => {
  await alertFires(world);
  const help = await robinTypes(world, '/incident help');
  const verbs = [...help.matchAll(/• `\/incident ([\w-]+)/g)].map(([, verb]) => verb ?? '');
  expect(verbs).toContain('resolve');
  const forms = ['declare', 'roles', 'gap', 'assess'];
  for (const verb of verbs.filter((each) => each !== 'resolve')) {
    const answer = await robinTypes(world, `/incident ${verb}`);
    if (forms.includes(verb)) expect(answer, verb).toBe('');
    else expect(answer, verb).not.toMatch(/^There is no|^$/);
  }
});

story('an alert title full of Slack’s own marks appears to the letter and pages nobody', async ({ world }) => {
  await alertFires(world, 'AuditLogFailure <!channel> *x* & <https://evil|click> `y`');
  const root = world.messages()[0] ?? '';
  expect(root).toContain("`AuditLogFailure &lt;!channel&gt; *x* &amp; &lt;https://evil|click&gt; 'y'`");
  expect(root).not.toContain('<!channel>');
});

story('"Diagnose" runs the triage and answers in one message with one recommended step', async ({ world }) => {
  await alertFires(world);
  const [root] = world.slack.messages;
  if (!root) throw new Error('there is no root message');
  const answer = await world.slack.press(world.botUrl(), root, 'Diagnose', PEOPLE.sam);
  await world.settles();
  expect(answer).toBe('Running `diagnose` (runbook §2 to §8). The answer appears in the channel.');
  const diagnosis = messageWith(world, '*diagnose*').text;
  expect(diagnosis).toContain('🚨 *diagnose*: CRITICAL\npermissions: Role clinic_application');
  expect(diagnosis).toContain('• Not configured: health');
  expect(diagnosis).toContain('• probe §4, critical: The write was refused: permission denied for table AuditLog, 42501.');
  expect(diagnosis).toContain('Next: run `GRANT INSERT ON "AuditLog" TO clinic_application');
});

story('in Socket Mode commands arrive without an address, also when Slack was down at the start', async ({ world }) => {
  world.slack.fault = () => ({ kind: 'answer', status: 503 });
  await world.starts('', { SLACK_SIGNING_SECRET: '', SLACK_APP_TOKEN: world.slack.appToken });
  await world.pagerduty.fires('AuditLogFailure');
  await world.settles();
  world.slack.fault = undefined;
  await world.passes(1);
  expect(countOf(world, 'HIPAA Audit Log Failure')).toBe(1);
  expect(await world.slack.commandBySocket('/incident claim', PEOPLE.robin)).toBe('INC-1: You are on it.');
  expect((await fetch(`${world.botUrl()}/slack/events`, { method: 'POST' })).status).toBe(404);
});

story('the Home tab shows the incident as it stands', async ({ world }) => {
  await world.starts();
  expect(await world.slack.opensHome(world.botUrl(), PEOPLE.kim)).toContain('No incident so far.');
  await goesSilent(world);
  await world.pagerduty.fires('AuditLogFailure');
  await world.settles();
  const home = await world.slack.opensHome(world.botUrl(), PEOPLE.kim);
  expect(home).toContain('*INC-1* · Investigating · 0 min');
  expect(home).toContain('Gap: open since 2026-01-05 11:57:00 UTC');
});

story('with `acknowledge: on-claim` PagerDuty is acknowledged by the claim, and the channel hears it then', async ({ world }) => {
  await goesSilent(world);
  await world.starts('acknowledge: on-claim');
  const alert = await world.pagerduty.fires('AuditLogFailure');
  await world.settles();
  expect(alert.status).toBe('triggered');
  expect(countOf(world, 'Acknowledged')).toBe(0);
  await robinTypes(world, '/incident claim');
  await world.settles();
  expect(alert).toMatchObject({ status: 'acknowledged', acknowledgedBy: 'Robin' });
  expect(countOf(world, 'Acknowledged AUDIT_LOG_FAILURE - investigating')).toBe(1);
});
