import { expect } from 'vitest';
import { openProxy } from '#harness/proxy.ts';
import { messageWith, robinTypes } from '#harness/stories.ts';
import { story } from '#harness/world.ts';

story(
  'the audit database accepts and never answers → every check is acknowledged at once and answers with what it knows',
  { timeout: 90_000 },
  async ({ world }) => {
    const proxy = await openProxy(world.environment.AUDIT_DATABASE_URL ?? '');
    const writers = await openProxy(world.environment.AUDIT_WRITER_DATABASE_URL ?? '');
    try {
      await world.starts('', { AUDIT_DATABASE_URL: proxy.url, AUDIT_WRITER_DATABASE_URL: writers.url });
      await world.pagerduty.fires('AuditLogFailure');
      await world.settles();
      proxy.mode = 'hangs';
      writers.mode = 'hangs';
      for (const check of ['scope', 'diagnose']) {
        // Slack's stand-in gives up after three seconds, as Slack does.
        expect(await robinTypes(world, `/audit ${check}`)).toContain(`Running \`${check}\``);
      }
      await world.settles();
      expect(messageWith(world, '*scope*: ').text).toMatch(/UNKNOWN\nThe check could not be done:/);
      const diagnosis = messageWith(world, '*diagnose*: ').text;
      expect(diagnosis).toMatch(/probe §4, (unknown|critical)/);
      expect(diagnosis).not.toContain(': OK');
      expect(diagnosis).toContain('Next: ');
    } finally {
      await Promise.all([proxy.close(), writers.close()]);
    }
  },
);
