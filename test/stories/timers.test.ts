import { createServer } from 'node:http';
import pg from 'pg';
import { describe, expect, onTestFinished } from 'vitest';
import { z } from 'zod';
import { countOf, goesSilent, mailsAbout, robinTypes, writesAgain } from '#harness/stories.ts';
import { story, type World } from '#harness/world.ts';

const HOUR = 60;
const DAY = 24 * HOUR;

type Settings = Readonly<Record<string, string>>;

/** One kind of timer: how an incident comes to have it, how many minutes it is then ahead, and how often its work is seen. */
type Case = {
  readonly kind: string;
  /** What the keys of its jobs look like, where not all of that kind are meant. */
  readonly keys?: string;
  readonly brings: (world: World, settings: Settings) => Promise<void>;
  readonly minutes: number;
  readonly seen: (world: World) => number;
};

/** A timer whose work is a message in Slack. */
function tells(kind: string, brings: Case['brings'], minutes: number, text: string, keys = '%'): Case {
  return { kind, brings, minutes, seen: (world) => countOf(world, text), keys };
}

const CASES: readonly Case[] = [
  tells('claim-due', opens, 5, 'Nobody has pressed'),
  tells('update-due', opens, 5, '⏳ UPDATE'),
  tells('escalation-due', opens, 15, 'has not been resolved in 15 minutes'),
  tells('receipt-due', opens, HOUR, 'Nobody has acknowledged the receipt of the opening notice'),
  tells('notice-late', mailIsPostponed, 5, 'The notice to the Privacy Officer'),
  {
    kind: 'slack-late',
    keys: '%/update/1',
    brings: updateIsRefused,
    minutes: 3,
    seen: (world) => mailsAbout(world, "can't reach Slack").length,
  },
  tells('remedy-expires', remedyIsPlanned, 15, '*EXPIRED:*', '%/plan'),
  tells('nudge-due', nothingNewIsSaid, 4, 'What is new?', '%/3'),
  tells('pause-over', updatesArePaused, 30, 'Updates go on'),
  tells('follow-up-due', isResolved, DAY, '24 hours after the resolution', '%/24/1'),
  tells('post-mortem-due', postMortemIsPlanned, DAY, 'It is time for the post-mortem'),
  tells('hhs-due', hhsMustBeNotified, 30 * DAY, '30 days left', '%/30'),
];

async function opens(world: World, settings: Settings): Promise<void> {
  await goesSilent(world);
  await world.starts('', settings);
  await world.pagerduty.fires('AuditLogFailure');
  await world.settles();
}

async function mailIsPostponed(world: World, settings: Settings): Promise<void> {
  world.mail.fault = { kind: 'greylist' };
  await opens(world, settings);
}

async function updateIsRefused(world: World, settings: Settings): Promise<void> {
  await opens(world, settings);
  world.slack.fault = (method) => (method.startsWith('chat.') ? { kind: 'answer', status: 503 } : undefined);
  await robinTypes(world, '/incident update');
  await world.settles();
}

async function remedyIsPlanned(world: World, settings: Settings): Promise<void> {
  world.digitalocean.deployments.push({ id: 'good', cause: 'commit: Faster search', phase: 'ACTIVE', at: world.clock.now() });
  await opens(world, settings);
  await robinTypes(world, '/remedy restart');
  await world.settles();
}

async function nothingNewIsSaid(world: World, settings: Settings): Promise<void> {
  await opens(world, settings);
  await robinTypes(world, '/incident claim');
  for (let minute = 0; minute < 10; minute += 1) await world.passes(1);
}

async function updatesArePaused(world: World, settings: Settings): Promise<void> {
  await opens(world, settings);
  await robinTypes(world, '/incident pause 30m');
  await world.settles();
}

async function isResolved(world: World, settings: Settings): Promise<void> {
  await opens(world, settings);
  await writesAgain(world);
  await world.passes(0.25);
  await robinTypes(world, '/incident resolve a migration revoked INSERT');
  await world.settles();
}

async function postMortemIsPlanned(world: World, settings: Settings): Promise<void> {
  await opens(world, settings);
  await robinTypes(world, '/incident post-mortem 2026-01-06 12:00');
  await world.settles();
}

async function hhsMustBeNotified(world: World, settings: Settings): Promise<void> {
  await opens(world, settings);
  await robinTypes(world, '/incident hhs required because PHI was exposed');
  await world.settles();
}

/** Stands in for the dead-man's switch outside, and counts the beats. */
async function openSwitch(): Promise<{ readonly settings: Settings; readonly beats: () => number }> {
  let beats = 0;
  const server = createServer((_request, response) => {
    beats += 1;
    response.end('ok');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(async () => void (await new Promise((done) => server.close(done))));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    settings: { HEARTBEAT_URL: `http://127.0.0.1:${port}/beat`, PUBLIC_URL: 'https://gapwatch.example.org' },
    beats: () => beats,
  };
}

const keyRow = z.object({ key: z.string() });

async function keysFrom(world: World, sql: string, { kind, keys = '%' }: Case): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: world.storeUrl });
  await client.connect();
  const { rows } = await client.query(sql, [kind, keys]);
  await client.end();
  return rows.map((row) => keyRow.parse(row).key).toSorted();
}

const WAITING = `data -> 'command' ->> 'kind' = $1 and singleton_key like $2 and state < 'active'`;

function waiting(world: World, each: Case): Promise<readonly string[]> {
  return keysFrom(world, `select singleton_key as key from pgboss.job where ${WAITING}`, each);
}

/** Deletes the timer's job, as a restored backup or a mistake with all rights could. */
function loses(world: World, each: Case): Promise<readonly string[]> {
  return keysFrom(world, `delete from pgboss.job where ${WAITING} returning singleton_key as key`, each);
}

async function repairs(world: World): Promise<number> {
  const text = await (await fetch(`${world.botUrl()}/metrics`)).text();
  return Number(/^gapwatch_repairs_total (\d+)$/m.exec(text)?.[1]);
}

describe.each(CASES)('$kind', (each) => {
  story(
    'its job is lost while it is ahead → it has one again within a minute, a beat is left out, its work is done once',
    async ({ world }) => {
      const { settings, beats } = await openSwitch();
      await each.brings(world, settings);
      const before = { beats: beats(), repairs: await repairs(world) };
      const lost = await loses(world, each);
      expect(lost).toHaveLength(1);
      await world.passes(1);
      expect(await waiting(world, each)).toEqual(lost);
      expect(await repairs(world)).toBe(before.repairs + 1);
      expect(beats()).toBe(before.beats);
      await world.passes(1);
      expect(beats()).toBe(before.beats + 1);
      expect(each.seen(world)).toBe(0);
      await world.passes(each.minutes - 2);
      expect(each.seen(world)).toBe(1);
      await world.passes(1);
      expect(each.seen(world)).toBe(1);
    },
  );

  story('its job is lost and its time has passed → the self-check does its work, once', async ({ world }) => {
    const { settings } = await openSwitch();
    await each.brings(world, settings);
    expect(await loses(world, each)).toHaveLength(1);
    // Later than a timer that is merely on its way, and before what comes next would say the same.
    await world.passes(each.minutes + 0.6);
    expect(each.seen(world)).toBe(1);
    expect(await repairs(world)).toBeGreaterThanOrEqual(1);
    await world.passes(1);
    expect(each.seen(world)).toBe(1);
  });
});
