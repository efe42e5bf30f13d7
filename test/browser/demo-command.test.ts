import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

describe('npm run demo', () => {
  test('prints the page’s address, serves it, and leaves nothing behind when it is interrupted', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gapwatch-demo-'));
    await chmod(folder, 0o755);
    const demo = runs(folder, '--port', '0');
    const url = await demo.message(/http:\/\/127\.0\.0\.1:\d+/);
    expect(await (await fetch(url)).text()).toContain('<title>Gapwatch');
    demo.process.kill('SIGINT');
    await demo.ended;
    expect(demo.process.exitCode).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
    await rm(folder, { recursive: true });
  });

  test('--terminal plays one incident to its end: every form it fills in is taken', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gapwatch-demo-'));
    await chmod(folder, 0o755);
    const demo = runs(folder, '--terminal', '--speed', '60');
    await demo.ended;
    expect(demo.process.exitCode).toBe(0);
    expect(demo.written()).toContain('PagerDuty shows the alert as resolved.');
    expect(demo.written()).toContain('Compliance impact assessed (runbook §16)');
    expect(demo.written()).toContain('That was the whole runbook.');
    await rm(folder, { recursive: true });
  });

  test.each([
    ['--speed', '0', '--speed is a number from 1 to 60, not "0".'],
    ['--port', 'http', '--port is a number from 0 to 65535, not "http".'],
  ])('%s %s → what was expected, and the help', async (option, value, answer) => {
    const demo = runs('.', option, value);
    expect(await demo.message(/npm run demo[\s\S]*--help/)).toContain('--terminal');
    await demo.ended;
    expect(demo.written()).toContain(answer);
    expect(demo.process.exitCode).toBe(2);
  });
});

type Running = {
  readonly process: ChildProcess;
  readonly ended: Promise<unknown>;
  readonly written: () => string;
  /** Waits for it to write this, and answers what matched. */
  readonly message: (pattern: RegExp) => Promise<string>;
};

function runs(cwd: string, ...options: readonly string[]): Running {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', resolve('sandbox/demo.ts'), ...options], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let written = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    written += chunk.toString();
  });
  const ended = once(child, 'close');
  return {
    process: child,
    ended,
    written: () => written,
    message: async (pattern) => {
      await expect.poll(() => written, { timeout: 30_000 }).toMatch(pattern);
      return pattern.exec(written)?.[0] ?? '';
    },
  };
}
