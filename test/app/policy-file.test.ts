import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadPolicy, PolicyError, readPolicy } from '#app/policy-file.ts';
import { knownKeys, policyForm } from '#app/policy-form.ts';
import { DEFAULT_POLICY } from '#domain/base/policy.ts';
import { DAY, HOUR, MINUTE, SECOND } from '#domain/base/time.ts';

/** What is said of a policy that has mistakes. */
function refusal(text: string): string {
  try {
    readPolicy(text);
  } catch (error) {
    if (error instanceof PolicyError) return error.message;
    throw error;
  }
  return 'nothing was wrong';
}

describe('what is right', () => {
  test.each([
    ['', 'nothing'],
    ['# all of it is a comment\n', 'a comment'],
    ['watch: {}\ngap: {}\napprovals: {}\nexpected_rate: {}\n', 'empty sections'],
  ])('an empty policy is the runbook: %j', (text) => {
    expect(readPolicy(text)).toEqual(DEFAULT_POLICY);
  });

  test('the policy that the project ships is the runbook too', async () => {
    expect(readPolicy(await readFile('runbook.yaml', 'utf8'))).toEqual(DEFAULT_POLICY);
  });

  test('a remedy takes two people while nobody is named who may approve, whatever else is said', () => {
    expect(readPolicy('approvals: { two_person: false }').twoPerson).toBe(true);
    expect(readPolicy('approvals: { approvers: U0000000001, two_person: false }').twoPerson).toBe(false);
  });

  test('the runbook’s figures', () => {
    expect(DEFAULT_POLICY).toMatchObject({
      claimWithin: 5 * MINUTE,
      updates: { every: 5 * MINUTE, delivery: 'broadcast' },
      target: 15 * MINUTE,
      gap: { tolerance: 5 * MINUTE, alertAfter: 2 * MINUTE },
      watch: { every: 15 * SECOND, mode: 'off', probeEvery: 5 * MINUTE, timeZone: 'UTC', quietFloor: 30, dropFloor: 100 },
      expectedRate: { environment: 'production', lowest: 50, highest: 500 },
      archive: { olderThan: 90 * DAY },
      disk: { alertPercent: 85, targetPercent: 75 },
      approvers: [],
      twoPerson: true,
      migrations: null,
      hotfixWorkflow: 'deploy-production.yml',
    });
    expect(DEFAULT_POLICY.columns).toEqual([]);
    expect(DEFAULT_POLICY.probe).toEqual({ insert: null });
    expect(DEFAULT_POLICY.escalations.map(({ when, after }) => [when, after])).toEqual([
      ['incident', 15 * MINUTE],
      ['gap', 30 * MINUTE],
      ['gap', 24 * HOUR],
    ]);
  });

  test('one key set leaves its neighbors at their figures', () => {
    const { watch, expectedRate, approvers, migrations } = readPolicy(`
      watch: { mode: alert }
      expected_rate: { environment: staging, staging: [3, 4] }
      approvals: { approvers: S0123 }
      recreate_table: { command: [npx, prisma, db, push, --accept-data-loss], directory: /srv, accept_data_loss: true }
    `);
    expect(watch).toEqual({ ...DEFAULT_POLICY.watch, mode: 'alert' });
    expect(expectedRate).toEqual({ environment: 'staging', lowest: 3, highest: 4 });
    expect(approvers).toEqual(['S0123']);
    expect(migrations).toEqual({ command: ['npx', 'prisma', 'db', 'push', '--accept-data-loss'], directory: '/srv' });
  });
});

describe('a misspelled key', () => {
  test.each([
    ['claim_withn: 5m', 'claim_withn', 'claim_within'],
    ['gap: { tolerence: 5m }', 'gap.tolerence', 'tolerance'],
    ['archive: { olderthan: 90d }', 'archive.olderthan', 'older_than'],
    ['gap: { alertAfter: 2m }', 'gap.alertAfter', 'alert_after'],
    ['approvals: { two_persons: true }', 'approvals.two_persons', 'two_person'],
    ['hotfix: { workflows: a.yml }', 'hotfix.workflows', 'workflow'],
    ['recreate_table: { command: [a], directory: b, accept_dataloss: true }', 'recreate_table.accept_dataloss', 'accept_data_loss'],
    ['contacts: { senior-engineer: { slak: U1 } }', 'contacts.senior-engineer.slak', 'slack'],
    ['escalations: [{ when: gap, after: 1h, notify: [a], sai: x, say: y }]', 'escalations.0.sai', 'say'],
    ['operations: [{ name: a, url: "https://a.example", expect: { action: A, resorce: B } }]', 'operations.0.expect.resorce', 'resource'],
    ['runbooks: { databse-failure: "https://a.example" }', 'runbooks.databse-failure', 'database-failure'],
  ])('%s → %s: "%s"', (text, place, meant) => {
    const said = refusal(text);
    expect(said).toContain(`${place}: unknown key. Did you mean "${meant}"? Known here: `);
  });

  test.each([
    ['archive: { slack: U1 }', 'archive.slack: unknown key. Known here: older_than'],
    ['disk: { olderthan: 90d }', 'disk.olderthan: unknown key. Known here: alert_percent, target_percent'],
    ['contacts: { security-officer: { phone: 1 } }', 'contacts.security-officer.phone: unknown key. Known here: slack, email'],
  ])('%s is near to nothing that is known there, so nothing is suggested', (text, line) => {
    expect(refusal(text)).toBe(`runbook.yaml has mistakes:\n  ${line}`);
  });

  test.each(placesWithKeys())('at $name: another key is answered with every key known there', ({ place }) => {
    expect(knownKeys(place).length).toBeGreaterThan(0);
    expect(refusal(JSON.stringify(nestedIn(place, { qqqqqqqqqqqq: 1 })))).toContain(`Known here: ${knownKeys(place).join(', ')}`);
  });
});

test.each(placesWithKeys())('at $name: every key known there is suggested when a letter of it is typed twice', ({ place }) => {
  for (const key of knownKeys(place)) {
    const misspelled = `${key.slice(0, 2)}${key.slice(1)}`;
    expect(refusal(JSON.stringify(nestedIn(place, { [misspelled]: 1 })))).toContain(`${misspelled}: unknown key. Did you mean "${key}"?`);
  }
});

/** Every place of the policy that has keys of its own, found in the schema itself. */
function placesWithKeys(): readonly { readonly name: string; readonly place: readonly (string | number)[] }[] {
  const found: (readonly (string | number)[])[] = [];
  const walk = (form: ReturnType<typeof policyForm>, place: readonly (string | number)[]): void => {
    if (knownKeys(place).length > 0) found.push(place);
    for (const [key, inner] of Object.entries(form.properties ?? {})) walk(inner, [...place, key]);
    if (typeof form.additionalProperties === 'object') walk(form.additionalProperties, [...place, 'some-role']);
    if (typeof form.items === 'object') walk(form.items, [...place, 0]);
  };
  walk(policyForm(), []);
  return found.map((place) => ({ name: place.join('.') || 'the top', place }));
}

function nestedIn(place: readonly (string | number)[], innermost: unknown): unknown {
  return place.reduceRight<unknown>((inner, step) => (typeof step === 'number' ? [inner] : { [step]: inner }), innermost);
}

describe('a wrong value', () => {
  test.each([
    ['gap: { alert_after: 5 }', 'gap.alert_after: expected a duration with its unit, such as 30s, 5m, 24h or 90d'],
    ['updates: { every: 10x }', 'updates.every: expected a duration with its unit, such as 30s, 5m, 24h or 90d, not "10x"'],
    ['target: 0m', 'target: expected a duration with its unit, such as 30s, 5m, 24h or 90d, not "0m"'],
    ['acknowledge: later', 'acknowledge: expected automatic or on-claim, not "later"'],
    ['updates: { delivery: 3 }', 'updates.delivery: expected broadcast, thread or channel, not 3'],
    ['alerts: []', 'alerts: expected a list of at least 1'],
    ['alerts: AuditLog', 'alerts: expected a list'],
    ['alerts: [A]', 'alerts.0: expected a text of at least 3 characters'],
    ['disk: { alert_percent: 120 }', 'disk.alert_percent: expected a number from 1 to 99'],
    ['watch: { time_zone: Mars/Olympus }', 'watch.time_zone: expected a time zone such as America/New_York'],
    ['watch: { quiet_floor: 1.5 }', 'watch.quiet_floor: expected a whole number from 1 to 10000'],
    ['expected_rate: { staging: [5, 1] }', 'expected_rate.staging: expected two numbers, [lowest, highest]'],
    ['expected_rate: { staging: 5 }', 'expected_rate.staging: expected two numbers, [lowest, highest]'],
    ['probe: { insert: "insert into t values (1); drop table t" }', 'probe.insert: expected one INSERT statement'],
    ['columns: { id: TEXT }', 'columns.id: expected a type, such as text or text not null'],
    ['contacts: { Boss: { slack: U1 } }', 'contacts.Boss: expected a role in lower case, such as senior-engineer'],
    ['contacts: { boss: { email: boss } }', 'contacts.boss.email: expected an e-mail address'],
    [
      'approvals: { approvers: everybody }',
      'approvals.approvers: expected a Slack ID such as U0123456789, or S0123456789 for a user group',
    ],
    [
      'approvals: { approvers: 3 }',
      'approvals.approvers: expected a Slack ID such as U0123456789 (S0123456789 for a user group), or a list of them',
    ],
    ['approvals: { two_person: "no" }', 'approvals.two_person: expected true or false'],
    ['archive:', 'archive: is empty: give it a value, or leave the key out'],
    ['escalations: [{ when: gap, after: 1h, notify: [a] }]', 'escalations.0.say: is missing, and needed here'],
    ['recreate_table: { command: [push, --force-reset], directory: /srv }', 'recreate_table: --force-reset drops the whole database'],
    ['recreate_table: { command: [push, --accept-data-loss], directory: /srv }', 'If that is meant, set accept_data_loss: true beside it'],
    ['phi_paths: [patients]', 'phi_paths.0: expected a path that begins with /'],
    ['runbooks: { database-failure: wiki }', 'runbooks.database-failure: expected an http(s) URL'],
    ['- a list', 'expected keys and values'],
    ['just text', 'expected keys and values'],
  ])('%s', (text, words) => {
    expect(refusal(text)).toContain(words);
  });

  test('all mistakes are told at once', () => {
    const said = refusal(
      'claim_withn: 5m\ngap: { tolerence: 5m, alert_after: 5 }\nupdates: { every: 10x }\ncontacts: { a: { slak: 1 } }\n',
    );
    expect(said.split('\n')).toHaveLength(6);
  });

  test('text that is no YAML is told with its place', () => {
    expect(refusal('a: [1, 2')).toContain('runbook.yaml: ');
    expect(refusal('a: *nowhere')).toContain('runbook.yaml: ');
  });
});

describe('the file', () => {
  test('only the default name may be absent', async () => {
    await expect(loadPolicy('/nowhere/runbook.yaml')).rejects.toThrow(
      'RUNBOOK_FILE names /nowhere/runbook.yaml, and there is no such file: correct the name, or leave RUNBOOK_FILE empty.',
    );
    await expect(loadPolicy(tmpdir())).rejects.toThrow("and it can't be read as a file.");
  });

  test('a mistake names the file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gapwatch-policy-'));
    const file = join(folder, 'ours.yaml');
    await writeFile(file, 'taget: 15m\n');
    await expect(loadPolicy(file)).rejects.toThrow(`${file} has mistakes:\n  taget: unknown key. Did you mean "target"?`);
    await rm(folder, { recursive: true });
  });
});
