import { describe, expect } from 'vitest';
import { story, type World } from '#harness/world.ts';
import { PEOPLE, visibleText } from '#sandbox/stand-ins/slack/slack.ts';

const { robin } = PEOPLE;

/** The audit table falls silent at 11:57; the alert comes at noon. */
async function alertFires({ clinic, pagerduty, settles, starts }: World) {
  await clinic.wrote(new Date('2026-01-05T11:00:00Z'), new Date('2026-01-05T11:57:00Z'), 200);
  await clinic.breaks();
  await starts();
  const alert = await pagerduty.fires('AuditLogWriteError: audit writes are failing');
  await settles();
  return alert;
}

/** A message without its small print, and times in UTC alone. */
function plainly(text: string): string {
  return text.replace(/ \(<!date\^[^>]*> for you\)/g, '');
}

describe('the runbook, from alert to report', () => {
  story('an alert fires → the initial post, the acknowledgement and the opening notice go out', async ({ world }) => {
    const alert = await alertFires(world);

    const [root, acknowledged] = world.slack.messages;
    expect(
      plainly(root?.text ?? '')
        .split('\n')
        .slice(0, 5),
    ).toEqual([
      '🚨 CRITICAL: HIPAA Audit Log Failure',
      'Status: Investigating',
      'Impact: Audit logs not being written (HIPAA compliance risk)',
      'Audit gap started: 2026-01-05 11:57:00 UTC',
      'Updates: Every 5 minutes',
    ]);
    expect(visibleText(root ?? never())).toContain("[I'm on it] [Diagnose] [Update] [Resolve]");
    expect(acknowledged).toMatchObject({ text: 'Acknowledged AUDIT_LOG_FAILURE - investigating', threadTs: root?.ts });
    expect(alert).toMatchObject({ status: 'acknowledged', acknowledgedBy: 'Gapwatch Bot' });
    expect(alert.notes).toEqual([expect.stringContaining('Gapwatch: INC-1 is open. Follow it here: https://clinic.slack.example/')]);
    expect(world.mail.mails.map(({ subject }) => subject)).toEqual(['URGENT: Audit Log Failure - HIPAA Compliance Impact']);
    expect(world.messages()).toHaveLength(2);
  });

  story('five and ten minutes pass → the channel shows an update each time', async ({ world }) => {
    await alertFires(world);
    await world.slack.command(world.botUrl(), '/incident claim', robin);
    await world.passes(5);

    expect(plainly(lastMessage(world).text).split('\n').slice(0, 5)).toEqual([
      '⏳ UPDATE: Audit Log Failure - 5 min elapsed',
      'Status: Still investigating',
      'Audit gap duration: 8 minutes',
      'Action: not yet known',
      'ETA: not yet known',
    ]);
    expect(lastMessage(world)).toMatchObject({ isBroadcast: true, threadTs: world.slack.messages[0]?.ts });
    expect(plainly(lastMessage(world).text)).toContain('next update: 2026-01-05 12:10:00 UTC');

    await world.slack.command(world.botUrl(), '/incident cause a migration revoked INSERT', robin);
    await world.slack.command(world.botUrl(), '/incident action granting INSERT again', robin);
    await world.slack.command(world.botUrl(), '/incident eta 12:12', robin);
    await world.passes(5);

    expect(plainly(lastMessage(world).text).split('\n').slice(0, 5)).toEqual([
      '⏳ UPDATE: Audit Log Failure - 10 min elapsed',
      'Status: Root cause identified',
      'Audit gap duration: 13 minutes',
      'Action: granting INSERT again',
      'ETA: 2026-01-05 12:12:00 UTC',
    ]);
  });

  story('records return and a person resolves → post, mail, report and PagerDuty all say so', async ({ world }) => {
    const alert = await alertFires(world);
    await world.slack.command(world.botUrl(), '/incident claim', robin);
    await world.passes(5);
    await world.slack.command(world.botUrl(), '/incident action granting INSERT again', robin);
    await world.passes(5);
    await world.clinic.repairs();
    await world.passes(1);
    await world.clinic.writes(new Date('2026-01-05T12:11:00Z'));
    await world.passes(0.25);
    expect(world.messages().at(-1)).toBe(
      'Audit records are being written again, since 2026-01-05 12:11:00 UTC (1 in the last minute). The gap is closed: 14 minutes.',
    );
    await world.passes(0.75);
    const answer = await world.slack.command(world.botUrl(), '/incident resolve a migration revoked INSERT', robin);
    await world.settles();

    expect(answer).toBe('INC-1: Resolved. The report, the resolution post and the final notice are on their way.');
    expect(plainly(lastMessage(world).text).split('\n').slice(0, 7)).toEqual([
      '✅ RESOLVED: Audit Log Failure',
      'Duration: 12 minutes',
      'Audit gap: 2026-01-05 11:57:00 UTC to 2026-01-05 12:11:00 UTC (14 minutes total)',
      'Root cause: a migration revoked INSERT',
      'Compliance impact: Medium by gap duration (14 minutes); no compensating controls are recorded; the Privacy Officer assesses',
      'Gap documentation: <https://clinic.slack.example/files/2026-01-05-audit-gap.md|2026-01-05-audit-gap.md>',
      'Post-mortem: not yet scheduled',
    ]);
    expect(visibleText(world.slack.messages[0] ?? never())).toContain('Status: Resolved');
    expect(visibleText(world.slack.messages[0] ?? never())).not.toContain('[Resolve]');
    expect(alert).toMatchObject({ status: 'resolved', assignee: 'Robin' });

    const [opening, final] = world.mail.mails;
    expect(final?.subject).toBe('URGENT: Audit Log Failure - HIPAA Compliance Impact');
    expect(final?.inReplyTo).toBe(opening?.messageId);
    expect(final?.text).toContain('- Gap start: 2026-01-05 11:57:00 UTC (known by a record in the audit table)');
    expect(final?.text).toContain('- Duration: 14 minutes');
    expect(final?.text).toContain('Please assess compliance impact and determine if HHS notification required.');
    expect(final?.html).toContain('<li>Duration: 14 minutes</li>');
    expect(final?.attachments.map(({ filename }) => filename)).toEqual(['2026-01-05-audit-gap.md']);

    const report = await world.report('2026-01-05-audit-gap.md');
    expect(final?.attachments[0]?.content.toString()).toBe(report);
    expect(world.slack.messages.find(({ file }) => file)?.file?.content).toBe(report);
    expect(report).toContain('| 1 | 2026-01-05 11:57:00 UTC | a record in the audit table | 2026-01-05 12:11:00 UTC |');
    expect(report).toMatch(/^[0-9a-f]{64}$/m);
  });
});

function lastMessage({ slack }: World) {
  return slack.messages.at(-1) ?? never();
}

function never(): never {
  throw new Error('there is no message');
}
