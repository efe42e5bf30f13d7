import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { z } from 'zod';
import { startS3 } from '#sandbox/stand-ins/s3.ts';
import { startEmbedded } from '#store/embedded.ts';

type Say = (text: string) => void;

/**
 * The export of `/remedy archive` (COPY, compression, OpenPGP, upload to a local S3 stand-in; then the keys; then reading back and decrypting)
 * against the runbook's `psql \copy | gpg --encrypt` to a file, on the same records in the same run. Asserts nothing.
 */
export async function benchArchive(rows: number, say: Say): Promise<void> {
  if (spawnSync('psql', ['--version']).status !== 0 || spawnSync('gpg', ['--version']).status !== 0) {
    say('psql and gpg are needed for the comparison: apt install postgresql-client gnupg');
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'gapwatch-bench-'));
  await chmod(folder, 0o755);
  const server = await startEmbedded(join(folder, 'postgres'), 'shared_buffers = 512MB\nmax_wal_size = 8GB\n');
  const url = await server.database('bench');
  const s3 = await startS3();
  try {
    await fill(url, rows);
    say(`${cpus().length} cores (${cpus()[0]?.model}), Node ${process.version}, PostgreSQL 18, ${rows.toLocaleString('en')} records`);
    const environment = {
      BENCH_DATABASE_URL: url,
      BENCH_S3: JSON.stringify({
        bucket: s3.bucket,
        prefix: 'bench',
        region: 'us-east-1',
        accessKeyId: s3.accessKeyId,
        secretAccessKey: s3.secretAccessKey,
        endpoint: s3.url,
      }),
      BENCH_KEY_FILE: s3.publicKeyFile,
    };
    const worker = fork(fileURLToPath(new URL('./archive-worker.ts', import.meta.url)), [], {
      // As npm start has it.
      execArgv: ['--max-semi-space-size=4'],
      env: { ...process.env, ...environment },
    });
    const figures = workerSchema.parse((await once(worker, 'message'))[0]);
    const ours = rows / (figures.exportMilliseconds / 1_000);
    const theirs = rows / ((await byHand(url, s3.publicKeyFile, folder)) / 1_000);
    const file = await stat(join(folder, 'archive.gpg'));
    say(
      `export, encrypt, upload: ${Math.round(ours)} rows a second, ${megabytes(figures.bytes)} MB encrypted of ${megabytes(figures.plainBytes)} MB; peak memory of the process ${figures.peakMegabytes.toFixed(0)} MB (aim: under 200 MB)`,
    );
    say(`psql \\copy | gpg --encrypt: ${Math.round(theirs)} rows a second, ${megabytes(file.size)} MB encrypted`);
    say(`ratio ${(ours / theirs).toFixed(2)} (aim: at least 1)`);
    say(
      `besides: keys ${Math.round(figures.keysMilliseconds)} ms, reading back and decrypting ${Math.round(figures.readBackMilliseconds)} ms`,
    );
  } finally {
    await s3.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const workerSchema = z.object({
  exportMilliseconds: z.number(),
  keysMilliseconds: z.number(),
  readBackMilliseconds: z.number(),
  bytes: z.number(),
  plainBytes: z.number(),
  peakMegabytes: z.number(),
});

/** What the runbook's step 9 says, with its line breaks repaired and nothing left in the clear on the disk. Returns milliseconds. */
async function byHand(url: string, keyFile: string, folder: string): Promise<number> {
  const home = join(folder, 'gnupg');
  await mkdir(home, { mode: 0o700 });
  spawnSync('gpg', ['--homedir', home, '--batch', '--quiet', '--import', keyFile]);
  const start = performance.now();
  const psql = spawn(
    'psql',
    [url, '--quiet', '--command', `\\copy (select * from "AuditLog" where timestamp < '2026-01-01') to stdout csv header`],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const gpg = spawn(
    'gpg',
    [
      '--homedir',
      home,
      '--batch',
      '--quiet',
      '--compress-algo',
      'zlib',
      '--trust-model',
      'always',
      '--compress-algo',
      'zlib',
      '--recipient',
      'compliance@clinic.example',
      '--output',
      join(folder, 'archive.gpg'),
      '--encrypt',
    ],
    { stdio: ['pipe', 'inherit', 'inherit'] },
  );
  psql.stdout.pipe(gpg.stdin);
  await Promise.all([ended(psql), ended(gpg)]);
  return performance.now() - start;
}

async function ended(child: ChildProcess): Promise<void> {
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${child.spawnfile} ended with ${code}`);
}

async function fill(url: string, rows: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`create table "AuditLog" (id text primary key, "userId" text, "userEmail" text not null, "ipAddress" text not null, action text not null,
    resource text not null, "resourceId" text not null, details jsonb, success boolean not null, timestamp timestamp(3) not null)`);
  await client.query(
    `insert into "AuditLog" select gen_random_uuid()::text, gen_random_uuid()::text, 'user' || n % 500 || '@clinic.example', '10.0.' || n % 8 || '.' || n % 250, 'READ', 'Patient',
       gen_random_uuid()::text, json_build_object('route', '/api/patients/' || n), true, timestamp '2025-12-31' - n * interval '1 second'
     from generate_series(1, $1::int) as n`,
    [rows],
  );
  await client.query('create index on "AuditLog" (timestamp)');
  await client.query('vacuum analyze "AuditLog"');
  await client.end();
}

function megabytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(0);
}
