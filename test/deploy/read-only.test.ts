import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { isInstalled, readEnvironmentFile, startCommand } from '#harness/deployment.ts';

const NOBODY = 65_534;
const isPossible = process.platform === 'linux' && process.getuid?.() === 0 && isInstalled('unshare') && isInstalled('setpriv');

/** In a mount namespace of its own: everything read-only but one folder; then the bot itself, under the same process id. */
const SCRIPT = `
  set -e
  folder=$1 project=$2; shift 2
  mount --make-rprivate /
  mount --bind "$folder" "$folder"
  mount -o remount,ro,bind /
  cd "$project"
  if touch "$project/writable" 2> /dev/null; then echo "$project can be written" >&2; exit 1; fi
  exec setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
`;

test.skipIf(!isPossible)(
  'as the image runs it: no root, no capability, a read-only root; ready, and gone at SIGTERM (skipped without root)',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gapwatch-read-only-'));
    chownSync(folder, NOBODY, NOBODY);
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [, ...rest] = startCommand();
    const bot = spawn('unshare', ['--mount', 'bash', '-c', SCRIPT, 'bash', folder, resolve('.'), process.execPath, ...rest], {
      env: {
        PATH: process.env.PATH,
        ...readEnvironmentFile('deploy/kubernetes/example/settings.env'),
        // Well-formed addresses at which nobody answers; the embedded PostgreSQL.
        ...{ SLACK_API_URL: 'http://127.0.0.1:9/api/', PAGERDUTY_API_URL: 'http://127.0.0.1:9', SMTP_URL: 'smtp://127.0.0.1:9' },
        ...{ AUDIT_DATABASE_URL: 'postgresql://gapwatch_reader@127.0.0.1:9/clinic', DATABASE_URL: '', PORT: '0' },
        ...{ GAPWATCH_DATA_DIR: join(folder, 'data'), REPORTS_DIR: join(folder, 'reports') },
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void bot.kill('SIGKILL'));
    const ended = once(bot, 'exit');
    const lines: string[] = [];
    bot.stderr.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
    const port = await new Promise<number>((found, fail) => {
      createInterface(bot.stdout).on('line', (line) => {
        lines.push(line);
        const ready = z.object({ msg: z.literal('Gapwatch is ready'), port: z.number(), store: z.literal('embedded') });
        const told = ready.safeParse(JSON.parse(line));
        if (told.success) found(told.data.port);
      });
      ended.then(() => fail(new Error(lines.join('\n'))), fail);
    });
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    bot.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(existsSync(join(folder, 'data/postgres/data/postmaster.pid'))).toBe(false);
  },
);
