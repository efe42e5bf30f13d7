import { spawn } from 'node:child_process';
import { redactLine } from '#domain/base/text/foreign.ts';
import type { MigrationCommand } from '#domain/remedies/recreate-table.ts';

/** How a run of the migrations ended. `lines`: the last ones that it printed, without secrets and identities. */
export type MigrationRun = {
  readonly how: 'succeeded' | 'failed' | 'not-started' | 'timed-out';
  readonly text: string;
  readonly lines: readonly string[];
};

/** The application's own migrations, as the policy's command runs them. */
export type Migrations = MigrationCommand & { readonly run: () => Promise<MigrationRun> };

const LONGEST_MILLISECONDS = 600_000;
const KEPT_LINES = 8;
const LINE_LENGTH = 200;

/**
 * The command runs without a shell, in its own process group, and with nothing of Gapwatch's environment but PATH and HOME: its DATABASE_URL is
 * that of the application's role. It is ended after ten minutes.
 */
export function connectMigrations({ command, directory }: MigrationCommand, databaseUrl: string): Migrations {
  return { command, directory, run: () => run({ command, directory }, databaseUrl) };
}

function run({ command, directory }: MigrationCommand, databaseUrl: string): Promise<MigrationRun> {
  const [program = '', ...options] = command;
  const { PATH = '', HOME = '' } = process.env;
  return new Promise((resolve) => {
    const child = spawn(program, options, {
      cwd: directory,
      env: { PATH, HOME, DATABASE_URL: databaseUrl },
      shell: false,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      // The whole group: what npx starts would outlive it.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, LONGEST_MILLISECONDS);
    const end = (how: MigrationRun['how'], text: string) => {
      clearTimeout(late);
      resolve({ how, text, lines: lastLines(output, databaseUrl) });
    };
    child.on('error', ({ message }) => end('not-started', `it could not be started: ${message.slice(0, LINE_LENGTH)}`));
    child.on('close', (code, signal) => {
      if (isLate) end('timed-out', 'it was ended after ten minutes');
      else if (code === 0) end('succeeded', 'it ended well');
      else end('failed', `it ended with ${code === null ? `the signal ${signal}` : `exit code ${code}`}`);
    });
  });
}

function lastLines(output: string, databaseUrl: string): readonly string[] {
  const secret = decodeURIComponent(new URL(databaseUrl).password);
  const safe = output.replaceAll(databaseUrl, '[DATABASE_URL]').replaceAll(secret || databaseUrl, '[password]');
  return safe
    .split('\n')
    .map((line) => redactLine(line.trim(), LINE_LENGTH))
    .filter((line) => line !== '')
    .slice(-KEPT_LINES);
}
