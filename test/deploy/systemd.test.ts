import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isInstalled, read, readEnvironmentFile, settingsOf, startCommand } from '#harness/deployment.ts';

const UNIT = 'deploy/systemd/gapwatch.service';
const entries = read(UNIT)
  .split('\n')
  .filter((line) => /^\w+=/.test(line))
  .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
const valuesOf = (key: string) => entries.filter(([name]) => name === key).map(([, value]) => value);

test('it starts as npm start does, with the lock file’s Node', () => {
  const [program, ...rest] = startCommand();
  expect(program).toBe('node');
  expect(valuesOf('ExecStart')).toEqual([`/opt/gapwatch/node_modules/node/bin/node ${rest.join(' ')}`]);
});

test('its settings are settings, and what it writes lies in its state folder', () => {
  const environment = Object.fromEntries(valuesOf('Environment').flatMap((line) => line.split(' ').map((pair) => pair.split('='))));
  const settings = settingsOf({ ...readEnvironmentFile('deploy/kubernetes/example/settings.env'), ...environment });
  expect(valuesOf('StateDirectory')).toEqual(['gapwatch']);
  for (const path of [settings.GAPWATCH_DATA_DIR, settings.REPORTS_DIR]) expect(path).toMatch(/^\/var\/lib\/gapwatch\//);
});

test('only the bot is told to stop: the embedded PostgreSQL is stopped by it', () => {
  expect(valuesOf('KillMode')).toEqual(['mixed']);
});

const hasSystemd = isInstalled('systemd-analyze');

test.skipIf(!hasSystemd)('systemd-analyze verify has nothing to say (skipped without systemd)', () => {
  // Where the program lies on this machine: systemd looks whether it can be run.
  const folder = mkdtempSync(join(tmpdir(), 'gapwatch-unit-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const unit = join(folder, 'gapwatch.service');
  writeFileSync(unit, read(UNIT).replace('/opt/gapwatch/node_modules', resolve('node_modules')));
  expect(execFileSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8', stdio: 'pipe' })).toBe('');
});

test.skipIf(!hasSystemd)('systemd-analyze security sees an exposure under 2.0 (skipped without systemd)', () => {
  const answer = execFileSync('systemd-analyze', ['security', '--no-pager', '--offline=true', '--threshold=20', UNIT], {
    encoding: 'utf8',
  });
  const [, level] = /Overall exposure level for gapwatch\.service: (\d+\.\d+)/.exec(answer) ?? [];
  expect(Number(level)).toBeLessThan(2);
});
