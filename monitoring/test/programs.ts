import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs promtool; answers what it printed, and throws with it when it fails. */
export async function promtool(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('promtool', [...args]).catch((cause: unknown) => {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    if (isMissing) throw new Error('promtool is not installed: docs/monitoring.md says how', { cause });
    throw cause;
  });
  return stdout;
}

/** A program of the monitoring that runs until it is ended. */
export type Program = { readonly end: () => Promise<void>; readonly output: () => string };

/** Starts a program and keeps what it prints. Throws when it is not installed. */
export async function starts(file: string, args: readonly string[]): Promise<Program> {
  const child: ChildProcess = spawn(file, [...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output = `${output}${chunk.toString()}`.slice(-20_000);
    });
  }
  await once(child, 'spawn').catch((cause: unknown) => {
    throw new Error(`${file} is not installed: docs/monitoring.md says how`, { cause });
  });
  return {
    output: () => output,
    end: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
