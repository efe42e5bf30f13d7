import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { ClockReading } from './clock.ts';

/** The bot as a process of its own. */
export type BotProcess = {
  readonly port: number;
  readonly process: ChildProcess;
  readonly moveClock: (reading: ClockReading) => Promise<void>;
  /** Asks it to stop and waits until it has. */
  readonly stop: () => Promise<void>;
  /** Ends it at once, without a chance to clean up. */
  readonly kill: () => Promise<void>;
};

const readySchema = z.object({ port: z.number() });

/** Starts the bot and waits until it listens. Rejects with what it wrote when it could not start. */
export async function startBot(
  environment: Readonly<Record<string, string>>,
  clock: ClockReading,
  onLog: (line: string) => void,
): Promise<BotProcess> {
  const child = fork(fileURLToPath(new URL('./bot.ts', import.meta.url)), {
    env: { PATH: process.env.PATH ?? '', ...environment, SANDBOX_CLOCK: JSON.stringify(clock) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // As `npm start` has it; and pg-boss sets the sandbox clock on each new connection in a way that the driver warns of; no other program does.
    execArgv: ['--disable-warning=DeprecationWarning', '--max-semi-space-size=4'],
  });
  let written = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      written = (written + chunk.toString()).slice(-4_000);
      for (const line of chunk.toString().split('\n')) if (line !== '') onLog(line);
    });
  }
  const failed = once(child, 'exit').then(() => Promise.reject(new Error(`the bot did not start:\n${written}`)));
  const ready = once(child, 'message').then(([message]) => readySchema.parse(message));
  const { port } = await Promise.race([ready, failed]);
  failed.catch(() => undefined);
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  return {
    port,
    process: child,
    moveClock: async (reading) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      // A process that is killed meanwhile answers no more.
      const heard = new AbortController();
      const { signal } = heard;
      const told = [once(child, 'message', { signal }), once(child, 'exit', { signal })];
      child.send({ reading }, () => undefined);
      await Promise.race(told);
      // The one that did not come is waited for no longer.
      heard.abort();
      await Promise.allSettled(told);
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}
