import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { promtool } from './programs.ts';

const rulesSchema = z.object({
  groups: z.array(z.looseObject({ name: z.string(), rules: z.array(z.looseObject({ alert: z.string(), expr: z.string() })) })),
});
const FOLDER = 'monitoring/prometheus';
const dashboardSchema = z.object({ panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })) })) });

const testsIn = (where: string) => ['rules.test.yml', 'rules-of-a-day.test.yml'].map((name) => join(where, name));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gapwatch-rules-'));
  await cp(FOLDER, folder, { recursive: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the rules and the configuration are well formed, and their tests pass', async () => {
  expect(await promtool('check', 'config', join(FOLDER, 'prometheus.yml'))).toContain('SUCCESS');
  expect(await promtool('test', 'rules', ...testsIn(FOLDER))).toContain('SUCCESS');
});

test('each rule that is broken fails them', async () => {
  const rules = rulesSchema.parse(parse(await readFile(join(FOLDER, 'rules.yml'), 'utf8')));
  const names = rules.groups.flatMap((group) => group.rules.map(({ alert }) => alert));
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) {
    for (const expr of ['vector(0) > 1', 'vector(1)']) {
      const broken = rules.groups.map((group) => ({
        ...group,
        rules: group.rules.map((rule) => (rule.alert === name ? { ...rule, expr } : rule)),
      }));
      await writeFile(join(folder, 'rules.yml'), stringify({ groups: broken }));
      await expect(promtool('test', 'rules', ...testsIn(folder)), `${name}: ${expr}`).rejects.toThrow();
    }
  }
});

test('every panel of the dashboard asks something that Prometheus understands', async () => {
  const { panels } = dashboardSchema.parse(JSON.parse(await readFile('monitoring/grafana/audit-log.json', 'utf8')));
  const rules = panels.flatMap(({ title, targets }, panel) =>
    targets.map(({ expr }, index) => ({ record: `panel_${panel}_${index}`, expr, labels: { title } })),
  );
  await writeFile(join(folder, 'dashboard.yml'), stringify({ groups: [{ name: 'dashboard', rules }] }));
  expect(await promtool('check', 'rules', join(folder, 'dashboard.yml'))).toContain('SUCCESS');
});
