import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { story, type World } from '#harness/world.ts';

const run = promisify(execFile);

/** What the doctor prints, and its exit code. */
async function doctor(environment: Readonly<Record<string, string>>, ...options: readonly string[]) {
  const env = { PATH: process.env.PATH ?? '', ...environment };
  return run(process.execPath, ['src/cli.ts', 'doctor', ...options], { env }).then(
    ({ stdout }) => ({ said: stdout, code: 0 }),
    (error: { readonly stdout: string; readonly code: number }) => ({ said: error.stdout, code: error.code }),
  );
}

function forTheWatch({ environment }: World): Readonly<Record<string, string>> {
  const { AUDIT_DATABASE_URL = '', AUDIT_WRITER_DATABASE_URL = '', PAGERDUTY_ROUTING_KEY = '', DATABASE_URL = '' } = environment;
  return { AUDIT_DATABASE_URL, AUDIT_WRITER_DATABASE_URL, PAGERDUTY_ROUTING_KEY, DATABASE_URL };
}

story('doctor --watch looks at what the watch by itself needs, and asks for nothing of the bot’s', async ({ world }) => {
  const { said, code } = await doctor(forTheWatch(world), '--watch');
  expect(said).toContain('ok    audit table (AUDIT_DATABASE_URL, AUDIT_TABLE): public.AuditLog found\n');
  expect(said).toContain('ok    the watch (watch.mode, PAGERDUTY_ROUTING_KEY): on, its alarms go to PagerDuty; it has made no round yet');
  expect(said).toContain('All is well.');
  expect(said).not.toContain('Slack');
  expect(code).toBe(0);
});

story('doctor --watch without anybody to tell, and with a table that is not there → what is wrong, and what to do', async ({ world }) => {
  const { DATABASE_URL: _store, PAGERDUTY_ROUTING_KEY: _key, ...rest } = forTheWatch(world);
  const folder = await mkdtemp(join(tmpdir(), 'gapwatch-doctor-'));
  await chmod(folder, 0o755);
  const { said, code } = await doctor({ ...rest, GAPWATCH_DATA_DIR: folder, AUDIT_TABLE: 'audit_logs' }, '--watch');
  await rm(folder, { recursive: true, force: true });
  expect(said).toContain('WRONG audit table (AUDIT_DATABASE_URL, AUDIT_TABLE): there is no table named audit_logs (AUDIT_TABLE)');
  expect(said).toContain('it has nobody to tell: set PAGERDUTY_ROUTING_KEY, or the DATABASE_URL of a bot');
  expect(said).toContain('2 things to fix.');
  expect(code).toBe(1);
});

story('doctor looks at the bot and its services', async ({ world }) => {
  const { said } = await doctor(world.environment);
  for (const what of [
    'Slack token',
    'Slack channel',
    'PagerDuty (PAGERDUTY_API_TOKEN)',
    'mail server',
    'store',
    'audit table',
    'DigitalOcean cluster',
  ])
    expect(said).toContain(`ok    ${what}`);
  expect(said).toContain('ok    the watch (watch.mode, PAGERDUTY_ROUTING_KEY): off in the bot');
});

story('doctor with an option that it has not → which there are', async () => {
  const { said, code } = await doctor({}, '--wach');
  expect(said).toContain('doctor takes no option --wach: expected none (the bot), or --watch (the watch by itself).');
  expect(code).toBe(2);
});
