import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { test as base, expect } from 'vitest';
import { z } from 'zod';
import { emptyDatabase } from '../../../test/harness/database.ts';

const run = promisify(execFile);
const home = resolve(import.meta.dirname, '..');
const modules = resolve(home, '../../node_modules');

const packedSchema = z.tuple([z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) })]);

/** The packed tarball's files, and an empty application that has installed it and nothing else but `cockatiel` and `pg`. */
type Installed = { readonly files: readonly string[]; readonly application: string };

const test = base.extend<{ $file: { readonly installed: Installed } }>({
  installed: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's needs from its first parameter
    async ({}, use) => {
      const application = await mkdtemp(join(tmpdir(), 'gapwatch-application-'));
      const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', application], { cwd: home });
      const [{ filename, files }] = packedSchema.parse(JSON.parse(stdout));
      const target = join(application, 'node_modules/@gapwatch/audit-writer');
      await mkdir(target, { recursive: true });
      await run('tar', ['-xzf', join(application, filename), '-C', target, '--strip-components', '1']);
      await link(application, 'cockatiel');
      await link(application, 'pg');
      await use({ files: files.map(({ path }) => path).toSorted(), application });
      await rm(application, { recursive: true, force: true });
    },
    { scope: 'file' },
  ],
});

/** Installs a dependency from those that are here already, so that no network is needed. */
async function link(application: string, name: string): Promise<void> {
  const place = join(application, 'node_modules', name);
  await mkdir(dirname(place), { recursive: true });
  await symlink(join(modules, name), place);
}

/** What a file of the application prints. Rejects when it fails. */
async function runFile(application: string, name: string, text: string): Promise<string> {
  await writeFile(join(application, name), text);
  return (await run(process.execPath, [name], { cwd: application })).stdout;
}

test('the tarball holds the compiled package and its papers, and nothing else', async ({ installed }) => {
  const sources = (await readdir(join(home, 'src'))).map((name) => name.replace(/\.ts$/, ''));
  const compiled = sources.flatMap((name) => [`dist/${name}.js`, `dist/${name}.d.ts`]);
  expect(installed.files).toEqual(
    ['CHANGELOG.md', 'LICENSE', 'README.md', 'examples/application.mjs', 'package.json', ...compiled].toSorted(),
  );
});

test('what it imports is Node, cockatiel and, in one file alone, the client of S3', async ({ installed }) => {
  const folder = join(installed.application, 'node_modules/@gapwatch/audit-writer');
  const imported = new Map<string, string[]>();
  for (const file of installed.files.filter((name) => name.endsWith('.js'))) {
    for (const [, name = ''] of (await readFile(join(folder, file), 'utf8')).matchAll(/(?:from|import\()\s*['"]([^'"]+)['"]/g)) {
      if (!name.startsWith('./') && !name.startsWith('node:')) imported.set(name, [...(imported.get(name) ?? []), file]);
    }
  }
  expect(Object.fromEntries(imported)).toEqual({ cockatiel: ['dist/circuit-breaker.js'], '@aws-sdk/client-s3': ['dist/s3.js'] });
});

test('an application without the client of S3 imports all but ./s3; with it, that too; nothing deeper', async ({ installed }) => {
  const { application } = installed;
  const print = (entry: string) => `console.log(Object.keys(await import('@gapwatch/audit-writer${entry}')).join(' '));`;
  expect(await runFile(application, 'import.mjs', print(''))).toContain('insertInto openAuditWriter prometheusText');
  await expect(runFile(application, 'import.mjs', print('/s3'))).rejects.toThrow('@aws-sdk/client-s3');
  await link(application, '@aws-sdk/client-s3');
  expect(await runFile(application, 'import.mjs', print('/s3'))).toBe('storeInS3\n');
  await expect(runFile(application, 'import.mjs', print('/dist/spool.js'))).rejects.toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED');
});

test('its types compile in an application that checks the types of its packages, too', async ({ installed }) => {
  const { application } = installed;
  await link(application, '@types/node');
  await writeFile(
    join(application, 'writes.mts'),
    `import { type AuditWriter, insertInto, openAuditWriter } from '@gapwatch/audit-writer';
     const database = { query: async (text: string, values: unknown[]) => ({ text, values }) };
     export const audit: AuditWriter<{ userId: string }> = await openAuditWriter<{ userId: string }>({ insert: insertInto(database, 'a'), folder: 'spool' });
     // @ts-expect-error A column of another type.
     await audit.write({ userId: 1 });`,
  );
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node', 'writes.mts'];
  const { stdout } = await run(join(modules, '.bin/tsc'), options, { cwd: application }).catch((error: { stdout: string }) => error);
  expect(stdout).toBe('');
});

test('the example writes its audit log with and without its database', async ({ installed }) => {
  const { application } = installed;
  const url = await emptyDatabase('example');
  const table = new pg.Client({ connectionString: url });
  await table.connect();
  await table.query(`
    create table "AuditLog" (id text primary key, "userId" text, "userEmail" text, "ipAddress" text, action text, resource text, "resourceId" text,
      success boolean, timestamp timestamp(3))`);
  await copyFile(join(application, 'node_modules/@gapwatch/audit-writer/examples/application.mjs'), join(application, 'application.mjs'));
  const child = spawn(process.execPath, ['application.mjs'], {
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
  }
});
