import { expect, test } from 'vitest';
import { readPolicy } from '#app/policy-file.ts';
import { readSettings } from '#app/settings.ts';
import { DEFAULT_POLICY } from '#domain/base/policy.ts';

const good = {
  SLACK_BOT_TOKEN: 'xoxb-1',
  SLACK_SIGNING_SECRET: 'signing-secret',
  PAGERDUTY_API_TOKEN: 'token',
  PAGERDUTY_FROM_EMAIL: 'bot@clinic.example',
  PAGERDUTY_WEBHOOK_SECRET: 'secret',
  AUDIT_DATABASE_URL: 'postgresql://reader@db/clinic',
  SMTP_URL: 'smtp://mail:587',
  MAIL_FROM: 'bot@clinic.example',
  PRIVACY_OFFICER_EMAIL: 'privacy@clinic.example',
};

const messageOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return 'nothing was wrong';
};

test('every wrong setting is named in one message, and no value is shown', () => {
  const message = messageOf(() =>
    readSettings({ ...good, PORT: 'eighty', SLACK_BOT_TOKEN: 'hunter2', SMTP_URL: ' ', MAIL_FROM: 'nobody' }),
  );
  expect(message).toContain('4 settings are wrong');
  for (const name of ['PORT is malformed', 'SLACK_BOT_TOKEN is malformed', 'SMTP_URL is missing', 'MAIL_FROM is malformed'])
    expect(message).toContain(name);
  expect(message).not.toContain('hunter2');
});

test('without a signing secret an app token is needed, and with one it is enough', () => {
  expect(messageOf(() => readSettings({ ...good, SLACK_SIGNING_SECRET: '' }))).toContain('SLACK_SIGNING_SECRET is missing');
  expect(readSettings({ ...good, SLACK_SIGNING_SECRET: '', SLACK_APP_TOKEN: 'xapp-1' }).SLACK_APP_TOKEN).toBe('xapp-1');
});

test('what is left out has its default', () => {
  expect(readSettings(good)).toMatchObject({ PORT: 3000, HOST: '127.0.0.1', SLACK_CHANNEL: '#incidents', AUDIT_TABLE: 'AuditLog' });
});

test('an empty policy is the runbook', () => {
  expect(readPolicy('')).toEqual(DEFAULT_POLICY);
});

test('the policy that the project ships is the runbook too', async () => {
  const { readFile } = await import('node:fs/promises');
  expect(readPolicy(await readFile('runbook.yaml', 'utf8'))).toEqual(DEFAULT_POLICY);
});

test('an unknown key is refused with the nearest known one, together with every other mistake', () => {
  const message = messageOf(() => readPolicy('claim_withn: 5m\ngap: { tolerence: 5m, alert_after: 5 }\nupdates: { every: 10x }\n'));
  expect(message).toContain('claim_withn: unknown key. Did you mean "claim_within"?');
  expect(message).toContain('gap.tolerence: unknown key. Did you mean "tolerance"?');
  expect(message).toContain('gap.alert_after: expected a duration with its unit');
  expect(message).toContain('updates.every: expected a duration with its unit, such as 30s, 5m, 24h or 90d, not "10x"');
});

test('text that is no YAML is told with its place', () => {
  expect(messageOf(() => readPolicy('a: [1, 2'))).toContain('runbook.yaml: ');
});
