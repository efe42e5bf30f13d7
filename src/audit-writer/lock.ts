import { open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { AuditSpoolInUse } from './errors.ts';

const BEAT_MILLISECONDS = 2_000;
/** A lock of another machine, or container, that was not touched for so long is one that a dead process has left. */
const STALE_MILLISECONDS = 15_000;

/** The locks of this very process. */
const held = new Set<string>();

/** Takes a folder for this process alone; a lock that a dead process has left is taken over. Answers how to give it back. */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = resolve(folder, 'lock');
  if (held.has(path)) throw new AuditSpoolInUse(`this process writes into ${folder} already: open one writer and share it`);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const handle = await open(path, 'wx', 0o600).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return null;
      throw error;
    });
    if (handle) {
      await handle.appendFile(`${hostname()} ${process.pid}`);
      await handle.close();
      held.add(path);
      return keepLock(path);
    }
    if (await isHeld(path)) {
      const holder = await readFile(path, 'utf8');
      throw new AuditSpoolInUse(`process ${holder} writes into ${folder}: give each process of the application a folder of its own`);
    }
    await rm(path, { force: true });
  }
  throw new AuditSpoolInUse(`${folder} is taken by others as fast as it is given up`);
}

/** Touches the lock as long as it is held, for those who can't see this process. */
function keepLock(path: string): () => Promise<void> {
  const beat = () => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  };
  const timer = setInterval(beat, BEAT_MILLISECONDS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    held.delete(path);
    await rm(path, { force: true });
  };
}

/**
 * On this machine the process itself tells; one of our own number is an earlier one, as first processes of containers are. Processes of
 * another machine or container can't be seen: there the lock's age tells.
 */
async function isHeld(path: string): Promise<boolean> {
  const [host = '', pid = ''] = (await readFile(path, 'utf8').catch(() => '')).split(' ');
  if (host === hostname()) return isAlive(Number(pid));
  const touchedAt = await stat(path).catch(() => null);
  return touchedAt !== null && Date.now() - touchedAt.mtimeMs < STALE_MILLISECONDS;
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
