import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { alertFires, countOf, mailsAbout, messageWith, robinTypes, rootOf, writesAgain } from '#harness/stories.ts';
import { story, type World } from '#harness/world.ts';
import { NEEDED_SCOPES } from '#services/slack/slack.ts';

const findings = async (world: World) => (await fetch(`${world.botUrl()}/metrics`)).text();

story('the root message is deleted: a new one says so, and the incident goes on and ends there', async ({ world }) => {
  await alertFires(world);
  const former = rootOf(world);
  world.slack.deletes(former);
  await robinTypes(world, '/incident note seen by all');
  await world.passes(1);
  const root = messageWith(world, '🚨 CRITICAL');
  expect(root.ts).not.toBe(former.ts);
  expect(root.text).toContain('The former message of this incident was deleted from Slack; it goes on here.');
  expect(countOf(world, '🚨 CRITICAL')).toBe(1);
  await world.passes(9);
  expect(messageWith(world, '⏳ UPDATE').threadTs).toBe(root.ts);
  await writesAgain(world);
  await world.passes(0.25);
  await robinTypes(world, '/incident resolve a migration revoked INSERT');
  await world.settles();
  expect(messageWith(world, '✅ RESOLVED: Audit Log Failure').threadTs).toBe(root.ts);
  expect(await robinTypes(world, '/incident timeline 2')).toBeTruthy();
});

story('the root message is deleted and only the thread says so (thread_not_found): the same', async ({ world }) => {
  await alertFires(world);
  world.slack.deletes(rootOf(world));
  world.slack.fault = (method) => (method === 'chat.update' ? { kind: 'answer', status: 503 } : undefined);
  await robinTypes(world, '/incident claim');
  await world.passes(1);
  expect(countOf(world, '🚨 CRITICAL')).toBe(1);
  expect(messageWith(world, 'is on it.').threadTs).toBe(messageWith(world, '🚨 CRITICAL').ts);
});

story.for([
  ['archived', (world: World, isSo: boolean) => Object.assign(world.slack.channel, { isArchived: isSo })],
  ['left by the bot', (world: World, isSo: boolean) => Object.assign(world.slack.channel, { hasBot: !isSo })],
] as const)(
  'the channel is %s: told at once by mail, PagerDuty and a finding, and healed without a restart',
  async ([, make], { world }) => {
    const alert = await alertFires(world, undefined, 'updates: { every: 2m }');
    make(world, true);
    await world.passes(2);
    expect(mailsAbout(world, 'do the runbook by hand')).toHaveLength(1);
    expect(mailsAbout(world, 'do the runbook by hand')[0]?.subject).toMatch(
      /can't reach Slack \(.*(is_archived|not_in_channel|archived|no member)/,
    );
    expect(alert.notes.join('\n')).toContain('Run the audit log runbook by hand');
    expect(await findings(world)).toContain('gapwatch_finding{name="slack"} 1');
    await world.passes(2);
    expect(mailsAbout(world, 'do the runbook by hand')).toHaveLength(1);
    make(world, false);
    await world.passes(2);
    expect(countOf(world, '⏳ UPDATE')).toBeGreaterThan(0);
    expect(await findings(world)).not.toContain('gapwatch_finding{name="slack"} 1');
  },
);

story(
  'Slack is away while updates come every minute: the steps by hand go out three minutes after the first one failed',
  async ({ world }) => {
    await alertFires(world, undefined, 'updates: { every: 1m }');
    world.slack.fault = () => ({ kind: 'answer', status: 503, body: '' });
    await world.passes(1);
    for (let minute = 0; minute < 2; minute += 1) await world.passes(1);
    expect(mailsAbout(world, 'do the runbook by hand')).toHaveLength(0);
    await world.passes(1.1);
    expect(mailsAbout(world, 'do the runbook by hand')).toHaveLength(1);
  },
);

story('the channel is renamed: commands work in it, before and after a restart, and the next incident opens there', async ({ world }) => {
  await alertFires(world);
  world.slack.channel.name = 'sev-incidents';
  expect(await robinTypes(world, '/incident status')).toContain('*INC-1*');
  await world.stops();
  await world.starts();
  expect(await robinTypes(world, '/incident status')).toContain('*INC-1*');
  await world.passes(1);
  const elsewhere = { id: 'C0GENERAL00', name: 'general' };
  const { robin } = await import('#sandbox/stand-ins/slack/slack.ts').then(({ PEOPLE }) => PEOPLE);
  expect(await world.slack.command(world.botUrl(), '/incident status', robin, elsewhere)).toContain('Gapwatch works in #sev-incidents');
  await robinTypes(world, '/incident resolve anyway because the channel is what is tried here');
  await world.settles();
  await robinTypes(world, '/incident declare nurses see no records');
  await world.settles();
  expect(messageWith(world, '*INC-2*').channel).toBe(world.slack.channel.id);
});

story(
  'a scope is missing: said in the channel and kept as a finding; a report that can’t be shared is told in the thread',
  async ({ world }) => {
    world.slack.own.scopes = new Set(NEEDED_SCOPES.filter((scope) => scope !== 'files:write'));
    await alertFires(world);
    expect(messageWith(world, 'token lacks scopes: files:write').channel).toBe(world.slack.channel.id);
    expect(await findings(world)).toContain('gapwatch_finding{name="slack"} 1');
    await robinTypes(world, '/incident report');
    await world.settles();
    expect(messageWith(world, 'could not share the gap report').text).toContain('missing_scope');
    expect(mailsAbout(world, 'do the runbook by hand')).toHaveLength(0);
  },
);

story('the token is revoked: the steps by hand go out at once, and nothing is lost when there is a new one', async ({ world }) => {
  await alertFires(world);
  world.slack.fault = () => ({ kind: 'answer', status: 200, body: '{"ok":false,"error":"token_revoked"}' });
  await world.passes(1);
  expect(mailsAbout(world, 'do the runbook by hand')).toHaveLength(1);
  world.slack.fault = undefined;
  await world.passes(5);
  expect(countOf(world, '⏳ UPDATE')).toBe(1);
});

story('an answer that is not Slack’s (a proxy’s page, with status 200) is looked for before the message goes again', async ({ world }) => {
  await alertFires(world);
  let answered = 0;
  world.slack.fault = (method) => {
    if (method !== 'chat.postMessage' || answered > 0) return undefined;
    answered += 1;
    return { kind: 'swap-answer', body: '<html>Please sign in: anna@clinic.example</html>' };
  };
  await robinTypes(world, '/incident claim');
  await world.passes(1);
  expect(answered).toBe(1);
  expect(countOf(world, 'is on it.')).toBe(1);
  expect(await robinTypes(world, '/incident timeline')).not.toContain('Please sign in');
  expect(await robinTypes(world, '/incident timeline')).not.toContain('<html>');
});

story('the manifest asks for every scope that is needed', async () => {
  const manifest = parse(await readFile('manifest.yml', 'utf8'));
  expect([...manifest.oauth_config.scopes.bot].toSorted()).toEqual([...NEEDED_SCOPES].toSorted());
});
