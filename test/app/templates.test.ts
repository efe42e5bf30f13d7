import { readdirSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLog } from '#app/log.ts';
import { readSettings } from '#app/settings.ts';
import { start } from '#app/start.ts';
import { loadTemplates } from '#app/templates.ts';
import { DEFAULT_POLICY } from '#domain/base/policy.ts';
import { slackMessage } from '#domain/messages/blocks.ts';
import { parseBlocks } from '#sandbox/stand-ins/slack/block-kit.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gapwatch-templates-'));
  await cp('templates', folder, { recursive: true });
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test('the templates that the project ships render', async () => {
  await expect(loadTemplates(folder, DEFAULT_POLICY)).resolves.toBeDefined();
});

test('a misspelt variable, an unknown filter and a broken tag are named with file and line, all at once', async () => {
  await writeFile(join(folder, 'slack/update.liquid'), 'fine\n{{ incident.statsu }}\n');
  await writeFile(join(folder, 'slack/check.liquid'), '{{ check | shout }}');
  await writeFile(join(folder, 'slack/resolution.liquid'), '{% if incident %}no end');
  const message = await loadTemplates(folder, DEFAULT_POLICY).then(
    () => '',
    (error: Error) => error.message,
  );
  expect(message).toMatch(/slack\/update\.liquid: undefined variable: incident\.statsu, line:2/);
  expect(message).toMatch(/slack\/check\.liquid: undefined filter: shout, line:1/);
  expect(message).toMatch(/slack\/resolution\.liquid: tag .* not closed, line:1/);
});

const shipped = readdirSync('templates', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.liquid'));

test.each(shipped)('%s: a broken one stops the start, with file and line', async (name) => {
  const file = join(folder, name);
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  await writeFile(file, [...lines, '{{ details.nobody_knows_this }}'].join('\n'));
  const settings = readSettings({
    ...{
      SLACK_BOT_TOKEN: 'xoxb-1',
      SLACK_SIGNING_SECRET: 'signing-secret',
      SMTP_URL: 'smtp://127.0.0.1:1',
      MAIL_FROM: 'bot@clinic.example',
    },
    ...{ PAGERDUTY_API_TOKEN: 'token', PAGERDUTY_FROM_EMAIL: 'bot@clinic.example', PAGERDUTY_WEBHOOK_SECRET: 'secret' },
    ...{ AUDIT_DATABASE_URL: 'postgresql://127.0.0.1:1/clinic', PRIVACY_OFFICER_EMAIL: 'privacy@clinic.example' },
    // Nothing listens there: a start that gets past the templates fails for another reason than the one expected here.
    ...{ DATABASE_URL: 'postgresql://127.0.0.1:1/store', TEMPLATES_DIR: folder },
  });
  await expect(start(settings, openLog('silent'))).rejects.toThrow(
    new RegExp(`^${name}: undefined variable: .*, line:${lines.length + 1}`),
  );
});

test('a template can read no file', async () => {
  await writeFile(join(folder, 'slack/update.liquid'), "{% include '../../package.json' %}");
  await expect(loadTemplates(folder, DEFAULT_POLICY)).rejects.toThrow('slack/update.liquid');
});

test('a missing template is named', async () => {
  await rm(join(folder, 'slack/resolution.liquid'));
  await expect(loadTemplates(folder, DEFAULT_POLICY)).rejects.toThrow('slack/resolution.liquid: there is no such template');
});

test.each([
  ['one line of 20,000 characters', 'x'.repeat(20_000)],
  ['5,000 lines', 'line\n'.repeat(5_000)],
  ['ampersands at every cut', '&amp;'.repeat(5_000)],
  ['emoji', '👩‍⚕️'.repeat(3_000)],
])('a message of %s stays within what Slack takes', (_name, text) => {
  const message = slackMessage(`${text}\n---\n${text}`);
  expect(parseBlocks(message.blocks, 50)).not.toBeNull();
  expect(message.text.length).toBeLessThanOrEqual(4_000);
});
