import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { story } from '#harness/world.ts';

const read = (file: string) => readFileSync(file, 'utf8');
const ruleSchema = z.looseObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.object({ severity: z.string() }),
});
const rules = z
  .object({ groups: z.array(z.object({ rules: z.array(ruleSchema) })) })
  .parse(parse(read('monitoring/prometheus/rules.yml')))
  .groups.flatMap((group) => group.rules);

test('the runbook’s three rules stand there word for word', () => {
  const [, block = ''] = /# \/infra\/monitoring\/prometheus-alerts\.yaml\n([\s\S]*?)```/.exec(read('docs/runbook.md')) ?? [];
  const expected = z.array(ruleSchema).parse(parseAllDocuments(block)[0]?.toJS());
  expect(expected.map(({ alert }) => alert)).toEqual(['AuditLogWriteFailure', 'AuditLogCountDrop', 'AuditLogDiskFull']);
  for (const { alert, expr, for: length, labels } of expected) {
    expect(rules.find((rule) => rule.alert === alert)).toMatchObject({ expr, for: length, labels });
  }
});

test('every rule has a test in which it fires', () => {
  const fired = ['rules.test.yml', 'rules-of-a-day.test.yml'].flatMap((name) => {
    const { tests } = z
      .object({
        tests: z.array(z.object({ alert_rule_test: z.array(z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) })) })),
      })
      .parse(parse(read(`monitoring/prometheus/${name}`)));
    return tests.flatMap(({ alert_rule_test }) =>
      alert_rule_test.flatMap(({ alertname, exp_alerts }) => (exp_alerts.length > 0 ? [alertname] : [])),
    );
  });
  for (const { alert } of rules) expect(fired).toContain(alert);
});

story('what rules and dashboard ask for is under /metrics', async ({ world }) => {
  await world.starts('watch: { mode: measure }');
  await world.settles();
  const text = await (await fetch(`${world.botUrl()}/metrics`)).text();
  const exposed = new Set([...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name));
  const asked = `${rules.map(({ expr }) => expr).join('\n')}${read('monitoring/grafana/audit-log.json')}`;
  const names = new Set(
    [...asked.matchAll(/\b(?:gapwatch|audit_log|database_disk)_[a-z_]+/g)].map(([name]) =>
      name.replace(/_(bucket|count)$/, (end) => (name === 'audit_log_count' ? end : '')),
    ),
  );
  expect(names.size).toBeGreaterThan(10);
  for (const name of names) expect([...exposed]).toContain(name);
  expect(text).toMatch(/^# TYPE audit_log_count counter$/m);
  expect(text).toMatch(/^# TYPE audit_log_errors_total counter$/m);
});
