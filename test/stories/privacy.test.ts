import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { alertFires, robinTypes, writesAgain } from '#harness/stories.ts';
import { story } from '#harness/world.ts';
import { IDENTITIES } from '#sandbox/clinic/clinic.ts';
import { PEOPLE } from '#sandbox/stand-ins/slack/slack.ts';

story('no identity of the audit table, no address and no secret leaves by Slack, mail, report, PagerDuty or log', async ({ world }) => {
  await alertFires(world);
  for (const command of ['/audit scope', '/audit gaps 24h', '/incident claim', '/incident status', '/incident timeline'])
    await robinTypes(world, command);
  await world.passes(5);
  await world.clinic.query('drop table "AuditLog" cascade');
  await world.passes(1);
  await robinTypes(world, '/audit scope');
  await world.settles();
  await robinTypes(world, '/incident resolve anyway because the story ends here');
  await world.passes(1);

  const reports = await readdir(world.reportsFolder);
  const everything = [
    ...world.slack.messages.map((message) => JSON.stringify(message)),
    ...world.mail.mails.map(
      (mail) => `${mail.text}${String(mail.html)}${mail.attachments.map(({ content }) => content.toString()).join('')}`,
    ),
    ...(await Promise.all(reports.map((name) => readFile(join(world.reportsFolder, name), 'utf8')))),
    ...[...world.pagerduty.incidents.values()].flatMap(({ notes }) => notes),
    ...world.logLines,
  ].join('\n');
  expect(reports).toHaveLength(1);
  const secrets = [
    world.slack.botToken,
    world.slack.signingSecret,
    world.pagerduty.token,
    world.pagerduty.webhookSecret,
    'gapwatch:sandbox',
  ];
  const people = [PEOPLE.robin.email, 'privacy@clinic.example'];
  for (const canary of [...Object.values(IDENTITIES), ...secrets, ...people]) expect(everything).not.toContain(canary);
});

story('a table that was dropped is told as a missing table, not as silence', async ({ world }) => {
  await alertFires(world);
  await world.clinic.query('drop table "AuditLog" cascade');
  await world.passes(0.25);
  expect(world.messages().at(-1)).toContain("Gapwatch can't see the audit table: the table does not exist (42P01)");
  expect(await robinTypes(world, '/incident resolve done')).toContain('is not resolved yet');
  await world.passes(0.25);
  expect(world.messages().filter((message) => message.includes("can't see the audit table"))).toHaveLength(1);
});

story.for(['America/New_York', 'Asia/Tokyo'])(
  'a role whose time zone is %s does not make old records look new',
  async (zone, { world }) => {
    await world.clinic.query(`alter role "${new URL(world.clinic.readerUrl).username}" set timezone = '${zone}'`);
    await alertFires(world);
    await robinTypes(world, '/audit scope');
    await world.settles();
    expect(world.messages().join('\n')).toContain('Last record: 2026-01-05 11:57:00 UTC');
    expect(world.messages().join('\n')).toContain('(3 minutes ago)');
    await writesAgain(world);
    await world.passes(0.25);
    expect(world.messages().at(-1)).toContain('Audit records are being written again, since 2026-01-05 12:00:00 UTC');
  },
);
