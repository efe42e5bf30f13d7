import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from '@cdktf/hcl2json';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { SETTINGS } from '#app/settings/table.ts';
import { isInstalled, read } from '#harness/deployment.ts';

const FOLDER = 'deploy/terraform';
const blocks = z.record(z.string(), z.array(z.record(z.string(), z.unknown())));
const moduleSchema = z.looseObject({
  variable: blocks,
  output: blocks.optional(),
  resource: z.record(z.string(), blocks),
});

async function moduleIn(name: string) {
  const folder = join(FOLDER, name);
  const parsed = await Promise.all(readdirSync(folder).map((file) => parse(file, read(join(folder, file)))));
  return moduleSchema.parse(Object.assign({}, ...parsed));
}

const textOf = (name: string) =>
  readdirSync(join(FOLDER, name))
    .map((file) => read(join(FOLDER, name, file)))
    .join('\n');
const modules = readdirSync(FOLDER);

describe.each(modules)('%s', (name) => {
  test('every file parses; every variable is declared, described and used', async () => {
    const { variable } = await moduleIn(name);
    const used = new Set([...textOf(name).matchAll(/\bvar\.(\w+)/g)].map(([, one]) => one));
    expect(Object.keys(variable).toSorted()).toEqual([...used].toSorted());
    for (const [one] of Object.values(variable)) expect(one).toHaveProperty('description');
  });

  test('every reference leads to a resource', async () => {
    const { resource } = await moduleIn(name);
    const named = [...textOf(name).matchAll(/\b((?:pagerduty|postgresql)_\w+)\.(\w+)\./g)];
    expect(named.length).toBeGreaterThan(0);
    for (const [, type = '', one = ''] of named) expect(resource[type]).toHaveProperty(one);
  });
});

test('a syntax error would be found', async () => {
  await expect(parse('main.tf', 'resource "x" {')).rejects.toThrow();
});

test('what it tells at the end are settings by their names, secrets marked', async () => {
  const { output = {} } = await moduleIn('pagerduty');
  for (const [name, [one]] of Object.entries(output)) {
    expect(Object.keys(SETTINGS)).toContain(name);
    expect(one?.sensitive ?? false).toBe(name !== 'PAGERDUTY_FROM_EMAIL');
  }
});

test('the roles have the limits of docs/database-roles.sql', async () => {
  const { resource } = await moduleIn('database-roles');
  const sql = read('docs/database-roles.sql');
  for (const [one] of Object.values(resource.postgresql_role ?? {})) {
    const [, limit] = new RegExp(`create role ${one?.name} login[^;]*connection limit (\\d+);`).exec(sql) ?? [];
    expect(one?.connection_limit).toBe(Number(limit));
  }
  expect(sql).toContain("alter role gapwatch_reader set statement_timeout = '30s'");
  expect(resource.postgresql_role?.reader?.[0]).toMatchObject({ name: 'gapwatch_reader', statement_timeout: 30_000 });
  expect(resource.postgresql_grant?.reader_table?.[0]).toMatchObject({ privileges: ['SELECT'] });
});

test.skipIf(!isInstalled('terraform'))('terraform fmt has nothing to change (skipped without terraform)', () => {
  const environment = { ...process.env, TF_CLI_CONFIG_FILE: '/dev/null', CHECKPOINT_DISABLE: '1' };
  expect(execFileSync('terraform', ['fmt', '-check', '-recursive', FOLDER], { encoding: 'utf8', env: environment })).toBe('');
});
