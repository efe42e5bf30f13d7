import { expect, test } from 'vitest';
import { GROUPS, type SettingRow } from '#app/settings/row.ts';
import { SETTINGS } from '#app/settings/table.ts';
import { readSettings, readStoreSettings, readTextSettings, readWatchSettings } from '#app/settings.ts';

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

const rows: readonly (readonly [string, SettingRow])[] = Object.entries(SETTINGS);
const everyOneEmpty = Object.fromEntries(rows.map(([name]) => [name, '']));

const messageOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return 'nothing was wrong';
};

test('every wrong setting is named in one message, with what is expected and where it comes from, and no value is shown', () => {
  const message = messageOf(() =>
    readSettings({
      ...good,
      PORT: 'eighty',
      SLACK_BOT_TOKEN: 'hunter2',
      SMTP_URL: ' ',
      MAIL_FROM: 'nobody',
      DATABASE_URL: 'mysql://hunter3',
    }),
  );
  expect(message).toBe(
    [
      '5 settings are wrong (environment or .env; .env.example lists them all):',
      '  PORT is malformed: expected a port from 0 to 65535. From: your choice; 3000 unless set.',
      '  DATABASE_URL is malformed (it does not begin with postgresql://): expected postgresql://user:password@host/database. From: your PostgreSQL server; absent, the embedded one is used.',
      '  SLACK_BOT_TOKEN is malformed: expected a token that starts with xoxb-. From: Slack app → OAuth & Permissions → Bot User OAuth Token.',
      '  SMTP_URL is missing: expected smtp://user:password@host:587 or smtps://user:password@host:465; write @ : / # ? % in user or password as %40 %3A %2F %23 %3F %25. From: your mail server.',
      '  MAIL_FROM is malformed: expected an e-mail address, or Name <address>. From: your mail server: an address it may send from.',
    ].join('\n'),
  );
});

test('without a signing secret an app token is needed, and with one it is enough', () => {
  expect(messageOf(() => readSettings({ ...good, SLACK_SIGNING_SECRET: '' }))).toContain('SLACK_SIGNING_SECRET is missing');
  expect(readSettings({ ...good, SLACK_SIGNING_SECRET: '', SLACK_APP_TOKEN: 'xapp-1' }).SLACK_APP_TOKEN).toBe('xapp-1');
});

test('what is left out, or left empty, has its default', () => {
  const standard = { PORT: 3000, HOST: '127.0.0.1', SLACK_CHANNEL: '#incidents', AUDIT_TABLE: 'AuditLog' };
  expect(readSettings(good)).toMatchObject(standard);
  expect(readSettings({ ...everyOneEmpty, ...good })).toEqual(readSettings(good));
});

test('the store and the texts are read without any of the bot’s settings, and an empty value counts as absent there too', () => {
  expect(readStoreSettings(everyOneEmpty)).toEqual({ GAPWATCH_DATA_DIR: './data' });
  expect(readTextSettings(everyOneEmpty)).toEqual({ RUNBOOK_FILE: './runbook.yaml', TEMPLATES_DIR: './templates' });
  expect(messageOf(() => readStoreSettings({ DATABASE_URL: 'mysql://db' }))).toContain('DATABASE_URL is malformed');
});

test('the watch by itself needs the monitored database alone, and still refuses what is malformed', () => {
  const message = messageOf(() => readWatchSettings({ ...everyOneEmpty, SMTP_URL: 'mail' }));
  expect(message).toContain('2 settings are wrong');
  expect(message).toContain('AUDIT_DATABASE_URL is missing');
  expect(message).toContain('SMTP_URL is malformed');
  expect(readWatchSettings({ AUDIT_DATABASE_URL: good.AUDIT_DATABASE_URL }).SLACK_BOT_TOKEN).toBeUndefined();
});

test.each(rows)('%s: its row says who needs it exactly when there is no start without it, and its example is accepted', (name, row) => {
  expect(row.neededBy !== undefined).toBe(!row.schema.safeParse(undefined).success);
  if (row.example !== undefined) expect(row.schema.safeParse(row.example).success, name).toBe(true);
  expect(Object.keys(GROUPS)).toContain(row.group);
});

test.each(['smtp://bot:p@ss#1@mail:25', 'smtp://bot:p@ss@mail:25', 'smtp://bot:p/ss@mail:25', 'smtp://bot:pass@'])(
  'an SMTP_URL in which a character of the password must be written otherwise is refused with the way to write it: %s',
  (SMTP_URL) => {
    expect(messageOf(() => readSettings({ ...good, SMTP_URL }))).toContain('write @ : / # ? % in user or password as %40');
  },
);

test('addresses may have spaces around, a name before, and for recipients be several', () => {
  const settings = readSettings({
    ...good,
    SMTP_URL: 'smtps://bot%40clinic.example:p%40ss%231@mail:465',
    PAGERDUTY_FROM_EMAIL: ' Bot <bot@clinic.example> ',
    MAIL_FROM: ' Clinic Bot <bot@clinic.example>',
    PRIVACY_OFFICER_EMAIL: ' privacy@clinic.example , Deputy <deputy@clinic.example>',
  });
  expect(settings).toMatchObject({ PAGERDUTY_FROM_EMAIL: 'bot@clinic.example', MAIL_FROM: 'Clinic Bot <bot@clinic.example>' });
  expect(messageOf(() => readSettings({ ...good, PRIVACY_OFFICER_EMAIL: 'privacy@clinic.example, nobody' }))).toContain(
    'separated by commas',
  );
});
