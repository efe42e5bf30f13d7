import { expect, test } from 'vitest';
import { commitSchema, deploymentSchema } from '#domain/checks/deploys.ts';
import { planRestart } from '#domain/remedies/restart.ts';
import { planRollback } from '#domain/remedies/rollback.ts';

const now = new Date('2026-01-05T12:00:00Z');
const CAUSE = 'manual by zelda.quux@clinic.example for patient MRN-8812345';

test('who deployed and for which patient is in no plan of a remedy', () => {
  const deployment = (id: string, minutesAgo: number, phase: string) =>
    deploymentSchema.parse({ id, at: new Date(now.getTime() - minutesAgo * 60_000), phase, cause: CAUSE });
  const deployments = [deployment('d1', 10, 'ACTIVE'), deployment('d0', 90, 'SUPERSEDED')];
  const plans = JSON.stringify([planRestart(deployments, now), planRollback(deployments, 'd0', [], now)]);
  expect(plans).toContain('manual by [email] for patient');
  expect(plans).not.toMatch(/zelda|quux|8812345/);
});

test("a commit's title keeps its words and loses its identities", () => {
  const commit = { id: 'aaaaaaa1', at: now, title: 'Fix audit of patient Zelda Quux (#1234)', url: '', touchesAuditCode: true };
  expect(commitSchema.parse(commit).title).toBe('Fix audit of patient [name] (#1234)');
});
