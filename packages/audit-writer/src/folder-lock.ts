import { open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { AuditSpoolInUse } from './errors.ts';

const TOUCH_MILLISECONDS = 2_000;
/** A lock of another machine or container that was not touched for this long was left by a dead process. */
const STALE_MILLISECONDS = 15_000;
const ATTEMPTS = 3;

/**
 * Takes a folder for this writer alone and returns how to release it; a lock that a dead process has left is taken over. Throws
 * {@link AuditSpoolInUse} when a living one holds it.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = resolve(folder, 'lock');
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (await createLock(path)) return keepFresh(path);
    const holder = await readHolder(path);
    if (isThisProcess(holder)) throw new AuditSpoolInUse(`this process writes into ${folder} already: open one writer and share it`);
    if (await isAlive(path, holder)) {
      throw new AuditSpoolInUse(
        `process ${holder.pid} of ${holder.host} writes into ${folder}: give each process of the application a folder of its own`,
      );
    }
    await rm(path, { force: true });
  }
  throw new AuditSpoolInUse(`${folder} is taken by others as fast as it is released`);
}

/** The process that a lock names. Its start tells it from an earlier one of the same number, as first processes of containers are. */
type Holder = { readonly host: string; readonly pid: number; readonly startedAt: number };

const startedAt = () => Math.round(performance.timeOrigin);

/** Returns whether the lock was free. */
async function createLock(path: string): Promise<boolean> {
  const handle = await open(path, 'wx', 0o600).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return null;
    throw error;
  });
  if (!handle) return false;
  await handle.appendFile(`${hostname()} ${process.pid} ${startedAt()}`);
  await handle.close();
  return true;
}

async function readHolder(path: string): Promise<Holder> {
  const [host = '', pid, start] = (await readFile(path, 'utf8').catch(() => '')).split(' ');
  return { host, pid: Number(pid), startedAt: Number(start) };
}

/** Touches the lock as long as it is held, for those who can't see this process. */
function keepFresh(path: string): () => Promise<void> {
  const touch = () => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  };
  const timer = setInterval(touch, TOUCH_MILLISECONDS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await rm(path, { force: true });
  };
}

function isThisProcess(holder: Holder): boolean {
  return holder.host === hostname() && holder.pid === process.pid && holder.startedAt === startedAt();
}

/** A process of this machine is asked for; one of another machine or container can't be seen, so there the lock's age decides. */
async function isAlive(path: string, { host, pid }: Holder): Promise<boolean> {
  if (host === hostname()) return isRunning(pid);
  const lock = await stat(path).catch(() => null);
  return lock !== null && Date.now() - lock.mtimeMs < STALE_MILLISECONDS;
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
