import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { test as base, inject } from 'vitest';
import { openLog } from '#app/log.ts';
import { readSettings } from '#app/settings.ts';
import { start } from '#app/start.ts';
import { startBot } from '#sandbox/bot-process.ts';
import { type Clinic, openClinic } from '#sandbox/clinic/clinic.ts';
import { type ClockReading, SandboxClock } from '#sandbox/clock.ts';
import { closeStandIns, type StandIns, sandboxEnvironment, startStandIns } from '#sandbox/environment.ts';
import { visibleText } from '#sandbox/stand-ins/slack/slack.ts';
import { settle } from './settle.ts';

/** When every story begins, unless it says otherwise. */
export const NOON = Date.parse('2026-01-05T12:00:00.000Z');

/** The world of a story: a clinic, the services around it, and the real program between them, on a clock that the story moves. */
export type World = StandIns & {
  readonly clock: SandboxClock;
  readonly clinic: Clinic;
  readonly storeUrl: string;
  readonly reportsFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Lines that the program has logged. An error among them fails the story, unless it was expected. */
  readonly logLines: readonly string[];
  readonly expectsErrors: () => void;
  /** Starts the program; `policy` is the text of runbook.yaml, `change` replaces settings. */
  readonly starts: (policy?: string, change?: Readonly<Record<string, string>>) => Promise<void>;
  /** Starts a second one beside it on the same store. */
  readonly startsReplica: () => Promise<void>;
  /** Starts it as a process of its own, which can be killed. */
  readonly startsApart: (policy?: string) => Promise<void>;
  readonly stops: () => Promise<void>;
  /** Ends the process at once, as SIGKILL and power failures do. */
  readonly isKilled: () => Promise<void>;
  /** Moves the clock without waiting for anything. */
  readonly moves: (minutes: number) => Promise<void>;
  /** Moves the clock and waits until everything that is then due is done. */
  readonly passes: (minutes: number) => Promise<void>;
  /** Waits until nothing is due any more. */
  readonly settles: (withinSeconds?: number) => Promise<void>;
  /** What stands in the channel and its threads, message by message, oldest first. */
  readonly messages: () => readonly string[];
  readonly report: (name: string) => Promise<string>;
  readonly botUrl: () => string;
};

/** The program as a story has it: in this process, or in one of its own. */
type Running = {
  readonly port: number;
  readonly stop: () => Promise<void>;
  readonly kill: () => Promise<void>;
  readonly moveClock: (reading: ClockReading) => Promise<void>;
};

let count = 0;

/** Opens a world in databases of its own. */
async function openWorld(): Promise<World & { readonly close: () => Promise<void>; readonly refusesErrors: () => void }> {
  count += 1;
  const suffix = `_${process.pid}_${count}`;
  const socketFolder = inject('socketFolder');
  const [storeUrl, clinicUrl] = await createDatabases(socketFolder, [`store${suffix}`, `clinic${suffix}`]);
  const folder = await mkdtemp(join(tmpdir(), 'gapwatch-story-'));
  await writeFile(join(folder, 'runbook.yaml'), '');
  const clock = new SandboxClock({ realMilliseconds: Date.now(), shownMilliseconds: NOON, speed: 0 }, 20);
  const clinic = await openClinic(clinicUrl, suffix);
  await clinic.follow(clock.reading);
  const standIns = await startStandIns(() => clock.now());
  const { slack, pagerduty } = standIns;
  const environment = {
    ...sandboxEnvironment({ ...standIns, clinic, reportsFolder: join(folder, 'reports') }),
    DATABASE_URL: storeUrl,
    RUNBOOK_FILE: join(folder, 'runbook.yaml'),
  };
  const logLines: string[] = [];
  let errorsExpected = false;
  const log = openLog('info', { write: (line) => void logLines.push(line) });
  let running: Running | null = null;
  const runs = (program: Running) => {
    running = program;
    pagerduty.webhookUrl = `http://127.0.0.1:${program.port}/pagerduty/webhook`;
  };
  const settles = (withinSeconds?: number) => settle(storeUrl, withinSeconds);
  const moves = async (minutes: number) => {
    await clock.advance(minutes * 60_000);
    await clinic.follow(clock.reading);
    await running?.moveClock(clock.reading);
  };
  const stops = async () => {
    await running?.stop();
    running = null;
    pagerduty.webhookUrl = null;
  };
  return {
    ...standIns,
    clock,
    clinic,
    storeUrl,
    reportsFolder: join(folder, 'reports'),
    environment,
    logLines,
    expectsErrors: () => {
      errorsExpected = true;
    },
    refusesErrors: () => {
      const errors = logLines.filter((line) => /^\{"level":[56]0/.test(line));
      if (!errorsExpected && errors.length > 0) throw new Error(`the program logged errors that nobody expected:\n${errors.join('')}`);
    },
    starts: async (policy = '', change = {}) => {
      await writeFile(join(folder, 'runbook.yaml'), policy);
      const { port, stop } = await start(readSettings({ ...environment, ...change }), log, clock);
      runs({ port, stop, kill: stop, moveClock: async () => undefined });
    },
    startsReplica: async () => {
      const replica = await start(readSettings(environment), log, clock);
      const first = running;
      const stopBoth = async () => {
        await Promise.all([replica.stop(), first?.stop()]);
      };
      if (first) running = { ...first, stop: stopBoth, kill: stopBoth };
    },
    startsApart: async (policy = '') => {
      await writeFile(join(folder, 'runbook.yaml'), policy);
      runs(await startBot({ ...environment, SANDBOX_TIMER_SPEED: '20' }, clock.reading, (line) => void logLines.push(line)));
    },
    isKilled: async () => {
      await running?.kill();
      running = null;
    },
    stops,
    settles,
    moves,
    passes: async (minutes) => {
      await settles();
      await moves(minutes);
      await settles();
    },
    messages: () => slack.messages.map(visibleText),
    report: (name) => readFile(join(folder, 'reports', name), 'utf8'),
    botUrl: () => `http://127.0.0.1:${running?.port ?? 0}`,
    close: async () => {
      await stops();
      await Promise.all([closeStandIns(standIns), clinic.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function createDatabases(socketFolder: string, names: readonly string[]): Promise<readonly [string, string]> {
  const address = (name: string) => `postgresql://gapwatch@localhost/${name}?host=${encodeURIComponent(socketFolder)}`;
  const client = new pg.Client({ connectionString: address('postgres') });
  await client.connect();
  for (const name of names) await client.query(`create database ${client.escapeIdentifier(name)}`);
  await client.end();
  const [store = '', clinic = ''] = names.map(address);
  return [store, clinic];
}

/** A test with a world of its own, which leaves nothing behind. */
export const story = base.extend<{ readonly world: World }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's needs from its first parameter
  world: async ({}, use) => {
    const world = await openWorld();
    await use(world);
    await world.close();
    world.refusesErrors();
  },
});
