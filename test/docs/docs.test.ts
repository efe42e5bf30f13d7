import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { SETTINGS } from '#app/settings/table.ts';
import { CHECKS } from '#domain/checks/index.ts';
import { ANNOUNCEMENTS, MESSAGES } from '#domain/incident/outbox/message.ts';
import { samples } from '#domain/messages/samples.ts';
import { SCOPES } from '#sandbox/stand-ins/slack/slack.ts';

const read = (file: string) => readFileSync(file, 'utf8');
const documents = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...markdownUnder('docs'), ...markdownUnder('packages')].filter(
  (file) => file !== 'docs/runbook.md',
);

function markdownUnder(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !/\d-audit-gap/.test(name))
    .map((name) => join(folder, name));
}

describe.each(documents)('%s', (file) => {
  test('every file it links or names exists', () => {
    const text = read(file);
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map(([, link]) => join(dirname(file), link ?? ''));
    const named = [...text.matchAll(/`((?:src|packages|test|docs|sandbox|bench|templates)\/[\w./-]+\.\w+)`/g)].map(
      ([, path]) => path ?? '',
    );
    for (const path of [...links, ...named]) expect(existsSync(path), path).toBe(true);
  });

  test('every npm script it names exists', () => {
    const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read('package.json')));
    const named = [...read(file).matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name ?? '');
    for (const name of named) expect(Object.keys(scripts)).toContain(name);
  });
});

test('.env.example and the README name exactly the settings that are read', () => {
  const settings = Object.keys(SETTINGS).toSorted();
  const listed = [...read('.env.example').matchAll(/^([A-Z0-9_]+)=/gm)].map(([, name]) => name ?? '');
  expect(listed.toSorted()).toEqual(settings);
  for (const name of settings) expect(read('README.md')).toContain(`\`${name}\``);
});

test('the health check in the docs is the example that is tested', () => {
  expect(read('docs/monitoring.md')).toContain(`\`\`\`ts\n${read('examples/health-check.ts')}\`\`\``);
});

test('the README lists every check', () => {
  for (const { name } of CHECKS) expect(read('README.md')).toContain(`\`/audit ${name}`);
});

test('the manifest asks for exactly the scopes that the Slack stand-in grants', () => {
  const manifest = z
    .object({ oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }) })
    .parse(parse(read('manifest.yml')));
  expect(manifest.oauth_config.scopes.bot.toSorted()).toEqual([...SCOPES].toSorted());
});

test('every announcement has its template, and no template is left over', () => {
  const files = readdirSync('templates/slack/thread').map((name) => name.replace('.liquid', ''));
  expect(files.toSorted()).toEqual([...ANNOUNCEMENTS].toSorted());
});

test('every notice has its template and a sample, and no template is left over', () => {
  const notices = Object.entries(MESSAGES).flatMap(([kind, { destination }]) => (destination === 'mail' ? [`mail/${kind}.md.liquid`] : []));
  const files = readdirSync('templates/mail').map((name) => `mail/${name}`);
  const sampled = new Set(samples().flatMap(({ template }) => (template.startsWith('mail/') ? [template] : [])));
  expect(files.toSorted()).toEqual(notices.toSorted());
  expect([...sampled].toSorted()).toEqual(notices.toSorted());
});
