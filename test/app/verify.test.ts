import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readVerifyArguments, UsageError } from '#app/evidence/given.ts';
import { verifyFolder } from '#app/evidence/verify.ts';
import { emptyDatabase } from '#harness/database.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gapwatch-verify-'));
  await writeFile(join(folder, 'garbage'), '{"statement": 7');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test.for([
  [['--why'], /^verify: Unknown option '--why'\. Expected: verify \[folder\]/],
  [['--key'], /^verify: .* Expected: verify/],
  [['--key', 'garbage'], /garbage holds no Ed25519 public key in PEM\.$/],
  [['--key', 'nowhere'], /nowhere can't be read\.$/],
  [['--statement', 'garbage'], /garbage holds no signed statement of Gapwatch: expected the file that is attached to a notice\.$/],
  [['one', 'two'], /^verify takes one folder, and here are 2: one, two\.$/],
] as const)('verify %j → a sentence that says what is wrong', async ([given, says]) => {
  const args = given.map((each) => (each === 'garbage' || each === 'nowhere' ? join(folder, each) : each));
  await expect(readVerifyArguments(args)).rejects.toThrow(UsageError);
  await expect(readVerifyArguments(args)).rejects.toThrow(says);
});

test.for([
  ['nowhere', null, /is no folder that can be read\.$/],
  ['', null, /holds no facts\.jsonl: expected a folder that "export" made\.$/],
  ['', 'tea', /^facts\.jsonl: line 1 is none that "export" writes\.$/],
  ['', '{"sequence":1,"hash":"","body":"tea"}', /^facts\.jsonl: its first line names no incident\.$/],
] as const)('verify the folder "%s" with the facts %j → a sentence', async ([name, facts, says]) => {
  if (facts !== null) {
    await writeFile(join(folder, 'facts.jsonl'), facts);
    await writeFile(join(folder, 'sent.jsonl'), '');
  }
  const options = { trusted: null, statement: null };
  await expect(verifyFolder(join(folder, name), options)).rejects.toThrow(UsageError);
  await expect(verifyFolder(join(folder, name), options)).rejects.toThrow(says);
});

test('the command: exit code 2 and one line for what it was given, 0 for an empty store', { timeout: 120_000 }, async () => {
  const url = await emptyDatabase('verify');
  const gapwatch = (...args: readonly string[]) =>
    new Promise((done) => {
      const env = { PATH: process.env.PATH ?? '', DATABASE_URL: url };
      execFile(process.execPath, [resolve('src/cli.ts'), 'verify', ...args], { cwd: folder, env }, (error, stdout, stderr) =>
        done({ code: error?.code ?? 0, stdout, stderr }),
      );
    });
  expect(await gapwatch('--why')).toEqual({ code: 2, stdout: expect.stringMatching(/^verify: Unknown option '--why'.*\n$/), stderr: '' });
  expect(await gapwatch()).toEqual({ code: 0, stdout: 'Nothing is on record yet.\n', stderr: '' });
});
