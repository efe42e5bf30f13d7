import { expect } from 'vitest';
import {
  alertFires,
  countOf,
  goesSilent,
  isResolved,
  lastMessage,
  mailsAbout,
  messageWith,
  plainly,
  robinTypes,
  writesAgain,
} from '#harness/stories.ts';
import { story } from '#harness/world.ts';
import { PEOPLE } from '#sandbox/stand-ins/slack/slack.ts';

story('an alert of a table that is written → no gap is made of it, and the post says what is not known', async ({ world }) => {
  const { clinic } = world;
  await clinic.wrote(new Date('2026-01-05T11:00:00Z'), new Date('2026-01-05T11:59:50Z'), 200);
  await world.starts();
  await world.pagerduty.fires('AuditLogWriteError');
  await world.settles();
  expect(plainly(world.messages()[0] ?? '')).toContain('Impact: Audit records are being written; whether some are missing is not known');
  expect(plainly(world.messages()[0] ?? '')).toContain('Audit gap started: no gap seen so far');
  await robinTypes(world, '/audit gaps 2h');
  await robinTypes(world, '/incident report');
  await world.settles();
  expect(await world.report('2026-01-05-audit-gap.md')).toContain('No gap was seen.');
});

story('an alert that comes forty minutes late → the gap is the silence in the table, not the delay', async ({ world }) => {
  const { clinic } = world;
  await clinic.wrote(new Date('2026-01-05T11:00:00Z'), new Date('2026-01-05T11:57:00Z'), 200);
  await clinic.wrote(new Date('2026-01-05T12:06:00Z'), new Date('2026-01-05T12:40:00Z'), 200);
  await world.starts();
  await world.moves(40);
  await world.pagerduty.fires('AuditLogFailure', { createdAt: new Date('2026-01-05T12:00:00Z') });
  await world.settles();
  expect(plainly(world.messages()[0] ?? '')).toMatch(/Gap ended: 2026-01-05 12:06:10 UTC after 9 minutes/);
  expect(world.messages().join('\n')).not.toContain('the audit gap of INC-1');
});

story('what was missed is brought in later → both figures are on record, and the Privacy Officer hears of it', async ({ world }) => {
  const { clinic } = world;
  await isResolved(world);
  const before = plainly(lastMessage(world).text);
  expect(before).toContain('(12 minutes total)');
  await clinic.wrote(new Date('2026-01-05T11:57:10Z'), new Date('2026-01-05T12:08:50Z'), 60);
  await robinTypes(world, '/incident report');
  await world.settles();
  const report = await world.report('2026-01-05-audit-gap-2.md');
  expect(report).toMatch(/Gap 1: 12 minutes when it happened; 0 seconds unaccounted for after 60 records dated inside it arrived/);
  expect(mailsAbout(world, 'CORRECTION').at(-1)?.text).toMatch(/Unaccounted for/i);
  expect(plainly(world.messages()[0] ?? '')).toContain('0 seconds unaccounted for');
});

story('what is brought in after the resolution is measured at the close, and the Home tab has both figures', async ({ world }) => {
  await isResolved(world);
  await world.clinic.wrote(new Date('2026-01-05T11:57:10Z'), new Date('2026-01-05T12:08:50Z'), 60);
  expect(await robinTypes(world, '/incident close')).toContain("can't be closed yet");
  await world.settles();
  expect(plainly(world.messages()[0] ?? '')).toContain('0 seconds unaccounted for');
  expect(await world.slack.opensHome(world.botUrl(), PEOPLE.robin)).toContain('12 minutes; still unaccounted for: 0 seconds');
});

story('records had returned before the alert came → the gap is closed from the start', async ({ world }) => {
  await goesSilent(world);
  await world.clinic.repairs();
  await world.clinic.writes(new Date('2026-01-05T12:00:30Z'));
  await world.starts();
  await world.moves(1);
  await world.pagerduty.fires('AuditLogFailure', { createdAt: new Date('2026-01-05T12:00:00Z') });
  await world.settles();
  expect(plainly(world.messages()[0] ?? '')).toContain('Gap ended: 2026-01-05 12:00:30 UTC after 3 minutes 30 seconds');
});

story('a second incident on the same day gets a report of its own, which names the first one’s gap', async ({ world }) => {
  await alertFires(world);
  await world.passes(1);
  await writesAgain(world);
  await world.passes(0.25);
  await robinTypes(world, '/incident resolve first');
  await world.passes(6);
  await world.pagerduty.fires('AuditLogFailure once more');
  await world.settles();
  await writesAgain(world);
  await world.passes(0.25);
  await robinTypes(world, '/incident resolve second');
  await world.settles();
  expect(await world.report('2026-01-05-audit-gap.md')).toContain('None on Gapwatch');
  const second = await world.report('2026-01-05-audit-gap-2.md');
  expect(second).toContain('# Audit gap report: INC-2');
  expect(second).toContain('| INC-1 | 2026-01-05 11:57:00 UTC | 2026-01-05 12:01:00 UTC | 4 minutes |');
});

story('two replicas on one store share the work: nothing is posted or mailed twice', async ({ world }) => {
  await goesSilent(world);
  await world.starts();
  await world.startsReplica();
  await world.pagerduty.fires('AuditLogFailure');
  await world.passes(5);
  await writesAgain(world);
  await world.passes(0.25);
  await robinTypes(world, '/incident resolve done');
  await world.settles();
  for (const text of [
    'HIPAA Audit Log Failure',
    'Acknowledged AUDIT_LOG_FAILURE',
    '⏳ UPDATE',
    'being written again',
    '✅ RESOLVED: Audit Log Failure',
  ]) {
    expect(countOf(world, text), text).toBe(1);
  }
  expect(world.mail.mails).toHaveLength(2);
});

story(
  'PagerDuty reopens an alert after the incident was resolved → the incident is open again and is watched and told',
  async ({ world }) => {
    const alert = await alertFires(world);
    await world.passes(1);
    await writesAgain(world);
    await world.passes(0.25);
    await robinTypes(world, '/incident resolve fixed');
    await world.settles();
    const sam = world.pagerduty.users[2];
    if (!sam) throw new Error('there is no Sam');
    await world.pagerduty.does(alert, 'reopened', sam);
    await world.settles();
    expect(messageWith(world, 'INC-1 is open again').isBroadcast).toBe(true);
    await world.passes(5);
    expect(countOf(world, '⏳ UPDATE')).toBe(1);
    expect(plainly(world.messages()[0] ?? '')).toContain('[Resolve]');
    await writesAgain(world);
    await world.passes(0.25);
    await robinTypes(world, '/incident resolve fixed for good');
    await world.settles();
    expect(countOf(world, '✅ RESOLVED: Audit Log Failure')).toBe(2);
    // Opening, final, the correction that names the second gap, and the second final.
    expect(world.mail.mails.map(({ subject }) => subject?.split(':')[0])).toEqual(['URGENT', 'URGENT', 'CORRECTION', 'URGENT']);
  },
);
