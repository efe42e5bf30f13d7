import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { expect } from 'vitest';
import { exportIncident } from '#app/evidence/export.ts';
import { verifyFolder, verifyStore } from '#app/evidence/verify.ts';
import { loadTemplates } from '#app/templates.ts';
import { DEFAULT_POLICY } from '#domain/base/policy.ts';
import { timeline } from '#domain/incident/timeline.ts';
import { earlierTimeline, LEFT_AT, restoreEarlierStore } from '#harness/earlier-store.ts';
import { countOf, mailsAbout, messageWith, robinTypes, writesAgain } from '#harness/stories.ts';
import { NOON, story, type World } from '#harness/world.ts';
import { type Database, openDatabase } from '#store/database.ts';
import { loadEvents } from '#store/event-store.ts';

const POLICY = 'contacts: { security-officer: { email: ciso@clinic.example }, senior-engineer: { slack: U0000000002 } }';

/** The world around the store that 0.1.0 left: both alerts, the messages that it posted, and records until 12:39. */
async function opensEarlierStore(world: World): Promise<Database> {
  const { pagerduty, clinic, slack } = world;
  await restoreEarlierStore(world.storeUrl);
  const database = openDatabase(world.storeUrl, () => undefined);
  const first = await pagerduty.fires('AuditLogWriteError: audit writes are failing');
  first.status = 'resolved';
  await pagerduty.fires('AuditLogFailure: no audit records');
  for (const number of [1, 2]) {
    const posted = (await loadEvents(database, number)).flatMap(({ event }) =>
      event.type === 'outbox.delivered' && event.answer.ts !== undefined ? [{ key: event.key, ts: event.answer.ts }] : [],
    );
    const root = posted.find(({ key }) => key === 'slack/initial-post')?.ts ?? null;
    slack.holds(posted.map(({ key, ts }) => ({ ts, threadTs: ts === root ? null : root, text: key })));
  }
  await clinic.wrote(new Date('2026-01-05T11:00:00Z'), new Date('2026-01-05T11:57:00Z'), 200);
  await clinic.wrote(new Date('2026-01-05T12:29:00Z'), new Date('2026-01-05T12:39:15Z'), 200);
  await clinic.breaks();
  await world.moves((LEFT_AT - NOON) / 60_000);
  await world.starts(POLICY, { PUBLIC_URL: 'https://gapwatch.example.org' });
  await world.settles();
  return database;
}

async function linesOf(database: Database, number: number): Promise<readonly string[]> {
  return timeline(await loadEvents(database, number)).map(
    ({ sequence, at, who, text }) => `${sequence} ${at.toISOString()} ${who}: ${text}`,
  );
}

/** Keys that wait twice, and jobs that were given up. */
async function strayJobs(world: World): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: world.storeUrl });
  await client.connect();
  const { rows } = await client.query(`
    select name, singleton_key, data
    from pgboss.job
    where name = 'dead' or state = 'failed' or data ->> 'kind' in ('lane', 'watch', 'poll', 'audit-self', 'audit-records', 'update-due')`);
  await client.end();
  return rows;
}

async function metrics(world: World): Promise<string> {
  return (await fetch(`${world.botUrl()}/metrics`)).text();
}

story('a store that 0.1.0 left → its resolved incident reads the same and verifies, its open one goes on', async ({ world }) => {
  const database = await opensEarlierStore(world);
  expect((await fetch(`${world.botUrl()}/readyz`)).status).toBe(200);
  const before = await earlierTimeline();
  expect((await linesOf(database, 1)).slice(0, before.length)).toEqual(before);

  // What waited goes out, once: a person's update, the opening notice, the page that PagerDuty would not take.
  await world.passes(1);
  expect(countOf(world, '⏳ UPDATE')).toBe(1);
  expect(messageWith(world, '⏳ UPDATE').threadTs).toBe('1767616935.000000');
  expect(mailsAbout(world, 'URGENT')).toHaveLength(1);
  expect(countOf(world, 'PagerDuty has paged escalation level 2')).toBe(1);
  await world.passes(1);
  expect(await metrics(world)).toMatch(/^gapwatch_repairs_total 0$/m);

  // Timers that it planned: nobody has claimed, and the next update.
  expect(countOf(world, 'Nobody has pressed')).toBe(1);
  for (let minute = 0; minute < 3; minute += 1) await world.passes(1);
  expect(countOf(world, '⏳ UPDATE')).toBe(2);
  for (let minute = 0; minute < 10; minute += 1) await world.passes(1);
  expect(countOf(world, '⏳ UPDATE')).toBe(4);
  expect(messageWith(world, '*EXPIRED:*').text).toContain('Nobody approved it in time');
  expect(countOf(world, 'Escalation: INC-2 has not been resolved in 15 minutes')).toBe(1);
  expect(countOf(world, 'Nobody has acknowledged the receipt')).toBe(0);

  await writesAgain(world);
  await world.passes(0.25);
  expect(await robinTypes(world, '/incident resolve the release was rolled back')).toContain('INC-2: Resolved.');
  await world.passes(1);
  expect(countOf(world, '✅ RESOLVED: Audit Log Failure')).toBe(1);
  expect(await strayJobs(world)).toEqual([]);
  expect(await metrics(world)).toMatch(/^gapwatch_repairs_total 0$/m);
  expect(await metrics(world)).toContain('gapwatch_jobs_given_up_total 0');

  expect(await verifyStore(database, { trusted: null, statement: null })).toMatchObject({ exitCode: 0 });
  await database.close();
});

story('an incident of 0.1.0 is exported → the folder verifies, with its signature', async ({ world }) => {
  const database = await opensEarlierStore(world);
  const folder = await mkdtemp(join(tmpdir(), 'gapwatch-earlier-'));
  const context = {
    database,
    policy: DEFAULT_POLICY,
    templates: await loadTemplates('templates', DEFAULT_POLICY),
    now: () => new Date(LEFT_AT),
  };
  const files = await exportIncident(context, 1, join(folder, 'INC-1'));
  expect(files).toContain('signature-1.json');
  const verified = await verifyFolder(join(folder, 'INC-1'), { trusted: null, statement: null });
  expect(verified).toMatchObject({ exitCode: 0 });
  expect(verified.lines.join('\n')).toContain('INC-1: 138 facts, signed up to fact 125');
  await rm(folder, { recursive: true });
  await database.close();
});
