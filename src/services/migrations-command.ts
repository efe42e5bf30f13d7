import { stripVTControlCharacters } from 'node:util';
import { execa, type Result } from 'execa';
import pTimeout from 'p-timeout';
import { redactLine } from '#domain/base/text/foreign.ts';
import { foreignLine } from '#domain/base/text/sanitize.ts';
import { formatDuration, MINUTE, type Milliseconds } from '#domain/base/time.ts';
import type { MigrationCommand } from '#domain/remedies/recreate-table.ts';

/** How a run of the migrations ended. `lines`: the last ones that it printed, without secrets and identities. */
export type MigrationRun = {
  readonly how: 'succeeded' | 'failed' | 'not-started' | 'timed-out';
  readonly text: string;
  readonly lines: readonly string[];
};

/** The application's own migrations, as the policy's command runs them. */
export type Migrations = MigrationCommand & { readonly run: () => Promise<MigrationRun> };

const LONGEST: Milliseconds = 10 * MINUTE;
const KEPT_CHARACTERS = 20_000;
const KEPT_LINES = 8;
const LINE_LENGTH = 200;

/**
 * The command runs without a shell, in its own process group, and with nothing of Gapwatch's environment but PATH and HOME: its DATABASE_URL is
 * that of the application's role. After `longest` the whole group is ended.
 */
export function connectMigrations({ command, directory }: MigrationCommand, databaseUrl: string, longest = LONGEST): Migrations {
  return { command, directory, run: () => run({ command, directory }, databaseUrl, longest) };
}

async function run({ command, directory }: MigrationCommand, databaseUrl: string, longest: Milliseconds): Promise<MigrationRun> {
  const [program = '', ...options] = command;
  const { PATH = '', HOME = '' } = process.env;
  const child = execa(program, options, {
    cwd: directory,
    env: { PATH, HOME, DATABASE_URL: databaseUrl },
    extendEnv: false,
    detached: true,
    stdin: 'ignore',
    all: true,
    // Its end is what is kept, however much it prints.
    buffer: false,
    reject: false,
  });
  let output = '';
  child.all.setEncoding('utf8').on('data', (chunk: string) => {
    output = (output + chunk).slice(-KEPT_CHARACTERS);
  });
  const result = await pTimeout(child, { milliseconds: longest, fallback: () => endGroup(child.pid) });
  return { ...(result === null ? timedOut(longest) : outcomeOf(result)), lines: lastLines(output, databaseUrl) };
}

/** The whole group: what npx starts would outlive it. */
function endGroup(pid: number | undefined): null {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended in this very moment.
  }
  return null;
}

type Outcome = Pick<MigrationRun, 'how' | 'text'>;

function timedOut(longest: Milliseconds): Outcome {
  return { how: 'timed-out', text: `it was ended after ${formatDuration(longest)}` };
}

type Ended = Pick<Result, 'failed' | 'exitCode' | 'signal'> & { readonly originalMessage?: string | undefined };

function outcomeOf({ failed, exitCode, signal, originalMessage = '' }: Ended): Outcome {
  if (!failed) return { how: 'succeeded', text: 'it ended well' };
  if (exitCode !== undefined) return { how: 'failed', text: `it ended with exit code ${exitCode}` };
  if (signal !== undefined) return { how: 'failed', text: `it ended with the signal ${signal}` };
  return { how: 'not-started', text: `it could not be started: ${foreignLine(originalMessage, LINE_LENGTH)}` };
}

function lastLines(output: string, databaseUrl: string): readonly string[] {
  const secret = decodeURIComponent(new URL(databaseUrl).password);
  const safe = stripVTControlCharacters(output)
    .replaceAll(databaseUrl, '[DATABASE_URL]')
    .replaceAll(secret || databaseUrl, '[password]');
  return safe
    .split('\n')
    .map((line) => redactLine(line.trim(), LINE_LENGTH))
    .filter((line) => line !== '')
    .slice(-KEPT_LINES);
}
