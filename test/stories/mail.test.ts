import { expect } from 'vitest';
import { alertFires, countOf, isResolved, mailsAbout, messageWith } from '#harness/stories.ts';
import { story, type World } from '#harness/world.ts';

const header = (world: World, mail: number, name: string) => world.mail.mails[mail]?.headers.get(name);

story('a notice says that it is automatic, and stands in one thread also behind a relay that renames mails', async ({ world }) => {
  await isResolved(world);
  const [opening] = world.mail.mails;
  const [final] = mailsAbout(world, 'Audit log');
  expect(header(world, 0, 'auto-submitted')).toBe('auto-generated');
  expect(header(world, 0, 'x-auto-response-suppress')).toBe('All');
  // What a relay leaves as it is: the references, which have the thread's own ID in common.
  const thread = /^<INC-1\.thread\.\w{8}@clinic\.example>$/;
  expect(opening?.references).toMatch(thread);
  expect([final?.references].flat().at(0) ?? opening?.references).toMatch(thread);
  const last = world.mail.mails.at(-1);
  expect([last?.references].flat()).toEqual([expect.stringMatching(thread), opening?.messageId]);
});

story('two installations never give a mail the same Message-ID, and a restart keeps it', async ({ world }) => {
  await alertFires(world);
  const first = world.mail.mails[0]?.messageId ?? '';
  expect(first).toMatch(/^<INC-1\.opening-notice\.\w{8}@clinic\.example>$/);
  await world.stops();
  await world.starts();
  await world.settles();
  const own = /opening-notice\.(\w{8})@/.exec(first)?.[1] ?? 'none';
  expect(world.mail.mails.every(({ messageId }) => messageId?.includes(own))).toBe(true);
  expect(world.slack.messages.flatMap(({ key }) => key ?? []).every((key) => key.startsWith(`${own}/`))).toBe(true);
});

story.for([
  [552, '5.3.4 Message too big for system'],
  [552, '5.7.0 This message was blocked: illegal attachment'],
  [554, '5.7.1 attachment type not allowed'],
] as const)('the mail server answers %i %s: the notice goes without its attachments, and says so', async ([code, words], { world }) => {
  world.mail.fault = { kind: 'refuse-attachments', code, words };
  await isResolved(world);
  const final = world.mail.mails.at(-1);
  expect(final?.attachments).toHaveLength(0);
  expect(final?.text).toContain('2026-01-05-audit-gap.md');
  expect(final?.text).toContain('ask the on-call team for them');
  expect(countOf(world, 'has not gone out')).toBe(0);
});

story(
  'a mail server that takes the mail and never answers gets a second copy minutes later; the channel hears that it may have gone out',
  async ({ world }) => {
    world.mail.fault = { kind: 'hang' };
    await alertFires(world);
    for (let minute = 0; minute < 4; minute += 1) await world.passes(1);
    expect(openings(world)).toBe(1);
    await world.passes(2);
    expect(openings(world)).toBe(2);
    const told = messageWith(world, 'may have gone out');
    expect(told.isBroadcast).toBe(true);
    expect(told.text).toContain('The notice to the Privacy Officer');
    expect(countOf(world, 'has not gone out')).toBe(0);
  },
);

function openings({ mail }: World): number {
  return mail.unanswered.filter(({ messageId }) => messageId?.includes('opening-notice')).length;
}

story('several addresses, with names: each gets the notice', async ({ world }) => {
  await world.clinic.wrote(new Date('2026-01-05T11:00:00Z'), new Date('2026-01-05T11:57:00Z'), 200);
  await world.clinic.breaks();
  await world.starts('', {
    PRIVACY_OFFICER_EMAIL: ' Pat Officer <privacy@clinic.example>; deputy@clinic.example ',
    MAIL_FROM: 'Clinic Bot <bot@clinic.example>',
  });
  await world.pagerduty.fires('AuditLogFailure');
  await world.settles();
  expect(header(world, 0, 'to')).toMatchObject({ value: [{ address: 'privacy@clinic.example' }, { address: 'deputy@clinic.example' }] });
  expect(header(world, 0, 'from')).toMatchObject({ value: [{ address: 'bot@clinic.example' }] });
  expect(world.mail.mails[0]?.messageId).toContain('@clinic.example>');
});
