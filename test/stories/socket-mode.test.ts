import { expect } from 'vitest';
import { alertFires, countOf, robinTypes, rootOf } from '#harness/stories.ts';
import { story, type World } from '#harness/world.ts';
import type { Fault } from '#sandbox/stand-ins/http-stand-in.ts';
import { PEOPLE } from '#sandbox/stand-ins/slack/slack.ts';

async function startsBySocket(world: World): Promise<void> {
  await world.starts('', { SLACK_SIGNING_SECRET: '', SLACK_APP_TOKEN: world.slack.appToken });
  expect(await world.slack.commandBySocket('/incident help', PEOPLE.robin)).toContain('/incident status');
}

/** The next so many requests for a connection fail; returns a promise for the last of them. */
function failsToOpen(world: World, fault: Fault, times = 1): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = times;
  world.slack.fault = (method) => {
    if (method !== 'apps.connections.open' || left === 0) return undefined;
    left -= 1;
    if (left === 0) resolve();
    return fault;
  };
  return promise;
}

const no = (error: string): Fault => ({ kind: 'answer', status: 200, body: JSON.stringify({ ok: false, error }) });

story.for([
  ['HTTP 503', { kind: 'answer', status: 503 }],
  ['a dropped connection', { kind: 'lose-answer' }],
  ['invalid_auth', no('invalid_auth')],
  ['account_inactive', no('account_inactive')],
  ['an answer without an address', { kind: 'answer', status: 200, body: '{"ok":true}' }],
] as const)(
  'the socket breaks and Slack answers %s: Gapwatch connects again, and webhooks come in meanwhile',
  async ([, fault], { world }) => {
    await startsBySocket(world);
    const failed = failsToOpen(world, fault);
    await world.slack.socket.breaks();
    await failed;
    expect((await fetch(`${world.botUrl()}/readyz`)).status).toBe(200);
    await world.pagerduty.fires('AuditLogFailure');
    await world.settles();
    expect(countOf(world, '🚨 CRITICAL')).toBe(1);
    expect(await world.slack.commandBySocket('/incident claim', PEOPLE.robin)).toBe('INC-1: You are on it.');
    expect(world.logLines.some((line) => line.includes('Socket Mode is not connected, and is tried again'))).toBe(true);
  },
);

story('while Socket Mode is not connected a finding says so, in the metrics too, and it goes with the connection', async ({ world }) => {
  await startsBySocket(world);
  const metrics = async () => (await fetch(`${world.botUrl()}/metrics`)).text();
  let noted = '';
  const failed = failsToOpen(world, no('invalid_auth'), 2);
  await world.slack.socket.breaks();
  await failed;
  noted = await metrics();
  expect(noted).toContain('gapwatch_finding{name="socket-mode"} 1');
  await world.slack.commandBySocket('/incident help', PEOPLE.robin);
  for (let tries = 0; tries < 100 && noted.includes('socket-mode"} 1'); tries += 1) noted = await metrics();
  expect(noted).not.toContain('name="socket-mode"} 1');
});

story.for(['warning', 'refresh_requested', 'too_many_websockets'] as const)(
  'Slack asks for a new connection (%s): commands arrive by it',
  async (reason, { world }) => {
    await startsBySocket(world);
    await world.slack.socket.says(JSON.stringify({ type: 'disconnect', reason, debug_info: {} }));
    await world.slack.socket.breaks();
    expect(await world.slack.commandBySocket('/incident help', PEOPLE.robin)).toContain('/incident status');
  },
);

story(
  'an event of a shape that the client can’t read is no end: it is logged, and the process says that it is not well',
  async ({ world }) => {
    world.expectsErrors();
    await startsBySocket(world);
    await world.slack.socket.says('no JSON');
    // In a process of the tests the listener of the tests hears of the rejection too, and would fail.
    const others = process.listeners('unhandledRejection').filter((each) => !each.toString().includes('caught by nobody'));
    for (const other of others) process.off('unhandledRejection', other);
    await world.slack.socket.says(JSON.stringify({ type: 'events_api', envelope_id: 'odd', payload: {} }));
    expect(await world.slack.commandBySocket('/incident help', PEOPLE.robin)).toContain('/incident status');
    for (const other of others) process.on('unhandledRejection', other);
    expect((await fetch(`${world.botUrl()}/livez`)).status).toBe(503);
    expect((await fetch(`${world.botUrl()}/readyz`)).status).toBe(200);
  },
);

story('a command that Slack delivers twice is done once', async ({ world }) => {
  await startsBySocket(world);
  const alert = await world.pagerduty.fires('AuditLogFailure');
  await world.settles();
  await world.slack.commandBySocket('/incident note seen once', PEOPLE.robin);
  expect(await world.slack.redeliversBySocket()).toContain('delivered this twice');
  await world.slack.commandBySocket('/incident escalate', PEOPLE.robin);
  await world.slack.redeliversBySocket();
  await world.settles();
  expect(await world.slack.commandBySocket('/incident timeline', PEOPLE.robin)).toMatch(/seen once/);
  expect((await world.slack.commandBySocket('/incident timeline', PEOPLE.robin)).match(/Note: seen once/g) ?? []).toHaveLength(1);
  expect(alert.log.filter((event) => event === 'incident.escalated')).toHaveLength(1);
});

story('a request over HTTP that is sent again within five minutes is done once', async ({ world }) => {
  await alertFires(world);
  await robinTypes(world, '/incident note seen once');
  expect(await world.slack.replays()).toContain('delivered this twice');
  expect((await robinTypes(world, '/incident timeline')).match(/Note: seen once/g) ?? []).toHaveLength(1);
  expect(rootOf(world).threadTs).toBeNull();
});
