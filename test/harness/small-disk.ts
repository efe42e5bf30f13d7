import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk of a few megabytes for a tablespace, owned by the user that PostgreSQL runs as. */
export type SmallDisk = { readonly folder: string; readonly remove: () => void };

/** Whether this machine lets a test mount a small disk: Linux, as root. */
export const canMountDisks = process.platform === 'linux' && process.getuid?.() === 0 && tries(() => mountSmallDisk('1m', 0, 0).remove());

/** Mounts a small disk for the server whose socket lies in `socketFolder`. */
export function smallDisk(socketFolder: string, size = '8m'): SmallDisk {
  const { uid, gid } = statSync(socketFolder);
  return mountSmallDisk(size, uid, gid);
}

function mountSmallDisk(size: string, uid: number, gid: number): SmallDisk {
  const mount = mkdtempSync(join(tmpdir(), 'gapwatch-disk-'));
  chmodSync(mount, 0o755);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'tmpfs', mount], { stdio: 'ignore' });
  const folder = join(mount, 'tablespace');
  mkdirSync(folder, { mode: 0o700 });
  chownSync(folder, uid, gid);
  return {
    folder,
    remove: () => {
      // Lazily: the server may still hold a file of the tablespace.
      execFileSync('umount', ['-l', mount], { stdio: 'ignore' });
      rmSync(mount, { recursive: true, force: true });
    },
  };
}

function tries(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
