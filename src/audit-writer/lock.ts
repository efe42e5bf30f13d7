import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AuditSpoolInUse } from './errors.ts';

/** Takes a folder for this process alone; a lock that a dead process has left is taken over. Answers how to give it back. */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'lock');
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const handle = await open(path, 'wx', 0o600).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return null;
      throw error;
    });
    if (handle) {
      await handle.appendFile(String(process.pid));
      await handle.close();
      return () => rm(path, { force: true });
    }
    const holder = Number((await readFile(path, 'utf8').catch(() => '')) || Number.NaN);
    if (isAlive(holder)) {
      throw new AuditSpoolInUse(`process ${holder} writes into ${folder}: give each process of the application a folder of its own`);
    }
    await rm(path, { force: true });
  }
  throw new AuditSpoolInUse(`${folder} is taken by others as fast as it is given up`);
}

/** A lock of this very process's number was left by one that had it before, as first processes of containers do. */
function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
