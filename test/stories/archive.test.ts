import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gunzipSync } from 'node:zlib';
import { createMessage, decrypt, encrypt, generateKey, readKey, readMessage, readPrivateKey } from 'openpgp';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { describe, expect } from 'vitest';
import { presses, remedyMessage } from '#harness/remedies.ts';
import { alertFires, goesSilent, robinTypes } from '#harness/stories.ts';
import { NOON, story, type World } from '#harness/world.ts';

const MINUTE = 60_000;

/** Old records with everything that text can hold, spread over five hundred days that end 366 days ago, and what the archive needs of rights. */
async function hasOldRecords({ clinic }: World, count: number): Promise<void> {
  const application = new URL(clinic.applicationUrl).username;
  await clinic.query(`grant delete, maintain on "AuditLog" to "${application}"`);
  await clinic.query(
    `insert into "AuditLog" (id, "userId", "userEmail", "ipAddress", action, resource, "resourceId", details, success, timestamp)
     select 'old-' || n, case when n % 3 = 0 then null else 'user ' || n % 100 end, 'a"b,c' || n % 50 || '@clinic.example', '10.0.0.' || n % 250, 'READ',
       case when n % 7 = 0 then e'two\\nlines' else 'Patient ü 患者' end, case when n % 11 = 0 then '' else 'p' || n end, json_build_object('n', n), n % 2 = 0,
       timestamp '2025-01-04 12:00' - n * (interval '500 days' / $1::int)
     from generate_series(1, $1::int) as n`,
    [count],
  );
}

/** How many are many: `npm run test:large` archives two million. */
const MANY = Number(process.env.ARCHIVE_ROWS ?? 300_000);

async function isAsked(world: World, count: number, command = '/remedy archive'): Promise<void> {
  await hasOldRecords(world, count);
  await alertFires(world);
  await robinTypes(world, command);
  await world.settles();
}

const rowsOf = async ({ clinic }: World, where = 'true') =>
  Number((await clinic.query(`select count(*)::int as rows from "AuditLog" where ${where}`))[0]?.rows);
const OLD = `id like 'old-%'`;

/** The object that was archived; its manifest lies beside it. */
function archived({ s3 }: World) {
  const [key, object] = [...s3.objects].find(([name]) => name.endsWith('.csv.gz.pgp')) ?? [];
  if (key === undefined || object === undefined) throw new Error('nothing was archived');
  const manifest: unknown = JSON.parse(s3.objects.get(`${key}.manifest.json`)?.content.toString() ?? 'null');
  return { key, object, manifest };
}

/** The ids in an archive, as the holder of the compliance key reads them. */
async function archivedIds(world: World): Promise<readonly string[]> {
  const message = await readMessage({ binaryMessage: new Uint8Array(archived(world).object.content) });
  const decryptionKeys = await readPrivateKey({ armoredKey: world.s3.privateKey });
  const { data } = await decrypt({ message, decryptionKeys, format: 'binary' });
  return [
    ...gunzipSync(data)
      .toString()
      .matchAll(/^(old-\d+),/gm),
  ].map(([, id = '']) => id);
}

/** A digest of rows that neither their order nor their number hides. */
const DIGEST = (table: string) =>
  `select count(*)::int as rows, sum(hashtextextended(r::text, 0))::text as digest from ${table} as r where ${OLD}`;

describe('archive (runbook step 9)', () => {
  story(
    'hundreds of thousands of records → archived, read back, deleted; gpg decrypts them, and COPY brings each of them back',
    { timeout: 240_000 },
    async ({ world }) => {
      world.s3.hasObjectLock = true;
      await isAsked(world, MANY);
      const before = (await world.clinic.query(DIGEST('"AuditLog"')))[0];
      const plan = remedyMessage(world).text;
      expect(plan).toContain(
        'Archive the records of AuditLog from before 2025-10-07 00:00:00 UTC, encrypted, verify the archive, then delete exactly those records',
      );
      expect(plan).toContain(`Records: ${MANY}, of 2023-08-23 12:00:00 UTC to 2025-01-04 `);
      expect(plan).toContain('with server-side encryption and object lock');
      expect(plan).toContain('A legal hold on any of these records forbids it');
      expect(plan).toContain('six years');
      await presses(world, 'Approve', 'sam');
      await world.settles(200);
      const { text } = remedyMessage(world);
      expect(text).toContain(`*DONE:* All ${MANY} records are in s3://clinic-archives/audit-logs/2025-10-07-INC-1-`);
      expect(text).toContain('VACUUM was run. The disk is 42.0 % full; the target of 75 % is met.');
      expect(await rowsOf(world, OLD)).toBe(0);
      expect(await rowsOf(world)).toBe(200);
      const { object, manifest } = archived(world);
      expect(object).toMatchObject({ encryption: 'AES256', lockMode: 'GOVERNANCE' });
      expect(Date.parse(object.retainUntil ?? '')).toBeGreaterThan(Date.now() + 6 * 365 * 86_400_000);
      expect(manifest).toMatchObject({ table: 'public.AuditLog', rows: MANY, key: ['id'] });
      await world.clinic.query('create table restored (like "AuditLog")');
      await copyBack(world, 'restored');
      expect((await world.clinic.query(DIGEST('restored')))[0]).toEqual(before);
    },
  );

  story.for(['the object is written', 'the manifest is written', 'the object is read back', 'some are deleted'])(
    'killed when %s → the next process goes on; no record is ever in neither place',
    async (moment, { world }) => {
      await hasOldRecords(world, 20_000);
      await goesSilent(world);
      const isMoment = {
        'the object is written': (method: string, path: string) => method === 'PUT' && !path.includes('manifest'),
        'the manifest is written': (method: string, path: string) => method === 'PUT' && path.includes('manifest'),
        'the object is read back': (method: string, path: string) => method === 'GET' && path.includes('.pgp'),
        'some are deleted': () => false,
      }[moment];
      world.s3.afterDelivery = async ({ method, path }) => {
        if (!isMoment?.(method, path)) return;
        world.s3.afterDelivery = undefined;
        await world.isKilled();
      };
      await world.startsApart();
      await world.pagerduty.fires('AuditLogWriteError: audit writes are failing');
      await world.settles();
      await robinTypes(world, '/remedy archive');
      await world.settles();
      if (moment === 'some are deleted') await slowsDeletions(world);
      await presses(world, 'Approve', 'sam');
      if (moment === 'some are deleted') {
        await expect.poll(() => rowsOf(world, OLD), { timeout: 30_000, interval: 20 }).toBeLessThan(20_000);
        await world.isKilled();
        const ids = new Set([...(await archivedIds(world)), ...(await idsOf(world))]);
        expect(ids.size).toBe(20_000);
        expect(await rowsOf(world, OLD)).toBeGreaterThan(0);
      } else {
        await expect.poll(() => world.botUrl(), { timeout: 30_000 }).toBe('http://127.0.0.1:0');
        expect(await rowsOf(world, OLD)).toBe(20_000);
      }
      await world.startsApart();
      await world.moves(0.25);
      await world.settles();
      await world.moves(0.25);
      await world.settles();
      expect(remedyMessage(world).text).toContain('*DONE:* All 20000 records are in');
      expect(await rowsOf(world, OLD)).toBe(0);
      expect(new Set(await archivedIds(world)).size).toBe(20_000);
      expect(await rowsOf(world)).toBe(200);
    },
  );

  story('the object is not what was written → refused, nothing deleted', async ({ world }) => {
    await isAsked(world, 1_000);
    world.s3.afterDelivery = ({ method, path }) => {
      if (method !== 'PUT' || path.includes('manifest')) return;
      const { object } = archived(world);
      object.content = Buffer.from(object.content);
      object.content[600] = (object.content[600] ?? 0) ^ 1;
    };
    await presses(world, 'Approve', 'sam');
    await world.settles();
    expect(remedyMessage(world).text).toContain('*FAILED:* The archive was read back and is not right: ');
    expect(remedyMessage(world).text).toContain('Nothing was deleted.');
    expect(await rowsOf(world, OLD)).toBe(1_000);
  });

  story('the object is encrypted to somebody else → refused, nothing deleted', async ({ world }) => {
    await isAsked(world, 1_000);
    const { publicKey } = await generateKey({ userIDs: [{ name: 'Somebody else' }] });
    const message = await createMessage({ text: 'id\n' });
    const other = await encrypt({ message, encryptionKeys: await readKey({ armoredKey: publicKey }), format: 'binary' });
    world.s3.afterDelivery = ({ method, path }) => {
      if (method === 'PUT' && !path.includes('manifest')) archived(world).object.content = Buffer.from(other);
    };
    await presses(world, 'Approve', 'sam');
    await world.settles();
    expect(remedyMessage(world).text).toContain('the object is not encrypted to the compliance key. Nothing was deleted.');
    expect(await rowsOf(world, OLD)).toBe(1_000);
  });

  story('a bucket that is full, and a manifest that is lost → refused with the storage’s own word, nothing deleted', async ({ world }) => {
    await isAsked(world, 1_000);
    world.s3.capacity = 100;
    await presses(world, 'Approve', 'sam');
    await world.settles();
    expect(remedyMessage(world).text).toContain(
      '*FAILED:* the archive can’t be written: QuotaExceeded (403). Nothing was deleted.'.replace('’', "'"),
    );
    expect(world.s3.uploads.size).toBe(0);
    world.s3.capacity = 1e9;
    world.s3.fault = ({ method, path }) => (method === 'GET' && path.includes('manifest') ? { kind: 'answer', status: 404 } : undefined);
    await robinTypes(world, '/remedy archive');
    await world.settles();
    await presses(world, 'Approve', 'sam');
    await world.settles();
    expect(remedyMessage(world).text).toMatch(/\*FAILED:\* the archive can't be read back: .* \(404\)\. Nothing was deleted\./);
    expect(await rowsOf(world, OLD)).toBe(1_000);
  });

  story('connections are lost → tried again; the storage stays away → it says so and where it stands', async ({ world }) => {
    await isAsked(world, 1_000);
    let lost = 0;
    world.s3.fault = ({ method }) => (method === 'PUT' && lost++ < 4 ? { kind: 'lose-answer' } : undefined);
    await presses(world, 'Approve', 'sam');
    await world.settles();
    expect(remedyMessage(world).text).toContain('tried again in 5 seconds. Nothing was deleted.');
    await world.passes(0.1);
    expect(remedyMessage(world).text).toContain('*DONE:* All 1000 records');
    await hasOldRecords(world, 1_000);
    await robinTypes(world, '/remedy archive');
    await world.settles();
    await presses(world, 'Approve', 'sam');
    world.s3.fault = () => ({ kind: 'answer', status: 503 });
    for (const minutes of [0.1, 0.6, 2.1, 5.1, 10.1]) await world.passes(minutes);
    expect(remedyMessage(world).text).toMatch(/\*(FAILED|REFUSED):\* .*Nothing was (deleted|changed)\./s);
    expect(await rowsOf(world, OLD)).toBe(1_000);
  });

  story('a record with an old date came after the plan → the plan has changed, nothing deleted', async ({ world }) => {
    await isAsked(world, 1_000);
    await world.clinic.query(
      `insert into "AuditLog" ("userEmail", "ipAddress", action, resource, "resourceId", success, timestamp) values ('a', 'b', 'READ', 'Patient', 'c', true, '2024-01-01')`,
    );
    await presses(world, 'Approve', 'sam');
    await world.settles();
    expect(remedyMessage(world).text).toContain('*REFUSED:* The plan has changed since it was approved: it rested on 1000 records');
    expect(await rowsOf(world, OLD)).toBe(1_000);
    expect(world.s3.objects.size).toBe(0);
  });

  story('the database’s clock is another → which records are old can’t be told', async ({ world }) => {
    await hasOldRecords(world, 1_000);
    await alertFires(world);
    await world.clinic.follow({ realMilliseconds: 0, shownMilliseconds: NOON + 30 * MINUTE, speed: 0 });
    await robinTypes(world, '/remedy archive');
    await world.settles();
    expect(remedyMessage(world).text).toContain(
      "The database's clock says 2026-01-05 12:30:00 UTC, and Gapwatch's 2026-01-05 12:00:00 UTC",
    );
  });

  story(
    'the storage’s clock is another → its refusal is corrected by its own clock, as signatures alone depend on it',
    async ({ world }) => {
      world.s3.skewMilliseconds = 40 * MINUTE;
      await isAsked(world, 1_000);
      await presses(world, 'Approve', 'sam');
      await world.settles();
      expect(remedyMessage(world).text).toContain('*DONE:* All 1000 records');
    },
  );

  story('stopped while it deletes → it says how many are deleted, and all are in the archive', async ({ world }) => {
    await isAsked(world, 20_000);
    await slowsDeletions(world);
    await presses(world, 'Approve', 'sam');
    await expect.poll(() => rowsOf(world, OLD), { timeout: 30_000, interval: 20 }).toBeLessThan(20_000);
    await presses(world, 'Stop', 'kim');
    await world.settles();
    const { text } = remedyMessage(world);
    expect(text).toMatch(
      /\*STOPPED:\* kim stopped it\. All 20000 records are in s3:.*; of these at least \d+ are deleted here, the others are in both places\./,
    );
    const left = await rowsOf(world, OLD);
    expect(left).toBeGreaterThan(0);
    expect(new Set([...(await archivedIds(world)), ...(await idsOf(world))]).size).toBe(20_000);
  });

  story('the table forbids deletions by a trigger → it says so; every record is still there', async ({ world }) => {
    await isAsked(world, 1_000);
    await world.clinic.query(
      `create function keep() returns trigger language plpgsql as $$ begin raise exception 'audit records of ann@clinic.example are kept'; end $$;
       create trigger keep before delete on "AuditLog" for each statement execute function keep()`,
    );
    await presses(world, 'Approve', 'sam');
    await world.settles();
    const { text } = remedyMessage(world);
    expect(text).toContain('*FAILED:*');
    expect(text).toContain('few or none of them are deleted here.');
    expect(text).not.toContain('ann@');
    expect(await rowsOf(world, OLD)).toBe(1_000);
  });

  story('--full → the plan explains the lock, and VACUUM FULL runs', async ({ world }) => {
    await isAsked(world, 1_000, '/remedy archive --full');
    expect(remedyMessage(world).text).toContain(
      'VACUUM FULL afterwards locks the table against everything, writes of the application included',
    );
    await presses(world, 'Approve', 'sam');
    await world.settles();
    expect(remedyMessage(world).text).toContain('VACUUM FULL was run.');
  });

  story('younger than a year only in words; without the right, a key, a secret or old records there is no plan', async ({ world }) => {
    await isAsked(world, 100);
    await presses(world, 'Decline', 'robin');
    await world.clinic.query(`update "AuditLog" set timestamp = timestamp + interval '100 days' where ${OLD}`);
    await asksFor(world, '/remedy archive');
    expect(remedyMessage(world).text).toContain('Records younger than a year would go (the newest is of 2025-04-09');
    await asksFor(world, '/remedy archive including records younger than a year');
    expect(remedyMessage(world).text).toContain('Records: 100');
    await presses(world, 'Decline', 'robin');
    expect(await robinTypes(world, '/remedy archive everything')).toContain('takes `--full` (VACUUM FULL) and the words');
    const application = new URL(world.clinic.applicationUrl).username;
    await world.clinic.query(`revoke delete on "AuditLog" from "${application}"`);
    await asksFor(world, '/remedy archive including records younger than a year');
    expect(remedyMessage(world).text).toContain('may not delete from AuditLog: grant it DELETE for the time of the archive.');
    await world.clinic.query(`grant delete on "AuditLog" to "${application}"; alter table "AuditLog" drop constraint "AuditLog_pkey"`);
    await asksFor(world, '/remedy archive including records younger than a year');
    expect(remedyMessage(world).text).toContain('AuditLog has no primary key');
    await world.clinic.query(`delete from "AuditLog" where ${OLD}`);
    await asksFor(world, '/remedy archive');
    expect(remedyMessage(world).text).toContain('AuditLog holds no record from before 2025-10-07 00:00:00 UTC.');
    await world.stops();
    await world.starts('', { AWS_SECRET_ACCESS_KEY: 'another' });
    await asksFor(world, '/remedy archive');
    expect(remedyMessage(world).text).toContain("the archive can't be asked: SignatureDoesNotMatch (403)");
  });

  story('a compliance key that is expired, private or no key at all is refused', async ({ world }) => {
    await hasOldRecords(world, 10);
    const { publicKey } = await generateKey({ userIDs: [{ name: 'Gone' }], keyExpirationTime: 1, date: new Date('2020-01-01') });
    await writeFile(world.s3.publicKeyFile, publicKey);
    await alertFires(world);
    await asksFor(world, '/remedy archive');
    expect(remedyMessage(world).text).toContain("can't be used: ");
    await world.stops();
    await writeFile(world.s3.publicKeyFile, world.s3.privateKey);
    await expect(world.starts()).rejects.toThrow('holds a private key. Gapwatch needs the public one alone');
    await writeFile(world.s3.publicKeyFile, 'hello');
    await expect(world.starts()).rejects.toThrow('holds no armored OpenPGP key');
  });
});

async function asksFor(world: World, command: string): Promise<void> {
  await robinTypes(world, command);
  await world.settles();
}

async function idsOf({ clinic }: World): Promise<readonly string[]> {
  return (await clinic.query(`select id from "AuditLog" where ${OLD}`)).map(({ id }) => String(id));
}

/** Each batch takes a moment longer, so that something can happen in between. */
async function slowsDeletions({ clinic }: World): Promise<void> {
  await clinic.query(
    `create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(0.3); return null; end $$;
     create trigger dawdle after delete on "AuditLog" for each statement execute function dawdle()`,
  );
}

/** What docs/remedies.md says: gpg decrypts, COPY brings back. Where there is no gpg another OpenPGP reads the archive. */
async function copyBack(world: World, table: string): Promise<void> {
  const csv = spawnSync('gpg', ['--version']).status === 0 ? await decryptedByGpg(world) : await decryptedHere(world);
  const client = new pg.Client({ connectionString: world.clinic.adminUrl });
  await client.connect();
  try {
    await pipeline(Readable.from(gunzipSync(csv)), client.query(copyFrom(`copy ${table} from stdin (format csv, header match)`)));
  } finally {
    await client.end();
  }
}

async function decryptedHere(world: World): Promise<Buffer> {
  const message = await readMessage({ binaryMessage: new Uint8Array(archived(world).object.content) });
  const decryptionKeys = await readPrivateKey({ armoredKey: world.s3.privateKey });
  return Buffer.from((await decrypt({ message, decryptionKeys, format: 'binary' })).data);
}

async function decryptedByGpg(world: World): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'gapwatch-gpg-'));
  const gpg = (options: readonly string[], input?: string) => {
    const { status, stdout, stderr } = spawnSync('gpg', ['--homedir', folder, '--batch', '--quiet', ...options], {
      input,
      maxBuffer: 2 ** 30,
    });
    if (status !== 0) throw new Error(`gpg ended with ${status}: ${stderr}`);
    return stdout;
  };
  try {
    gpg(['--import'], world.s3.privateKey);
    await writeFile(join(folder, 'archive.csv.gz.pgp'), archived(world).object.content);
    return gpg(['--decrypt', join(folder, 'archive.csv.gz.pgp')]);
  } finally {
    spawnSync('gpgconf', ['--homedir', folder, '--kill', 'all']);
    await rm(folder, { recursive: true, force: true });
  }
}
