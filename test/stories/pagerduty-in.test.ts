import { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import { expect } from 'vitest';
import { alertFires, countOf, goesSilent, lastMessage, messageWith, plainly, robinTypes, writesAgain } from '#harness/stories.ts';
import { story, type World } from '#harness/world.ts';
import { webhookBody, webhookSignature } from '#sandbox/stand-ins/pagerduty/webhooks.ts';

/** Posts a webhook as anybody on the network could. */
async function post({ pagerduty }: World, body: string | Buffer, headers: Readonly<Record<string, string>>): Promise<number> {
  const response = await fetch(pagerduty.webhookUrl ?? '', { method: 'POST', headers, body: new Uint8Array(Buffer.from(body)) });
  await response.arrayBuffer();
  return response.status;
}

const signed = (body: string | Buffer, secrets: readonly string[] = ['sandbox-webhook-secret']) => ({
  'x-pagerduty-signature': webhookSignature(body, secrets),
  'x-webhook-id': 'wh-1',
});

const triggered = (id = 'PX1', title = 'AuditLogFailure') =>
  webhookBody(
    'incident.triggered',
    { id, title, html_url: '', created_at: '2026-01-05T12:00:00Z', service: null },
    null,
    Date.parse('2026-01-05T12:00:00Z'),
  );

story('a webhook that is delivered three times more changes nothing', async ({ world }) => {
  await alertFires(world);
  const before = world.messages();
  for (let time = 0; time < 3; time += 1) expect(await world.pagerduty.redelivers('incident.triggered')).toBe(202);
  await world.settles();
  expect(world.messages()).toEqual(before);
});

story('while the webhook secret is rotated, either signature is accepted', async ({ world }) => {
  await goesSilent(world);
  await world.starts('', { PAGERDUTY_WEBHOOK_SECRET: 'old-secret, new-secret' });
  world.pagerduty.secrets = ['a-third-one', 'new-secret'];
  await world.pagerduty.fires('AuditLogFailure');
  await world.settles();
  expect(world.messages()[0]).toContain('🚨 CRITICAL: HIPAA Audit Log Failure');
});

story('forged, unsigned, huge, unreadable and unknown webhooks get a clear answer and open nothing', async ({ world }) => {
  await world.starts();
  const body = triggered();
  expect(await post(world, body, signed(body, ['wrong-secret']))).toBe(401);
  expect(await post(world, body, {})).toBe(401);
  expect(await post(world, `${body} `, signed(body))).toBe(401);
  expect(await post(world, body, { 'x-pagerduty-signature': `v2=${'0'.repeat(64)}` })).toBe(401);
  const huge = 'x'.repeat(300 * 1024);
  expect(await post(world, huge, signed(huge))).toBe(413);
  const notJson = 'this is no JSON';
  expect(await post(world, notJson, { ...signed(notJson), 'x-webhook-id': 'wh-2' })).toBe(202);
  const notUtf8 = Buffer.from([0xff, 0xfe, 0x00, 0x01]);
  expect(await post(world, notUtf8, { ...signed(notUtf8), 'x-webhook-id': 'wh-3' })).toBe(202);
  const ping = webhookBody('pagey.ping', { message: 'hello' }, null, 0);
  expect(await post(world, ping, { ...signed(ping), 'x-webhook-id': 'wh-4' })).toBe(202);
  const shapeless = webhookBody('incident.triggered', { number: 7 }, null, 0);
  expect(await post(world, shapeless, { ...signed(shapeless), 'x-webhook-id': 'wh-5' })).toBe(202);
  await world.settles();
  expect(countOf(world, '🚨')).toBe(0);
});

story('three bad signatures in a row are reported in the channel, once', async ({ world }) => {
  await world.starts();
  const body = triggered();
  for (let time = 0; time < 5; time += 1) await post(world, body, signed(body, ['wrong-secret']));
  await world.settles();
  expect(world.messages()).toEqual([expect.stringContaining('Three PagerDuty webhooks in a row had no valid signature')]);
});

story('a webhook that breaks off in the middle leaves nothing behind and the bot alive', async ({ world }) => {
  await world.starts();
  const { port } = new URL(world.pagerduty.webhookUrl ?? '');
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write('POST /pagerduty/webhook HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"event":', () => socket.destroy());
    });
    socket.on('close', () => resolve());
  });
  await world.pagerduty.fires('AuditLogFailure');
  await world.settles();
  expect(countOf(world, '🚨')).toBe(1);
});

story('an alert whose title says nothing is known by its details', async ({ world }) => {
  await goesSilent(world);
  await world.starts();
  await world.pagerduty.fires('[FIRING:1] clinic (critical)', {
    details: { firing: 'Labels:\n - alertname = AuditLogFailure\n - severity = critical\n' },
  });
  await world.pagerduty.fires('DiskFull', { details: { firing: 'Labels:\n - alertname = DiskFull\n' } });
  await world.settles();
  expect(countOf(world, '🚨')).toBe(1);
});

story('two alerts for one failure are one incident', async ({ world }) => {
  await alertFires(world);
  const second = await world.pagerduty.fires('AuditLogFailure: gap detected');
  await world.settles();
  expect(countOf(world, '🚨')).toBe(1);
  expect(messageWith(world, 'Another alert belongs to INC-1').threadTs).toBe(world.slack.messages[0]?.ts);
  expect(second.status).toBe('acknowledged');
});

story('an alert that flaps stays one incident, and is told', async ({ world }) => {
  const alert = await alertFires(world);
  const [sam] = world.pagerduty.users.slice(-1);
  if (!sam) throw new Error('there is no Sam');
  await world.pagerduty.does(alert, 'resolved', sam);
  await world.settles();
  await world.pagerduty.does(alert, 'reopened', sam);
  await world.settles();
  expect(countOf(world, '🚨')).toBe(1);
  expect(messageWith(world, 'Sam resolved the alert in PagerDuty, but INC-1 stays open').isBroadcast).toBe(true);
  expect(lastMessage(world).text).toContain('PagerDuty: reopened by Sam');
});

story('an alert that PagerDuty closes does not close the incident while the table is silent', async ({ world }) => {
  const alert = await alertFires(world);
  const sam = world.pagerduty.users[2];
  if (!sam) throw new Error('there is no Sam');
  await world.pagerduty.does(alert, 'resolved', sam);
  await world.settles();
  expect(lastMessage(world).text).toContain('the audit table is still silent, its last record is of 2026-01-05 11:57:00 UTC');
  await world.passes(1);
  await writesAgain(world);
  await world.passes(0.25);
  expect(lastMessage(world).text).toContain('Audit records are being written again');
});

story('a webhook that never came is found by the poll within a minute', async ({ world }) => {
  await goesSilent(world);
  await world.starts();
  world.pagerduty.webhookUrl = null;
  await world.pagerduty.fires('AuditLogFailure');
  await world.passes(1);
  expect(countOf(world, '🚨')).toBe(1);
});

story('what a person did in PagerDuty is respected and told, not repeated', async ({ world }) => {
  await goesSilent(world);
  const sam = world.pagerduty.users[2];
  if (!sam) throw new Error('there is no Sam');
  const alert = await world.pagerduty.fires('AuditLogFailure');
  await world.pagerduty.does(alert, 'acknowledged', sam);
  await world.starts();
  await world.passes(1);
  expect(lastMessage(world).text).toBe('PagerDuty shows the alert acknowledged by Sam.');
  expect(alert.log.filter((event) => event === 'incident.acknowledged')).toHaveLength(1);
});

story('the gap start is corrected by a person: the old value stays on the record', async ({ world }) => {
  await alertFires(world);
  expect(await robinTypes(world, '/incident gap start 11:50 because the application log shows it')).toMatch(
    /The audit table holds 2\d records between 2026-01-05 11:50:00 UTC and now, so they are not missing\. To record it all the same/,
  );
  const answer = await robinTypes(world, '/incident gap start 11:50 anyway because the application log shows it');
  expect(plainly(answer)).toMatch(
    /^INC-1: gap start changed from 2026-01-05 11:57:00 UTC to 2026-01-05 11:50:00 UTC\. The gap is now 10 minutes so far\. Nobody else/,
  );
  await world.settles();
  expect(plainly(lastMessage(world).text)).toBe(
    'Gap start is now 2026-01-05 11:50:00 UTC (before: 2026-01-05 11:57:00 UTC), from robin, because the application log shows it. Gap duration: 10 minutes.',
  );
  expect(plainly(world.messages()[0] ?? '')).toContain('Audit gap started: 2026-01-05 11:50:00 UTC');
  await robinTypes(world, '/incident report');
  await world.settles();
  expect(await world.report('2026-01-05-audit-gap.md')).toContain(
    'Gap 1 start corrected from 2026-01-05 11:57:00 UTC to 2026-01-05 11:50:00 UTC',
  );
});
