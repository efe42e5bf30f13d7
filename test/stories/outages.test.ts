import { expect } from 'vitest';
import { openProxy } from '#harness/proxy.ts';
import { alertFires, countOf, goesSilent, lastMessage, messageWith, plainly, robinTypes, writesAgain } from '#harness/stories.ts';
import { story, type World } from '#harness/world.ts';

const TWO_MINUTES = 2;

story.for([
  ['answers 429', { kind: 'answer', status: 429, headers: { 'retry-after': '20' }, body: '{"ok":false,"error":"ratelimited"}' }],
  ['answers 500', { kind: 'answer', status: 500, body: 'oops' }],
  ['never answers', { kind: 'hang' }],
] as const)('Slack %s at first → the initial post goes out once, and late ones say so', async ([, fault], { world }) => {
  await goesSilent(world);
  await world.starts();
  world.slack.fault = (method) => (method.startsWith('chat.') ? fault : undefined);
  await world.pagerduty.fires('AuditLogFailure');
  await world.settles();
  expect(world.messages()).toEqual([]);
  world.slack.fault = undefined;
  await world.passes(TWO_MINUTES);
  expect(countOf(world, 'HIPAA Audit Log Failure')).toBe(1);
  expect(world.messages()[0]).toMatch(/⚠️ This message is 2 minutes late: (Slack|no answer from Slack)/);
  expect(countOf(world, 'Acknowledged AUDIT_LOG_FAILURE')).toBe(1);
});

story('Slack posts but its answer is lost → the message is found and adopted, not posted again', async ({ world }) => {
  await goesSilent(world);
  await world.starts();
  let lost = 0;
  world.slack.fault = (method) => {
    if (method !== 'chat.postMessage' || lost >= 2) return undefined;
    lost += 1;
    return { kind: 'lose-answer' };
  };
  await world.pagerduty.fires('AuditLogFailure');
  await world.passes(TWO_MINUTES);
  expect(lost).toBe(2);
  expect(countOf(world, 'HIPAA Audit Log Failure')).toBe(1);
  expect(countOf(world, 'Acknowledged AUDIT_LOG_FAILURE')).toBe(1);
  await world.passes(5 - TWO_MINUTES);
  expect(countOf(world, '⏳ UPDATE')).toBe(1);
});

story('an answer is lost and then the history can’t be read → nothing is posted again until it could be looked for', async ({ world }) => {
  await goesSilent(world);
  await world.starts();
  let lost = false;
  world.slack.fault = (method) => {
    if (method === 'conversations.history') return { kind: 'answer', status: 429, headers: { 'retry-after': '5' }, body: '' };
    if (method !== 'chat.postMessage' || lost) return undefined;
    lost = true;
    return { kind: 'lose-answer' };
  };
  await world.pagerduty.fires('AuditLogFailure');
  for (let step = 0; step < 4; step += 1) await world.passes(0.25);
  expect(countOf(world, 'HIPAA Audit Log Failure')).toBe(1);
  expect(countOf(world, 'Acknowledged')).toBe(0);
  world.slack.fault = undefined;
  await world.passes(1);
  expect(countOf(world, 'HIPAA Audit Log Failure')).toBe(1);
  expect(countOf(world, 'Acknowledged')).toBe(1);
});

story('Slack is down for twelve minutes → one late update that names what was missed and why', async ({ world }) => {
  await alertFires(world);
  world.slack.fault = () => ({ kind: 'answer', status: 503, body: '' });
  for (let minute = 0; minute < 12; minute += 1) await world.passes(1);
  world.slack.fault = undefined;
  await world.passes(3);
  const update = messageWith(world, '⏳ UPDATE');
  expect(countOf(world, '⏳ UPDATE')).toBe(1);
  expect(plainly(update.text)).toContain('15 min elapsed');
  expect(plainly(update.text)).toContain(
    '⚠️ 2 earlier updates were missed (due 2026-01-05 12:05:00 UTC to 2026-01-05 12:10:00 UTC). Why: Slack answered HTTP 503',
  );
});

story('Gapwatch is down for twelve minutes → one late update, and the next on time', async ({ world }) => {
  await alertFires(world);
  await world.stops();
  await world.clock.advance(12 * 60_000);
  await world.clinic.follow(world.clock.reading);
  await world.starts();
  await world.settles();
  expect(countOf(world, '⏳ UPDATE')).toBe(1);
  expect(plainly(messageWith(world, '⏳ UPDATE').text)).toContain(
    '⚠️ 1 earlier update was missed (due 2026-01-05 12:05:00 UTC). Why: cause not known',
  );
  await world.passes(3);
  expect(countOf(world, '⏳ UPDATE')).toBe(2);
  expect(lastMessage(world).text).toContain('15 min elapsed');
});

story.for([
  [
    'answers 429',
    { kind: 'answer', status: 429, headers: { 'ratelimit-reset': '30' }, body: '{"error":{"code":2020,"message":"Rate Limit Exceeded"}}' },
  ],
  ['answers 500', { kind: 'answer', status: 500, body: 'no JSON' }],
  ['never answers', { kind: 'hang' }],
] as const)('PagerDuty %s to the acknowledgement → nothing is claimed until it confirms, then once', async ([, fault], { world }) => {
  await goesSilent(world);
  await world.starts();
  world.pagerduty.fault = ({ method }) => (method === 'PUT' ? fault : undefined);
  const alert = await world.pagerduty.fires('AuditLogFailure');
  await world.settles();
  expect(countOf(world, 'HIPAA Audit Log Failure')).toBe(1);
  expect(countOf(world, 'Acknowledged')).toBe(0);
  world.pagerduty.fault = undefined;
  await world.passes(TWO_MINUTES);
  expect(countOf(world, 'Acknowledged AUDIT_LOG_FAILURE - investigating')).toBe(1);
  expect(alert.status).toBe('acknowledged');
});

story('PagerDuty keeps refusing → the channel is told to do it by hand', async ({ world }) => {
  await goesSilent(world);
  await world.starts('', { PAGERDUTY_FROM_EMAIL: 'nobody@clinic.example' });
  await world.pagerduty.fires('AuditLogFailure');
  for (let step = 0; step < 6; step += 1) await world.passes(0.1);
  expect(messageWith(world, 'could not acknowledge the PagerDuty alert').text).toContain('1008: Requester User Not Found');
});

story('the mail server refuses the recipient → the channel hears it by role, never by address', async ({ world }) => {
  world.mail.fault = { kind: 'refuse-recipient' };
  await alertFires(world);
  for (let minute = 0; minute < 5; minute += 1) await world.passes(1);
  const warning = messageWith(world, 'The notice to the Privacy Officer');
  expect(warning.isBroadcast).toBe(true);
  expect(warning.text).toContain('refused sender or recipient');
  expect(world.messages().join('\n')).not.toContain('privacy@clinic.example');
});

story('the mail server greylists → the notice goes out when it is taken, and nobody is alarmed', async ({ world }) => {
  world.mail.fault = { kind: 'greylist' };
  await alertFires(world);
  await world.passes(1);
  expect(world.mail.mails).toHaveLength(0);
  world.mail.fault = undefined;
  await world.passes(TWO_MINUTES);
  expect(world.mail.mails).toHaveLength(1);
  await world.passes(3);
  expect(countOf(world, 'has not gone out')).toBe(0);
});

story('the mail server hangs → everything else goes on, and the same mail is sent again under the same Message-ID', async ({ world }) => {
  world.mail.fault = { kind: 'hang' };
  await alertFires(world);
  expect(countOf(world, 'HIPAA Audit Log Failure')).toBe(1);
  world.mail.fault = undefined;
  await world.passes(6);
  expect(world.mail.unanswered.map(({ messageId }) => messageId)).toEqual(world.mail.mails.map(({ messageId }) => messageId));
  expect(world.mail.mails.map(({ messageId }) => messageId)).toEqual([
    expect.stringMatching(/^<INC-1\.opening-notice\.\w{8}@clinic\.example>$/),
  ]);
});

story.for(['refuses', 'hangs'] as const)(
  'the audit database %s → the initial post goes out by the alert’s time, and the table’s own record corrects it later',
  async (mode, { world }) => {
    const proxy = await openProxy(world.clinic.readerUrl);
    await goesSilent(world);
    proxy.mode = mode;
    await world.starts('', { AUDIT_DATABASE_URL: proxy.url });
    await world.pagerduty.fires('AuditLogFailure');
    await world.settles();
    expect(plainly(world.messages()[0] ?? '')).toContain('Audit gap started: 2026-01-05 11:58:00 UTC');
    expect(plainly(world.messages()[0] ?? '')).toContain("Records: can't be seen: the database");
    expect(await robinTypes(world, '/incident resolve all good')).toContain("Gapwatch can't see whether records are written");
    proxy.mode = 'passes';
    proxy.cut();
    await world.passes(0.25);
    expect(plainly(lastMessage(world).text)).toContain(
      'Gap start is now 2026-01-05 11:57:00 UTC (before: 2026-01-05 11:58:00 UTC), from a record in the audit table',
    );
    await writesAgain(world);
    await world.passes(0.25);
    expect(plainly(lastMessage(world).text)).toContain('Audit records are being written again, since 2026-01-05 12:00:15 UTC');
    await proxy.close();
  },
);

story('while the store is down a webhook is answered 503; PagerDuty sends it again and nothing is lost', async ({ world }) => {
  world.expectsErrors();
  const proxy = await openProxy(world.storeUrl);
  await goesSilent(world);
  await world.starts('', { DATABASE_URL: proxy.url });
  proxy.mode = 'refuses';
  proxy.cut();
  const fired = world.pagerduty.fires('AuditLogFailure');
  await expect.poll(() => world.logLines.some((line) => line.includes('a webhook could not be kept'))).toBe(true);
  expect((await fetch(`${world.botUrl()}/readyz`)).status).toBe(503);
  proxy.mode = 'passes';
  await fired;
  // Jobs that the outage cut off are taken over when their heartbeat is 10 s old.
  await world.moves(0.25);
  await expect.poll(() => countOf(world, 'HIPAA Audit Log Failure'), { timeout: 20_000 }).toBe(1);
  await world.settles();
  await world.stops();
  await proxy.close();
});

story('our acknowledgement got no answer and a person was quicker → the channel names the person', async ({ world }) => {
  await goesSilent(world);
  await world.starts();
  world.pagerduty.fault = ({ method }) => (method === 'PUT' ? { kind: 'answer', status: 500 } : undefined);
  const alert = await world.pagerduty.fires('AuditLogFailure');
  await world.settles();
  world.pagerduty.webhookUrl = null;
  const sam = world.pagerduty.users[2];
  if (!sam) throw new Error('there is no Sam');
  await world.pagerduty.does(alert, 'acknowledged', sam);
  world.pagerduty.fault = undefined;
  await world.passes(0.25);
  expect(countOf(world, 'Acknowledged AUDIT_LOG_FAILURE')).toBe(0);
  expect(countOf(world, 'PagerDuty shows the alert acknowledged by Sam.')).toBe(1);
});

story('the table can’t be seen while a second gap ends → its end is still the first record after it', async ({ world }) => {
  const proxy = await openProxy(world.clinic.readerUrl);
  await goesSilent(world);
  await world.starts('', { AUDIT_DATABASE_URL: proxy.url });
  await world.pagerduty.fires('AuditLogFailure');
  await world.passes(1);
  await writesAgain(world);
  await world.passes(0.25);
  for (let minute = 0; minute < 6; minute += 1) await world.passes(1);
  expect(countOf(world, 'silent for more than 5 minutes')).toBe(1);
  proxy.mode = 'refuses';
  proxy.cut();
  await world.passes(0.25);
  await writesAgain(world);
  proxy.mode = 'passes';
  await world.passes(0.25);
  expect(plainly(lastMessage(world).text)).toContain('since 2026-01-05 12:07:30 UTC');
  expect(lastMessage(world).text).toContain('The gap is closed: 6 minutes 30 seconds.');
  await proxy.close();
});

story('a declared incident whose first look failed does not call a quiet minute a silence', async ({ world }) => {
  const proxy = await openProxy(world.clinic.readerUrl);
  await world.clinic.wrote(new Date('2026-01-05T11:00:00Z'), new Date('2026-01-05T11:59:50Z'), 200);
  proxy.mode = 'refuses';
  await world.starts('', { AUDIT_DATABASE_URL: proxy.url });
  await robinTypes(world, '/incident declare something is odd');
  await world.settles();
  proxy.mode = 'passes';
  await world.passes(0.25);
  expect(countOf(world, 'has been silent')).toBe(0);
  expect(await robinTypes(world, '/incident status')).toContain('Records: being written');
  await proxy.close();
});

story(
  'the store goes away in the middle of an incident → the root message says so and what to do by hand, and later is itself again',
  async ({ world }) => {
    world.expectsErrors();
    const proxy = await openProxy(world.storeUrl);
    await goesSilent(world);
    await world.starts('', { DATABASE_URL: proxy.url });
    await world.pagerduty.fires('AuditLogFailure');
    await world.settles();
    proxy.mode = 'refuses';
    proxy.cut();
    await expect.poll(() => world.messages()[0], { timeout: 20_000 }).toContain("INC-1*: Gapwatch can't reach its own store");
    expect(world.messages()[0]).toContain('4. Try one write as the application’s role and roll it back.'.replace('’', "'"));
    expect(await robinTypes(world, '/incident claim')).toContain('That did not work');
    expect(await (await fetch(`${world.botUrl()}/metrics`)).text()).toContain('gapwatch_store_up 0');
    proxy.mode = 'passes';
    await expect.poll(() => world.messages()[0], { timeout: 20_000 }).toContain('🚨 CRITICAL: HIPAA Audit Log Failure');
    await world.moves(0.25);
    expect(await robinTypes(world, '/incident claim')).toBe('INC-1: You are on it.');
    await world.stops();
    await proxy.close();
  },
);

story('store and Slack go away together → those who can be written to get the steps by mail', async ({ world }) => {
  world.expectsErrors();
  const proxy = await openProxy(world.storeUrl);
  await goesSilent(world);
  await world.starts('contacts: { senior-engineer: { email: senior@clinic.example } }', { DATABASE_URL: proxy.url });
  await world.pagerduty.fires('AuditLogFailure');
  await world.settles();
  world.slack.fault = () => ({ kind: 'answer', status: 503 });
  proxy.mode = 'refuses';
  proxy.cut();
  const about = () => world.mail.mails.filter(({ subject }) => subject?.includes("can't reach its own store, and Slack"));
  await expect.poll(() => about().length, { timeout: 20_000 }).toBe(2);
  expect(about()[0]?.text).toContain("The runbook's steps to do by hand:");
  proxy.mode = 'passes';
  await world.stops();
  await proxy.close();
});

story(
  'Slack goes away in the middle of an incident → after three minutes without an update the steps go by mail, once',
  async ({ world }) => {
    await alertFires(world, undefined, 'contacts: { senior-engineer: { email: senior@clinic.example } }');
    await robinTypes(world, '/incident claim');
    await world.settles();
    world.slack.fault = () => ({ kind: 'answer', status: 503 });
    for (let minute = 0; minute < 14; minute += 1) await world.passes(1);
    const about = world.mail.mails.filter(({ subject }) => subject?.includes("can't reach Slack"));
    expect(about).toHaveLength(2);
  },
);

story.for([
  [
    'Slack answers nonsense',
    (world: World) => (world.slack.fault = () => ({ kind: 'answer', status: 200, body: '<html>maintenance</html>' })),
  ],
  [
    'PagerDuty answers nonsense',
    (world: World) => (world.pagerduty.fault = () => ({ kind: 'answer', status: 200, body: '<html>maintenance</html>' })),
  ],
  ['the mail server postpones everything', (world: World) => (world.mail.fault = { kind: 'greylist' })],
] as const)(
  '%s for half an hour → the rest goes on, and afterwards everything is told once',
  { timeout: 120_000 },
  async ([, breaks], { world }) => {
    await alertFires(world);
    await robinTypes(world, '/incident claim');
    await world.settles();
    breaks(world);
    for (let minute = 0; minute < 30; minute += 1) await world.passes(1);
    expect(await robinTypes(world, '/incident cause a migration')).toBe('INC-1: Kept the root cause.');
    world.slack.fault = undefined;
    world.pagerduty.fault = undefined;
    world.mail.fault = undefined;
    for (let step = 0; step < 4; step += 1) await world.passes(1);
    await writesAgain(world);
    await world.passes(0.25);
    await robinTypes(world, '/incident resolve fixed');
    for (let step = 0; step < 3; step += 1) await world.passes(1);
    expect(countOf(world, '✅ RESOLVED: Audit Log Failure')).toBe(1);
    expect(countOf(world, 'Escalation: INC-1 has not been resolved in 15 minutes')).toBe(1);
    const subjects = world.mail.mails.map(({ subject }) => subject?.split(':')[0]);
    expect(subjects.filter((subject) => subject === 'URGENT')).toHaveLength(2);
    expect(subjects.filter((subject) => subject === 'ESCALATION')).toHaveLength(1);
    const [alert] = world.pagerduty.incidents.values();
    expect(alert?.status).toBe('resolved');
    expect(new Set(alert?.notes).size).toBe(alert?.notes.length);
    const keys = world.slack.messages.flatMap(({ key }) => key ?? []);
    expect(new Set(keys).size).toBe(keys.length);
  },
);
