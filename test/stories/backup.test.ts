import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { emptyDatabase } from '#harness/database.ts';
import { alertFires, countOf, isResolved, robinTypes, writesAgain } from '#harness/stories.ts';
import { tampersWith } from '#harness/tampering.ts';
import { story, type World } from '#harness/world.ts';
import { backUp } from '#store/backup.ts';
import { openDatabase } from '#store/database.ts';
import { judgeStore } from '#store/judge-store.ts';
import { migrate } from '#store/migrate.ts';
import { restore } from '#store/restore.ts';

const quietly = () => undefined;

/** A folder for one story, with the name that its backup will have. */
async function withFile(work: (file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gapwatch-backup-'));
  // The embedded server runs as another user where the tests run as root.
  await chmod(folder, 0o755);
  try {
    await work(join(folder, 'gapwatch.backup'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What does not hold in a store, and every row of every table of Gapwatch's schema, except where each process has its own. */
async function contentOf(url: string) {
  const database = openDatabase(url, quietly);
  try {
    const judgements = await judgeStore(database, { trusted: null, now: new Date() });
    const content: Record<string, readonly unknown[]> = {};
    for (const table of [
      'facts',
      'incidents',
      'sent',
      'deliveries',
      'denials',
      'attempts',
      'secrets',
      'ledger',
      'ledger_heads',
      'foreign_alerts',
    ])
      content[table] = (await database.query(`select row_to_json(each)::text as row from gapwatch.${table} as each order by 1`)).rows;
    return { problems: judgements.flatMap(({ problems }) => problems), content };
  } finally {
    await database.close();
  }
}

/** A role that can do nothing but what is its own. Returns the store's address with it. */
async function ownedByOrdinaryRole(url: string): Promise<string> {
  const [address, role] = [new URL(url), `restorer_${process.pid}`];
  await tampersWith(url, (client) =>
    client.query(`create role ${role} login; alter database "${address.pathname.slice(1)}" owner to ${role}`),
  );
  address.username = role;
  return address.href;
}

/** The store is gone; the program starts on what a backup brought back. */
async function startsOn(world: World, url: string): Promise<void> {
  await world.starts('', { DATABASE_URL: url });
}

story(
  'a backup of a running bot, in the middle of an incident → restored elsewhere, the incident goes on',
  { timeout: 180_000 },
  async ({ world }) => {
    await withFile(async (file) => {
      await alertFires(world);
      await robinTypes(world, '/incident note tabs\tand "quotes", back\\slashes \\. and \u2028 lines');
      await world.passes(5);
      const told: string[] = [];
      const rows = await backUp(world.storeUrl, file, new Date(), (table, count) => told.push(`${table} ${count}`));
      expect(told).toContain(`facts ${rows.facts}`);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      await world.stops();

      const url = await emptyDatabase('restored');
      expect(await restore(url, file, new Date(world.clock.now()), quietly)).toEqual(rows);
      const restored = await contentOf(url);
      expect(restored.problems).toEqual([]);
      expect(restored.content.facts).toHaveLength(rows.facts ?? 0);

      await startsOn(world, url);
      await world.moves(5);
      await expect.poll(() => countOf(world, '⏳ UPDATE'), { timeout: 30_000 }).toBe(2);
      await writesAgain(world);
      await world.moves(0.25);
      await expect.poll(() => countOf(world, 'Audit records are being written again'), { timeout: 30_000 }).toBe(1);
      expect(await robinTypes(world, '/incident resolve a migration')).toContain('INC-1');
      await expect.poll(() => countOf(world, '✅ RESOLVED: Audit Log Failure'), { timeout: 30_000 }).toBe(1);
      await world.stops();
      expect((await contentOf(url)).problems).toEqual([]);
      expect(countOf(world, 'HIPAA Audit Log Failure')).toBe(1);
    });
  },
);

story('a restore is byte for byte, undone when it fails, and refused where something is', { timeout: 180_000 }, async ({ world }) => {
  await withFile(async (file) => {
    await isResolved(world);
    await world.stops();
    await backUp(world.storeUrl, file, new Date(), quietly);
    await expect(backUp(world.storeUrl, file, new Date(), quietly)).rejects.toThrow(
      'is there already. A backup never takes the place of another file.',
    );
    const url = await ownedByOrdinaryRole(await emptyDatabase('restored'));
    await restore(url, file, new Date(), quietly);
    expect(await contentOf(url)).toEqual(await contentOf(world.storeUrl));
    await expect(restore(url, file, new Date(), quietly)).rejects.toThrow('This store is not empty: gapwatch.facts holds something.');

    const inUse = await emptyDatabase('in_use');
    const bot = openDatabase(inUse, quietly);
    await migrate(bot);
    await expect(restore(inUse, file, new Date(), quietly)).rejects.toThrow(
      'Gapwatch is running on this store (1 sessions). Stop it first.',
    );
    await bot.close();

    const text = gunzipSync(await readFile(file)).toString();
    const damages = [
      ['one letter changed', text.replace('"deliveries"', '"deliverieS"'), /is damaged or was cut off/],
      ['cut off', text.slice(0, -500), /is damaged or was cut off/],
      ['of another program', 'PGDMP', /is no backup of Gapwatch/],
    ] as const;
    for (const [what, damaged, says] of damages) {
      await writeFile(`${file}.damaged`, gzipSync(damaged));
      await expect(restore(inUse, `${file}.damaged`, new Date(), quietly), what).rejects.toThrow(says);
    }
    await writeFile(`${file}.damaged`, (await readFile(file)).subarray(0, 1_000));
    await expect(restore(inUse, `${file}.damaged`, new Date(), quietly)).rejects.toThrow(
      "can't be read as a backup: unexpected end of file",
    );
    // Whole by its own hash, and yet not to be loaded: what was loaded before is undone.
    const [, , ...others] = text.split('\n').toReversed();
    const wrong = `${others.toReversed().join('\n').replace('"table":"sent"', '"table":"sentence"')}\n`;
    await writeFile(`${file}.damaged`, gzipSync(`${wrong}${createHash('sha256').update(wrong).digest('hex')}\n`));
    await expect(restore(inUse, `${file}.damaged`, new Date(), quietly)).rejects.toThrow('relation "gapwatch.sentence" does not exist');
    expect((await contentOf(inUse)).content).toMatchObject({ facts: [], ledger: [expect.anything()] });
    await restore(inUse, file, new Date(), quietly);
    expect(await contentOf(inUse)).toEqual(await contentOf(world.storeUrl));
  });
});

story(
  'the commands: from a server into the embedded store, with progress, and in words where they refuse',
  { timeout: 240_000 },
  async ({ world }) => {
    await withFile(async (file) => {
      await isResolved(world);
      await world.stops();
      const folder = dirname(file);
      const gapwatch = (store: Readonly<Record<string, string>>, ...args: readonly string[]) =>
        new Promise((done) => {
          const env = { PATH: process.env.PATH ?? '', ...store };
          execFile(process.execPath, [resolve('src/cli.ts'), ...args], { cwd: folder, env }, (error, stdout, stderr) =>
            done({ code: error?.code ?? 0, text: `${stdout}${stderr}` }),
          );
        });
      const server = { DATABASE_URL: world.storeUrl };
      const embedded = { GAPWATCH_DATA_DIR: join(folder, 'data') };
      expect(await gapwatch(server, 'backup')).toEqual({ code: 2, text: expect.stringContaining('Into which file?') });
      expect(await gapwatch(server, 'backup', 'nowhere/b')).toEqual({
        code: 1,
        text: expect.stringContaining("The file can't be used: ENOENT"),
      });
      expect(await gapwatch(server, 'backup', 'b')).toEqual({
        code: 0,
        text: expect.stringMatching(/^facts +\d+$[\s\S]*^jobs +\d+$[\s\S]*^b holds \d+ rows/m),
      });
      expect(await gapwatch(server, 'restore', 'b')).toEqual({ code: 1, text: expect.stringContaining('This store is not empty') });
      expect(await gapwatch(embedded, 'backup', 'c')).toEqual({ code: 1, text: expect.stringContaining('There is nothing to back up') });
      expect(await gapwatch(embedded, 'restore', 'b')).toEqual({
        code: 0,
        text: expect.stringMatching(/^facts +\d+$[\s\S]*rows are restored[\s\S]*^ok {5}INC-1: [\s\S]*^Every record verifies\.$/m),
      });
    });
  },
);

story('a backup of a store that was tampered with is restored as it was, and judged so', { timeout: 120_000 }, async ({ world }) => {
  await withFile(async (file) => {
    await isResolved(world);
    await world.stops();
    await tampersWith(world.storeUrl, (client) => client.query('delete from gapwatch.facts where incident = 1 and sequence > 20'));
    await backUp(world.storeUrl, file, new Date(), quietly);
    const url = await emptyDatabase('restored');
    await restore(url, file, new Date(), quietly);
    const { problems } = await contentOf(url);
    expect(problems.map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^fact 21: the ledger knows \d+ facts, and there are 20/),
    );
  });
});
