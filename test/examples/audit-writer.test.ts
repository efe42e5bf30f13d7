import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { emptyDatabase } from '#harness/database.ts';

const run = promisify(execFile);

test('an application installs the package and writes its audit log through it, with and without its database', async () => {
  const application = await mkdtemp(join(tmpdir(), 'gapwatch-application-'));
  const url = await emptyDatabase('example');
  const table = new pg.Client({ connectionString: url });
  await table.connect();
  await table.query(`
    create table "AuditLog" (id text primary key, "userId" text, "userEmail" text, "ipAddress" text, action text, resource text, "resourceId" text,
      success boolean, timestamp timestamp(3))`);
  await installPackage(application);
  const child = spawn(process.execPath, ['audit-writer.mjs'], {
    cwd: application,
    env: { ...process.env, DATABASE_URL: url, PORT: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    const [line] = z.tuple([z.instanceof(Buffer)]).parse(await once(child.stderr, 'data'));
    const { port } = z.object({ port: z.number() }).parse(JSON.parse(line.toString()));
    const ask = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    expect(await ask('/patient')).toContain('its audit record is in the database');
    await table.query('alter table "AuditLog" rename to "AuditLog_away"');
    expect(await ask('/patient')).toContain('its audit record is in the spool');
    await table.query('alter table "AuditLog_away" rename to "AuditLog"');
    await expect.poll(() => ask('/metrics')).toContain('audit_log_count 2');
    expect((await table.query('select count(*)::int as count from "AuditLog"')).rows).toEqual([{ count: 2 }]);
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
    await table.end();
    await rm(application, { recursive: true, force: true });
  }
});

/** What `npm install` of the packed package makes, with the dependencies that are here already. */
async function installPackage(application: string): Promise<void> {
  await run('npm', ['pack', '--pack-destination', application], { cwd: resolve('.') });
  const [archive = ''] = (await readdir(application)).filter((name) => name.endsWith('.tgz'));
  const modules = join(application, 'node_modules');
  await mkdir(modules, { recursive: true });
  await run('tar', ['-xzf', archive, '-C', modules], { cwd: application });
  await run('mv', [join(modules, 'package'), join(modules, 'gapwatch')]);
  await symlink(resolve('node_modules'), join(modules, 'gapwatch', 'node_modules'));
  await symlink(resolve('node_modules/pg'), join(modules, 'pg'));
  await copyFile('examples/audit-writer.mjs', join(application, 'audit-writer.mjs'));
}
