import { once } from 'node:events';
import { setTimeout as waits } from 'node:timers/promises';
import { expect } from 'vitest';
import { countOf, goesSilent, robinTypes, writesAgain } from '#harness/stories.ts';
import { story, type World } from '#harness/world.ts';
import { type BotProcess, startBot } from '#sandbox/bot-process.ts';
import { openDatabase } from '#store/database.ts';
import { judgeStore } from '#store/judge-store.ts';

/** Starts another process beside the world's own, on the same store and clock. */
function startsBeside(world: World): Promise<BotProcess> {
  return startBot({ ...world.environment, SANDBOX_TIMER_SPEED: '20' }, world.clock.reading, () => undefined);
}

async function moves(world: World, others: readonly BotProcess[], minutes: number): Promise<void> {
  await world.moves(minutes);
  for (const other of others) await other.moveClock(world.clock.reading);
}

function nothingTwice(world: World): void {
  const keys = world.slack.messages.flatMap(({ key }) => key ?? []);
  expect(new Set(keys).size).toBe(keys.length);
  const ids = world.mail.mails.map(({ messageId }) => messageId);
  expect(new Set(ids).size).toBe(ids.length);
}

story(
  'one of two processes is killed in the middle of its work → the other does it within thirty seconds, and nothing twice',
  { timeout: 120_000 },
  async ({ world }) => {
    await goesSilent(world);
    await world.startsApart();
    const other = await startsBeside(world);
    try {
      await world.pagerduty.fires('AuditLogFailure');
      await waits(60);
      await other.kill();
      for (const half of [0.25, 0.25]) {
        await moves(world, [], half);
        await world.settles();
      }
      for (const text of ['HIPAA Audit Log Failure', 'Acknowledged AUDIT_LOG_FAILURE']) expect(countOf(world, text), text).toBe(1);
      nothingTwice(world);
      const store = openDatabase(world.storeUrl, () => undefined);
      const judgements = await judgeStore(store, { trusted: null, now: new Date() });
      await store.close();
      expect(judgements.flatMap(({ problems }) => problems)).toEqual([]);
    } finally {
      await other.kill();
    }
  },
);

story(
  'a rolling restart in the middle of an incident → updates keep their time, commands keep working, nothing twice',
  { timeout: 120_000 },
  async ({ world }) => {
    await goesSilent(world);
    await world.startsApart();
    const running = [await startsBeside(world)];
    try {
      await world.pagerduty.fires('AuditLogFailure');
      await world.settles();
      await robinTypes(world, '/incident claim');
      for (let round = 0; round < 2; round += 1) {
        const [old] = running;
        const next = await startsBeside(world);
        await old?.stop();
        running.splice(0, 1, next);
        // A clock that jumps past a heartbeat makes a job at work look dead: each jump waits until none is.
        await world.settles();
        await moves(world, running, 5);
        await world.settles();
        expect(await robinTypes(world, `/incident note round ${round}`)).toBe('INC-1: Kept the note.');
      }
      expect(countOf(world, '⏳ UPDATE')).toBe(2);
      expect(countOf(world, 'update was missed')).toBe(0);
      await writesAgain(world);
      await world.settles();
      await moves(world, running, 0.25);
      await world.settles();
      await robinTypes(world, '/incident resolve fixed');
      await world.settles();
      expect(countOf(world, '✅ RESOLVED: Audit Log Failure')).toBe(1);
      nothingTwice(world);
    } finally {
      for (const each of running) await each.kill();
    }
  },
);

story(
  'SIGTERM while Slack hangs → the process ends by itself, and the next one finishes the work once',
  { timeout: 120_000 },
  async ({ world }) => {
    await goesSilent(world);
    await world.startsApart();
    const other = await startsBeside(world);
    world.slack.fault = (method) => (method === 'chat.postMessage' ? { kind: 'hang' } : undefined);
    await world.pagerduty.fires('AuditLogFailure');
    await waits(500);
    const ended = once(other.process, 'exit');
    other.process.kill('SIGTERM');
    const [code, signal] = await Promise.race([ended, waits(10_000, ['still running after 10 s', null])]);
    expect([code, signal]).toEqual([0, null]);
    world.slack.fault = undefined;
    await world.isKilled();
    await world.startsApart();
    await moves(world, [], 0.5);
    await world.settles();
    await moves(world, [], 1);
    await world.settles();
    expect(countOf(world, 'HIPAA Audit Log Failure')).toBe(1);
    nothingTwice(world);
  },
);
