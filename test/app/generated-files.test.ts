import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { generatedFiles } from '#app/generated-files.ts';
import { policyForm } from '#app/policy-form.ts';
import { SETTINGS } from '#app/settings/table.ts';

const files = Object.entries(generatedFiles());

test.each(files)('%s is what the tables say', async (file, text) => {
  expect(await readFile(file, 'utf8'), `${file} is out of date: run \`npm run generate\` and commit what it writes`).toBe(text);
});

test('every setting and every key of the policy has its place, and every key its meaning', () => {
  const { '.env.example': example, 'docs/settings.md': settings, 'docs/policy.md': policy } = generatedFiles();
  for (const name of Object.keys(SETTINGS)) {
    expect(example).toContain(`\n${name}=\n`);
    expect(settings).toContain(`| \`${name}\``);
  }
  for (const key of Object.keys(policyForm().properties ?? {})) expect(policy).toMatch(new RegExp(`(## |\\| )\`${key}\``));
  expect(policy).not.toMatch(/^\| `[^`]+` \| +\|/m);
});

test.each(files)('%s: prose and comments stay within 120 characters a line', (_file, text) => {
  for (const line of text.split('\n').filter((each) => !each.startsWith('|'))) expect(line.length, line).toBeLessThanOrEqual(120);
});
