import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '#store/database.ts';
import { startEmbedded } from '#store/embedded.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gapwatch-embedded-'));
  await chmod(folder, 0o755);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const serverPid = () =>
  readFile(join(folder, 'postgres/data/postmaster.pid'), 'utf8').then(
    (text) => Number.parseInt(text, 10),
    () => null,
  );

test('a server that a killed process left running is adopted, and one that dies is started again with its data', async () => {
  const first = await startEmbedded(folder);
  const url = await first.database('kept');
  const database = openDatabase(url, () => undefined);
  await database.query('create table t as select 7 as seven');
  await first.leave();

  const second = await startEmbedded(folder);
  expect(second.isAdopted).toBe(true);
  const before = await serverPid();
  process.kill(before ?? Number.NaN, 'SIGKILL');
  await expect.poll(serverPid, { timeout: 20_000 }).not.toSatisfy((pid) => pid === null || pid === before);
  await expect
    .poll(
      () =>
        database.query('select seven from t').then(
          ({ rows }) => rows,
          () => null,
        ),
      { timeout: 20_000 },
    )
    .toEqual([{ seven: 7 }]);
  await database.close();
  await second.stop();
});

test('it listens on no network address', async () => {
  const server = await startEmbedded(folder);
  const database = openDatabase(await server.database('kept'), () => undefined);
  expect((await database.query('show listen_addresses')).rows).toEqual([{ listen_addresses: '' }]);
  await database.close();
  await server.stop();
});

test('a path too long for a unix socket gets a private folder elsewhere', async () => {
  const deep = join(folder, 'x'.repeat(60), 'y'.repeat(60));
  const server = await startEmbedded(deep);
  expect(Buffer.byteLength(server.socketFolder)).toBeLessThan(100);
  const again = await startEmbedded(deep);
  expect(again.socketFolder).toBe(server.socketFolder);
  await again.leave();
  await server.stop();
  await rm(server.socketFolder, { recursive: true, force: true });
});
