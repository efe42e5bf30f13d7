import { expect } from 'vitest';
import { story } from '#harness/world.ts';
import { PEOPLE } from '#sandbox/stand-ins/slack/slack.ts';

story(
  'an alert fires, the cause is found, records return, and twelve minutes later the incident is resolved and documented',
  async ({ world }) => {
    const { clinic, pagerduty, slack, mail } = world;
    const robin = PEOPLE.robin;
    await clinic.wrote(new Date('2026-01-05T11:00:00Z'), new Date('2026-01-05T11:57:00Z'), 200);
    await clinic.breaks();
    await world.starts();

    const alert = await pagerduty.fires('AuditLogWriteError: audit writes are failing');
    await world.settles();
    console.log(world.messages().join('\n\n'));
    await world.passes(5);
    await slack.command(world.botUrl(), '/incident cause a migration revoked INSERT', robin);
    await world.passes(5);
    await clinic.repairs();
    await clinic.writes(new Date('2026-01-05T12:11:00Z'));
    await world.passes(2);
    console.log(await slack.command(world.botUrl(), '/incident resolve a migration revoked INSERT', robin));
    await world.settles();
    console.log(world.messages().join('\n\n'));
    console.log(mail.mails.map((m) => m.text));
    console.log(alert, world.logLines);
    console.log(await world.report('2026-01-05-audit-gap.md'));
    expect(1).toBe(1);
  },
);
