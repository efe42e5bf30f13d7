import { describe, expect } from 'vitest';
import { alertFires, lastMessage, plainly, robinTypes } from '#harness/stories.ts';
import { story } from '#harness/world.ts';

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
    expect(world.messages()[0]).toContain("[I'm on it] [Diagnose] [Update] [Gap] [Tasks] [Hand over] [Resolve]");
    expect(acknowledged).toMatchObject({ text: 'Acknowledged AUDIT_LOG_FAILURE - investigating', threadTs: root?.ts });
    expect(alert).toMatchObject({ status: 'acknowledged', acknowledgedBy: 'Gapwatch Bot' });
    expect(alert.notes).toEqual([expect.stringContaining('Gapwatch: INC-1 is open. Follow it here: https://clinic.slack.example/')]);
    expect(world.mail.mails.map(({ subject }) => subject)).toEqual(['URGENT: Audit Log Failure - HIPAA Compliance Impact']);
    expect(world.messages()).toHaveLength(2);
  });

  story('five and ten minutes pass → the channel shows an update each time', async ({ world }) => {
    await alertFires(world);
    await robinTypes(world, '/incident claim');
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

    await robinTypes(world, '/incident cause a migration revoked INSERT');
    await robinTypes(world, '/incident action granting INSERT again');
    await robinTypes(world, '/incident eta 12:12');
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
    await robinTypes(world, '/incident claim');
    await world.passes(5);
    await robinTypes(world, '/incident action granting INSERT again');
    await world.passes(5);
    await world.clinic.repairs();
    await world.passes(1);
    await world.clinic.writes(new Date('2026-01-05T12:11:00Z'));
    await world.passes(0.25);
    expect(world.messages().at(-1)).toBe(
      'Audit records are being written again, since 2026-01-05 12:11:00 UTC (1 in the last minute). The gap is closed: 14 minutes.',
    );
    await world.passes(0.75);
    const answer = await robinTypes(world, '/incident resolve a migration revoked INSERT');
    await world.settles();

    expect(answer).toBe('INC-1: Resolved. The report, the resolution post and the final notice are on their way.');
    expect(plainly(lastMessage(world).text).split('\n').slice(0, 7)).toEqual([
      '✅ RESOLVED: Audit Log Failure',
      'Duration: 12 minutes',
      'Audit gap: 2026-01-05 11:57:00 UTC to 2026-01-05 12:11:00 UTC (14 minutes total)',
      'Root cause: a migration revoked INSERT',
      'Compliance impact: Medium by gap duration (14 minutes unaccounted for); no compensating controls are recorded; not yet confirmed: the Privacy Officer assesses',
      'Gap documentation: <https://clinic.slack.example/files/2026-01-05-audit-gap.md|2026-01-05-audit-gap.md>',
      'Post-mortem: not yet scheduled',
    ]);
    expect(world.messages()[0]).toContain('✅ RESOLVED: HIPAA Audit Log Failure (was CRITICAL)');
    expect(world.messages()[0]).not.toContain('Updates:');
    expect(world.messages()[0]).not.toContain('[Resolve]');
    expect(alert).toMatchObject({ status: 'resolved', assignee: 'Robin' });

    const [opening, final] = world.mail.mails;
    expect(final?.subject).toBe('URGENT: Audit Log Failure - HIPAA Compliance Impact');
    expect(final?.inReplyTo).toBe(opening?.messageId);
    expect(final?.text).toContain('- Gap start: 2026-01-05 11:57:00 UTC (known by a record in the audit table)');
    expect(final?.text).toContain('- Duration: 14 minutes');
    expect(final?.text).toContain('Please assess compliance impact and determine if HHS notification required.');
    expect(final?.html).toContain('<li>Duration: 14 minutes</li>');
    expect(final?.attachments.map(({ filename }) => filename)).toEqual([
      '2026-01-05-audit-gap.md',
      'INC-1-records.png',
      'INC-1-timeline.csv',
    ]);

    const report = await world.report('2026-01-05-audit-gap.md');
    expect(final?.attachments[0]?.content.toString()).toBe(report);
    expect(world.slack.messages.find(({ file }) => file)?.file?.content.toString()).toBe(report);
    expect(report).toContain('| 1 | 2026-01-05 11:57:00 UTC | a record in the audit table | 2026-01-05 12:11:00 UTC |');
    expect(report).toMatch(/^[0-9a-f]{64}$/m);
  });
});
