import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '#sandbox/free-port.ts';
import { openSandbox, type Sandbox } from '#sandbox/sandbox.ts';
import { visibleText } from '#sandbox/stand-ins/slack/slack.ts';
import { type Program, starts } from './programs.ts';

const SPEED = 60;

/** Real Prometheus scrapes the real bot, real Alertmanager tells PagerDuty's stand-in, whose webhook reaches the bot. Time runs sixty times as fast. */
describe('a broken audit log, seen by Prometheus', () => {
  let folder: string;
  let sandbox: Sandbox;
  const programs: Program[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gapwatch-monitoring-'));
    // As root PostgreSQL runs as another user, who must be able to pass.
    await chmod(folder, 0o755);
    sandbox = await openSandbox({
      folder: join(folder, 'sandbox'),
      speed: SPEED,
      onLog: () => undefined,
      policy: 'watch: { mode: measure }',
    });
    const [prometheus, alertmanager] = [await freePort(), await freePort()];
    await configure(folder, sandbox, { prometheus, alertmanager });
    programs.push(
      await starts('prometheus-alertmanager', [
        `--config.file=${join(folder, 'alertmanager.yml')}`,
        `--storage.path=${join(folder, 'alertmanager')}`,
        `--web.listen-address=127.0.0.1:${alertmanager}`,
        '--cluster.listen-address=',
      ]),
      await starts('prometheus', [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'prometheus')}`,
        `--web.listen-address=127.0.0.1:${prometheus}`,
        '--rules.alert.resend-delay=2s',
      ]),
    );
  });
  afterAll(async () => {
    for (const program of programs) await program.end();
    await sandbox?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const alert = () => [...sandbox.pagerduty.incidents.values()].find(({ title }) => title.includes('AuditLogWriteFailure'));

  test('writes are refused → the rule fires, PagerDuty has the alert, the bot opens the incident', async () => {
    await sandbox.breakages.breaks('revoked-right');
    await expect
      .poll(() => alert()?.title, { message: programs.map(({ output }) => output()).join('\n') })
      .toBe('AuditLogWriteError: AuditLogWriteFailure: Audit log writes are failing');
    await expect.poll(() => sandbox.slack.messages.map(visibleText).join('\n')).toContain('CRITICAL: HIPAA Audit Log Failure');
    await expect.poll(() => alert()?.status).toBe('acknowledged');
  });

  test('writes are possible again → the rule ends, PagerDuty’s alert is resolved, and the bot says so', async () => {
    await sandbox.breakages.repairs();
    await expect.poll(() => alert()?.status).toBe('resolved');
    await expect.poll(() => sandbox.slack.messages.map(visibleText).join('\n')).toContain('Audit records are being written again');
  });
});

type Ports = { readonly prometheus: number; readonly alertmanager: number };

/** The shipped files, with the addresses of this run, and minutes as seconds since time runs sixty times as fast. */
async function configure(folder: string, { botUrl, pagerduty }: Sandbox, ports: Ports): Promise<void> {
  const shipped = (name: string) => readFile(join('monitoring', name), 'utf8');
  const faster = (text: string) =>
    text
      .replaceAll(/\b(\d+)m\b/g, '$1s')
      .replaceAll('15s', '1s')
      .replaceAll('1h]', '1m]');
  const rules = faster(await shipped('prometheus/rules.yml')).replaceAll('[5s]', '[10s]');
  const prometheus = faster(await shipped('prometheus/prometheus.yml'))
    .replace('127.0.0.1:3000', new URL(botUrl).host)
    .replace('127.0.0.1:9093', `127.0.0.1:${ports.alertmanager}`);
  const keyFile = join(folder, 'pagerduty-routing-key');
  const alertmanager = (await shipped('alertmanager/alertmanager.yml'))
    .replace('/etc/alertmanager/pagerduty-routing-key', keyFile)
    .replace('group_wait: 5s', 'group_wait: 1s')
    .replace('group_interval: 1m', 'group_interval: 1s')
    .replace('- routing_key_file', `- url: ${pagerduty.apiUrl}/v2/enqueue\n        routing_key_file`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'rules.yml'), rules);
  await writeFile(join(folder, 'prometheus.yml'), prometheus);
  await writeFile(join(folder, 'alertmanager.yml'), alertmanager);
  await writeFile(keyFile, pagerduty.routingKey);
}
