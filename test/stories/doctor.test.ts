import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { story, type World } from '#harness/world.ts';

const run = promisify(execFile);

/** What the doctor prints, and its exit code. */
async function doctor(environment: Readonly<Record<string, string>>, ...options: readonly string[]) {
  return gapwatch(process.cwd(), environment, 'doctor', ...options);
}

/** What a command prints that runs in `folder`, whose `.env` it reads, and its exit code. */
async function gapwatch(folder: string, environment: Readonly<Record<string, string>>, ...words: readonly string[]) {
  const env = { PATH: process.env.PATH ?? '', ...environment };
  return run(process.execPath, [resolve('src/cli.ts'), ...words], { cwd: folder, env }).then(
    ({ stdout }) => ({ said: stdout, code: 0 }),
    (error: { readonly stdout: string; readonly stderr: string; readonly code: number }) => ({
      said: `${error.stdout}${error.stderr}`,
      code: error.code,
    }),
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
  expect(said).toContain('4 things to fix.');
  expect(code).toBe(1);
});

story('doctor --watch tries a write once, and says what repairs it', async ({ world }) => {
  const well = await doctor(forTheWatch(world), '--watch');
  expect(well.said).toContain('ok    write probe (AUDIT_WRITER_DATABASE_URL, AUDIT_WRITER_ROLE): a test write was taken and undone.');
  expect(well.said).toContain('ok    clocks and time zones (AUDIT_TIMESTAMP_COLUMN, AUDIT_TIMESTAMP_ZONE): the clocks agree');
  await world.clinic.breaks();
  const { said } = await doctor({ ...forTheWatch(world), AUDIT_DATABASE_URL: 'postgresql://h1:5432,h2:5432/clinic' }, '--watch');
  expect(said).toContain('AUDIT_DATABASE_URL is malformed (it names several hosts');
  const broken = await doctor(forTheWatch(world), '--watch');
  expect(broken.said).toMatch(/WRONG write probe .*permission denied for table AuditLog, 42501\. GRANT INSERT ON "AuditLog" TO /);
  expect(broken.said).toContain('1 thing to fix.');
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

story('.env.example copied as it is → its empty values are absent for every command', async ({ world }) => {
  const folder = await mkdtemp(join(tmpdir(), 'gapwatch-empty-'));
  await chmod(folder, 0o755);
  await copyFile('.env.example', join(folder, '.env'));
  const environment = { TEMPLATES_DIR: resolve('templates') };
  const { AUDIT_DATABASE_URL = '' } = world.environment;
  try {
    expect(await gapwatch(folder, environment, 'verify')).toEqual({ said: 'Nothing is on record yet.\n', code: 0 });
    for (const command of ['report', 'export'])
      expect(await gapwatch(folder, environment, command, 'INC-1')).toEqual({ said: 'There is no INC-1 in this store.\n', code: 1 });
    expect((await gapwatch(folder, environment, 'templates')).said).toContain('Every template renders.');
    const { said } = await gapwatch(folder, { ...environment, AUDIT_DATABASE_URL }, 'doctor', '--watch');
    expect(said).toContain('ok    Gapwatch itself (its findings on record): nothing is known to be wrong');
    expect(said).toContain('ok    audit table (AUDIT_DATABASE_URL, AUDIT_TABLE): public.AuditLog found');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

story('a runbook file that is named and not there → every command says so in one sentence', async ({ world }) => {
  const RUNBOOK_FILE = '/nowhere/runbook.yaml';
  const { DATABASE_URL = '' } = world.environment;
  const sentence = `RUNBOOK_FILE names ${RUNBOOK_FILE}, and there is no such file: correct the name, or leave RUNBOOK_FILE empty.`;
  for (const words of [['verify'], ['report', 'INC-1'], ['export', 'INC-1']])
    expect(await gapwatch(process.cwd(), { DATABASE_URL, RUNBOOK_FILE }, ...words)).toEqual({
      said: `${sentence}\n`,
      code: words[0] === 'verify' ? 2 : 1,
    });
  const ofBot = await doctor({ ...world.environment, RUNBOOK_FILE });
  expect(ofBot.said).toContain(`WRONG policy and templates (RUNBOOK_FILE, TEMPLATES_DIR): ${sentence}`);
  expect(ofBot.code).toBe(1);
  const ofWatch = await doctor({ ...forTheWatch(world), RUNBOOK_FILE }, '--watch');
  expect(ofWatch.said).toContain(`WRONG the watch (watch.mode, PAGERDUTY_ROUTING_KEY): ${sentence}`);
});
