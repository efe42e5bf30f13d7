import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectMigrations } from '#services/migrations-command.ts';

const DATABASE_URL = 'postgresql://app:se%63ret@localhost/clinic';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gapwatch-migrations-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Runs a program of this text with Node. */
const runs = (program: string, longest?: number) =>
  connectMigrations({ command: [process.execPath, '--input-type=module', '-e', program], directory }, DATABASE_URL, longest).run();

test('control sequences of the terminal are taken out, and what they cut in two is hidden all the same', async () => {
  const { how, lines } = await runs(`
    console.log('\\u001b[32mApplied\\u001b[0m \\u001b]0;a title\\u00071 migration\\u001b[2K\\r\\b');
    console.error('\\u009b31mat se\\u001b[1mcret, ' + process.env.DATABASE_URL);`);
  expect(how).toBe('succeeded');
  expect(lines.toSorted()).toEqual(['Applied 1 migration', 'at [password], [DATABASE_URL]']);
});

test('of what it prints without an end the last lines are kept, each within its length', async () => {
  const { how, text, lines } = await runs(`
    process.stdout.write('x'.repeat(5_000_000) + '\\n');
    for (let line = 0; line < 20; line += 1) console.log('line ' + line);
    process.exitCode = 3;`);
  expect({ how, text }).toEqual({ how: 'failed', text: 'it ended with exit code 3' });
  expect(lines).toEqual(['line 12', 'line 13', 'line 14', 'line 15', 'line 16', 'line 17', 'line 18', 'line 19']);
});

test('one that takes too long is ended with everything that it has started, and told with what it printed', async () => {
  const { how, text, lines } = await runs(
    `import { spawn } from 'node:child_process';
    import { writeFileSync } from 'node:fs';
    const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1_000)'], { stdio: 'inherit' });
    writeFileSync('child', String(child.pid));
    console.log('waiting');
    setInterval(() => 0, 1_000);`,
    4_000,
  );
  expect({ how, text, lines }).toEqual({ how: 'timed-out', text: 'it was ended after 4 seconds', lines: ['waiting'] });
  const child = Number(await readFile(join(directory, 'child'), 'utf8'));
  await expect.poll(() => isAlive(child)).toBe(false);
});

test('a signal that ends it is named', async () => {
  expect(await runs(`process.kill(process.pid, 'SIGTERM'); setInterval(() => 0, 1_000);`)).toMatchObject({
    how: 'failed',
    text: 'it ended with the signal SIGTERM',
  });
});

test('a folder that is not there is told; nothing was run', async () => {
  const away = connectMigrations({ command: [process.execPath], directory: join(directory, 'away') }, DATABASE_URL);
  expect(await away.run()).toMatchObject({ how: 'not-started', lines: [] });
});

/** A process that was killed and waits to be collected counts as gone. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) [ZX] /.test(stat);
}
