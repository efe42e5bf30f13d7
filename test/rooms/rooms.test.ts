import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const project = resolve(import.meta.dirname, '../..');
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gapwatch-rooms-'));
  await cp(join(project, 'biome.json'), join(folder, 'biome.json'));
  await cp(join(project, 'test/rooms/no-clock-no-chance.grit'), join(folder, 'test/rooms/no-clock-no-chance.grit'));
  await symlink(join(project, 'node_modules'), join(folder, 'node_modules'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** What Biome says of a file with this text at this place. */
async function lint(place: string, text: string): Promise<string> {
  await mkdir(dirname(join(folder, place)), { recursive: true });
  await writeFile(join(folder, place), text);
  const biome = join(project, 'node_modules/.bin/biome');
  return run(biome, ['lint', place], { cwd: folder }).then(
    ({ stdout, stderr }) => stdout + stderr,
    (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
  );
}

const use = (specifier: string) => `import * as other from '${specifier}';\n\nexport const kept = other;\n`;

test.each([
  ['src/domain/base/a.ts', 'node:fs/promises'],
  ['src/domain/base/a.ts', 'pg'],
  ['src/domain/base/a.ts', 'date-fns'],
  ['src/domain/base/a.ts', '#store/event-store.ts'],
  ['src/domain/base/a.ts', '#domain/audit-table/sql.ts'],
  ['src/domain/base/text/a.ts', '../time.ts'],
  ['src/domain/audit-table/a.ts', '#domain/gap/gap.ts'],
  ['src/domain/gap/a.ts', '#domain/checks/check.ts'],
  ['src/domain/checks/a.ts', '#domain/remedies/plan.ts'],
  ['src/domain/checks/a.ts', '#domain/incident/event.ts'],
  ['src/domain/remedies/a.ts', '#domain/incident/event.ts'],
  ['src/domain/incident/a.ts', '#domain/messages/view.ts'],
  ['src/domain/incident/a.ts', '#domain/watch/alarm.ts'],
  ['src/domain/messages/a.ts', '#domain/watch/alarm.ts'],
  ['src/domain/messages/a.ts', 'node:crypto'],
  ['src/domain/incident/a.ts', 'markdown-it'],
  ['src/domain/watch/a.ts', '#domain/incident/event.ts'],
  ['src/domain/watch/a.ts', '#domain/remedies/plan.ts'],
  ['packages/audit-writer/src/a.ts', '#domain/base/time.ts'],
  ['packages/audit-writer/src/a.ts', 'pg'],
  ['packages/audit-writer/src/a.ts', '../../../src/app/log.ts'],
  ['src/store/a.ts', '#services/slack/slack.ts'],
  ['src/store/a.ts', '#workflows/execute.ts'],
  ['src/services/a.ts', '#store/event-store.ts'],
  ['src/services/a.ts', 'pg-boss'],
  ['src/workflows/a.ts', '#bot/app.ts'],
  ['src/workflows/a.ts', '#http/server.ts'],
  ['src/workflows/a.ts', 'pg'],
  ['src/workflows/a.ts', '@slack/web-api'],
  ['src/bot/a.ts', '#services/slack/slack.ts'],
  ['src/bot/a.ts', '#http/server.ts'],
  ['src/bot/a.ts', 'nodemailer'],
  ['src/http/a.ts', '@slack/bolt'],
  ['src/http/a.ts', '#bot/app.ts'],
  ['src/http/a.ts', '#services/slack/slack.ts'],
])('%s may not import %s', async (place, specifier) => {
  expect(await lint(place, use(specifier))).toContain('noRestrictedImports');
});

test.each([
  ['src/domain/gap/a.ts', '#domain/base/time.ts'],
  ['src/domain/gap/a.ts', './gap.ts'],
  ['src/domain/base/a.ts', 'zod'],
  ['src/domain/base/a.ts', 'date-fns/format'],
  ['src/domain/base/a.ts', 'date-fns/lightFormat'],
  ['src/domain/incident/a.ts', '#domain/incident/outbox/message.ts'],
  ['src/domain/messages/a.ts', '#domain/incident/event.ts'],
  ['src/domain/messages/a.ts', 'markdown-it'],
  ['src/domain/watch/a.ts', '#domain/checks/check.ts'],
  ['src/store/a.ts', 'pg'],
  ['src/services/a.ts', '#domain/base/time.ts'],
  ['src/workflows/a.ts', '#services/slack/slack.ts'],
  ['src/bot/a.ts', '#workflows/execute.ts'],
  ['src/http/a.ts', '#workflows/execute.ts'],
])('%s may import %s', async (place, specifier) => {
  expect(await lint(place, use(specifier))).not.toContain('noRestrictedImports');
});

test.each(['Date.now()', 'new Date()', 'Math.random()', 'performance.now()'])('domain may not say %s', async (expression) => {
  expect(await lint('src/domain/base/a.ts', `export const value = ${expression};\n`)).toContain('reads no clock and takes no chance');
});

test('domain may make a Date of a given time', async () => {
  expect(await lint('src/domain/base/a.ts', 'export const value = (ms: number) => new Date(ms);\n')).not.toContain('reads no clock');
});

test('files that import each other are refused, be it for a type alone', async () => {
  await writeFile(join(folder, 'src/domain/base/one.ts'), "import type { Two } from './two.ts';\n\nexport type One = Two | 1;\n");
  expect(await lint('src/domain/base/two.ts', "import type { One } from './one.ts';\n\nexport type Two = One | 2;\n")).toContain(
    'noImportCycles',
  );
});

const longFunction = (lines: number) =>
  `export function long(): readonly number[] {\n  const all: number[] = [];\n${'  all.push(1);\n'.repeat(lines - 2)}  return all;\n}\n`;

test.each(['src/store/a.ts', 'packages/audit-writer/src/a.ts', 'sandbox/a.ts'])('%s may hold no function over 80 lines', async (place) => {
  expect(await lint(place, longFunction(90))).toContain('noExcessiveLinesPerFunction');
  expect(await lint(place, longFunction(70))).not.toContain('noExcessiveLinesPerFunction');
});

/** What `npm run check` says of the sizes when the source is one file with this text. */
async function sizes(text: string): Promise<string> {
  const source = await mkdtemp(join(folder, 'sizes-'));
  for (const each of ['src', 'packages/audit-writer/src', 'sandbox']) await mkdir(join(source, each), { recursive: true });
  await writeFile(join(source, 'src/a.ts'), text);
  return run(process.execPath, [join(project, 'test/rooms/sizes.ts')], { cwd: source }).then(
    () => 'fine',
    (error: { stderr: string }) => error.stderr,
  );
}

test.each([
  ['a function', 'export function act(): void {}\n', 'exported without a comment that says what it promises: src/a.ts: act'],
  ['an arrow function', 'export const act = async (): Promise<void> => undefined;\n', 'src/a.ts: act'],
  ['an arrow function of a named type', 'export const act: Route = (request) => undefined;\n', 'src/a.ts: act'],
  ['a file of 301 lines', '// one more\n'.repeat(301), 'over 300 lines: src/a.ts'],
])('%s is refused by the sizes', async (_what, text, says) => {
  expect(await sizes(text)).toContain(says);
});

test.each([
  ['a documented function', '/** Does nothing. */\nexport function act(): void {}\n'],
  ['a value', 'export const LIMIT = 3;\n'],
  ['overloads under one comment', '/** Does nothing. */\nexport function act(a: 1): void;\nexport function act(a: 2): void {}\n'],
])('%s passes the sizes', async (_what, text) => {
  expect(await sizes(text)).toBe('fine');
});
