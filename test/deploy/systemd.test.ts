import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { isInstalled, read, readEnvironmentFile, settingsOf, startCommand } from '#harness/deployment.ts';

const UNIT = 'deploy/systemd/gapwatch.service';
const entries = read(UNIT)
  .replaceAll('\\\n', '')
  .split('\n')
  .filter((line) => /^\w+=/.test(line))
  .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
const valuesOf = (key: string) => entries.filter(([name]) => name === key).map(([, value]) => value);
const [, ...words] = (valuesOf('ExecStart')[0] ?? '').split(/ +/);
const isVariable = (word: string) => /^[A-Z_]+=/.test(word);

test('it starts as npm start does, with the lock file’s Node', () => {
  const [program, ...rest] = startCommand();
  expect(program).toBe('node');
  expect(words.filter((word) => !isVariable(word))).toEqual(['/opt/gapwatch/node_modules/node/bin/node', ...rest]);
});

test('what it writes lies in its state folder, also with the example’s empty lines in its file', () => {
  const own = Object.fromEntries(words.filter(isVariable).map((word) => word.split('=')));
  const empty = readEnvironmentFile('.env.example');
  const settings = settingsOf({ ...empty, ...readEnvironmentFile('deploy/kubernetes/example/settings.env'), ...own });
  expect(Object.keys(empty)).toContain('GAPWATCH_DATA_DIR');
  expect(valuesOf('Environment')).toEqual([]);
  expect(valuesOf('StateDirectory')).toEqual(['gapwatch']);
  for (const path of [settings.GAPWATCH_DATA_DIR, settings.REPORTS_DIR]) expect(path).toMatch(/^\/var\/lib\/gapwatch\//);
});

test('only the bot is told to stop: the embedded PostgreSQL is stopped by it', () => {
  expect(valuesOf('KillMode')).toEqual(['mixed']);
});

const hasSystemd = isInstalled('systemd-analyze');

test.skipIf(!hasSystemd)('systemd-analyze verify has nothing to say (skipped without systemd)', () => {
  expect(execFileSync('systemd-analyze', ['verify', '--man=no', UNIT], { encoding: 'utf8', stdio: 'pipe' })).toBe('');
});

test.skipIf(!hasSystemd)('systemd-analyze security sees an exposure under 2.0 (skipped without systemd)', () => {
  const answer = execFileSync('systemd-analyze', ['security', '--no-pager', '--offline=true', '--threshold=20', UNIT], {
    encoding: 'utf8',
  });
  const [, level] = /Overall exposure level for gapwatch\.service: (\d+\.\d+)/.exec(answer) ?? [];
  expect(Number(level)).toBeLessThan(2);
});
