import { execFile } from 'node:child_process';
import { appendFile, chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseTable, tableQuery } from '#domain/audit-table/table.ts';
import { between, SECOND } from '#domain/base/time.ts';
import { readRound, roundQuery } from '#domain/watch/queries.ts';
import { type EmbeddedServer, startEmbedded } from '#store/embedded.ts';

const run = promisify(execFile);

/** Makes `replica` a copy of `primary`'s stopped server that follows it through its socket. */
async function copyAsReplica(primary: string, replica: string, socketFolder: string): Promise<void> {
  await mkdir(join(replica, 'postgres'), { recursive: true, mode: 0o755 });
  const data = join(replica, 'postgres', 'data');
  await run('cp', ['-a', join(primary, 'postgres', 'data'), data]);
  await appendFile(join(data, 'postgresql.conf'), `primary_conninfo = 'host=''${socketFolder}'' user=gapwatch'\n`);
  await writeFile(join(data, 'standby.signal'), '');
}

/** A primary and a streaming replica of it, both real; the replica is made as one makes it from a cold copy. */
describe('the watch on a replica', () => {
  let folder: string;
  let primary: EmbeddedServer;
  let replica: EmbeddedServer;
  let writer: pg.Client;
  let reader: pg.Client;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gapwatch-replica-'));
    await chmod(folder, 0o755);
    primary = await startEmbedded(join(folder, 'primary'), 'wal_level = replica\n');
    const address = await primary.database('clinic');
    await primary.stop();
    await copyAsReplica(join(folder, 'primary'), join(folder, 'replica'), primary.socketFolder);
    primary = await startEmbedded(join(folder, 'primary'));
    replica = await startEmbedded(join(folder, 'replica'));
    writer = new pg.Client({ connectionString: address });
    reader = new pg.Client({
      connectionString: address.replace(encodeURIComponent(primary.socketFolder), encodeURIComponent(replica.socketFolder)),
    });
    await writer.connect();
    await writer.query(`create table "AuditLog" (id serial, timestamp timestamp(3) not null default (now() at time zone 'utc'))`);
    await writer.query('create index on "AuditLog" (timestamp)');
    await reader.connect();
    await reader.query("set timezone = 'UTC'");
  });
  afterAll(async () => {
    await writer?.end();
    await reader?.end();
    await replica?.stop();
    await primary?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const reading = async () => {
    const { text, values } = tableQuery('AuditLog', 'timestamp');
    const table = parseTable((await reader.query(text, [...values])).rows, 'AuditLog', 'timestamp');
    if ('missing' in table) throw new Error(table.missing);
    const round = roundQuery(table, null);
    return readRound((await reader.query(round.text, [...round.values])).rows);
  };
  const behind = async () => {
    const { at, readUpTo } = await reading();
    return between(readUpTo, at);
  };
  const isCaughtUp = () =>
    expect
      .poll(
        async () =>
          (await reader.query(`select to_regclass('"AuditLog"') is not null and (select count(*) from pg_stat_wal_receiver) = 1 as yes`))
            .rows,
      )
      .toEqual([{ yes: true }]);

  test('connected and caught up → its data goes to this moment, however long the primary has been quiet', async () => {
    await isCaughtUp();
    await expect.poll(behind).toBe(0);
  });

  test('its replay stands still → its data goes to the last transaction that was replayed', async () => {
    await reader.query('select pg_wal_replay_pause()');
    const before = await reading();
    await writer.query('insert into "AuditLog" default values');
    await expect.poll(behind).toBeGreaterThan(0.2 * SECOND);
    expect((await reading()).newest).toEqual(before.newest);
    await reader.query('select pg_wal_replay_resume()');
    await expect.poll(async () => (await reading()).newest).not.toEqual(before.newest);
  });

  test('the primary is gone → its data does not go to this moment any more', async () => {
    await writer.end();
    await primary.stop();
    await expect.poll(behind).toBeGreaterThan(0.2 * SECOND);
  });
});
