import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { AuditSpoolInUse } from '../src/errors.ts';
import { lockFolder } from '../src/folder-lock.ts';

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gapwatch-lock-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('a lock of an earlier process with our number, as first processes of containers have, is taken over', async () => {
  const folder = await newFolder();
  await writeFile(join(folder, 'lock'), `${hostname()} ${process.pid} 1`);
  const unlock = await lockFolder(folder);
  expect(await readFile(join(folder, 'lock'), 'utf8')).not.toMatch(/ 1$/);
  await unlock();
});

test('a lock of another living process of this machine holds', async () => {
  const folder = await newFolder();
  await writeFile(join(folder, 'lock'), `${hostname()} ${process.ppid} 1`);
  await expect(lockFolder(folder)).rejects.toThrow(AuditSpoolInUse);
  await expect(lockFolder(folder)).rejects.toThrow(`process ${process.ppid} of ${hostname()} writes into`);
});

test('our own lock holds until it is released', async () => {
  const folder = await newFolder();
  const unlock = await lockFolder(folder);
  await expect(lockFolder(folder)).rejects.toThrow('open one writer and share it');
  await unlock();
  await (await lockFolder(folder))();
});
