import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {} from 'vitest';
import type { TestProject } from 'vitest/node';
import { startEmbedded } from '#store/embedded.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The unix socket folder of the PostgreSQL server that all tests share. */
    readonly socketFolder: string;
  }
}

/** One real PostgreSQL for all tests; each test makes databases of its own in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'gapwatch-test-'));
  await chmod(folder, 0o755);
  // Durability is tested on servers of their own; here it would only cost time.
  const server = await startEmbedded(folder, 'fsync = off\nmax_connections = 300\n');
  project.provide('socketFolder', server.socketFolder);
  return async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
