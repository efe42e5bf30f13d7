import { expect } from 'vitest';
import { alertFires, countOf, isResolved, mailsAbout, messageWith, robinTypes, writesAgain } from '#harness/stories.ts';
import { story, type World } from '#harness/world.ts';

/** The address in a mail by which its reader acknowledges the receipt, as the program listens here. */
function receiptLink(world: World, mail: number): string {
  const path = /https:\/\/gapwatch\.example\.org(\/receipt\?token=\S+)/.exec(world.mail.mails[mail]?.text ?? '')?.[1];
  if (path === undefined) throw new Error('the mail has no link');
  return `${world.botUrl()}${path}`;
}

/** Presses the button of the page. */
async function presses(link: string): Promise<Response> {
  const url = new URL(link);
  return fetch(`${url.origin}/receipt`, { method: 'POST', body: new URLSearchParams({ token: url.searchParams.get('token') ?? '' }) });
}

async function alertFiresInPublic(world: World): Promise<void> {
  await world.clinic.wrote(new Date('2026-01-05T11:00:00Z'), new Date('2026-01-05T11:57:00Z'), 200);
  await world.clinic.breaks();
  await world.starts('', { PUBLIC_URL: 'https://gapwatch.example.org' });
  await world.pagerduty.fires('AuditLogFailure');
  await world.settles();
}

story('the opening notice’s link → opening it says nothing yet, the button does, once', async ({ world }) => {
  await alertFiresInPublic(world);
  const link = receiptLink(world, 0);
  const page = await fetch(link);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(await page.text()).toContain('I have received this notice');
  await world.settles();
  expect(countOf(world, 'was acknowledged')).toBe(0);
  expect(await (await presses(link)).text()).toContain('It is on record that you have received this notice.');
  await world.settles();
  expect(countOf(world, 'The receipt of the opening notice was acknowledged.')).toBe(1);
  expect(await (await presses(link)).text()).toContain('Its receipt was acknowledged at 2026-01-05 12:00:00 UTC.');
  await world.passes(60);
  expect(countOf(world, 'Nobody has acknowledged the receipt of the opening notice')).toBe(0);
  expect(await robinTypes(world, '/incident timeline 99')).toContain('pages');
});

story(
  'nobody acknowledges within an hour → the channel hears it; a link that was tampered with or is old is refused',
  async ({ world }) => {
    await alertFiresInPublic(world);
    const link = receiptLink(world, 0);
    await world.passes(60);
    expect(messageWith(world, 'Nobody has acknowledged the receipt of the opening notice within an hour.').isBroadcast).toBe(true);
    const forged = new URL(link);
    forged.searchParams.set(
      'token',
      `${Buffer.from('{"incident":1}').toString('base64url')}.${forged.searchParams.get('token')?.split('.')[1]}`,
    );
    expect((await presses(forged.href)).status).toBe(404);
    expect((await fetch(forged.href)).status).toBe(404);
    await world.passes(8 * 24 * 60);
    expect((await presses(link)).status).toBe(410);
  },
);

story('without PUBLIC_URL there is no link, and nothing is claimed about a receipt', async ({ world }) => {
  await alertFires(world);
  expect(world.mail.mails[0]?.text).toContain('acknowledge that you have read this, by calling the on-call team');
  await world.passes(60);
  expect(countOf(world, 'acknowledged the receipt')).toBe(0);
});

story(
  'the final notice carries report, chart and timeline, the questions that only the Privacy Officer answers, and by when',
  async ({ world }) => {
    await isResolved(world);
    const [final] = mailsAbout(world, 'URGENT').slice(-1);
    expect(final?.attachments.map(({ filename, contentType }) => [filename, contentType])).toEqual([
      ['2026-01-05-audit-gap.md', 'text/markdown'],
      ['INC-1-records.png', 'image/png'],
      ['INC-1-timeline.csv', 'text/csv'],
    ]);
    expect(final?.attachments[2]?.content.toString()).toContain('number,time (UTC),who,what\r\n1,2026-01-05T12:00:00.000Z,PagerDuty,');
    expect(final?.text).toContain('by 2026-03-06 12:00:00 UTC at the latest (60 days from discovery)');
    expect(final?.text).toContain('3. whether the PHI was actually acquired or viewed');
  },
);

story('the audit database hangs at the end → the final notice goes without the chart and says so', async ({ world }) => {
  await alertFires(world);
  await world.clinic.query('drop table "AuditLog" cascade');
  await robinTypes(world, '/incident resolve anyway because the table is gone and a new one is planned');
  await world.settles();
  const final = mailsAbout(world, 'URGENT').at(-1);
  expect(final?.attachments).toHaveLength(2);
  expect(final?.text).toContain('Not attached: the chart (');
});

story('the gap’s end becomes known after the final notice → a correction names it', async ({ world }) => {
  await alertFires(world);
  await world.passes(3);
  await robinTypes(world, '/incident resolve anyway because the vendor writes the records later');
  await world.settles();
  await world.passes(2);
  await writesAgain(world);
  await world.passes(1);
  expect(messageWith(world, 'Audit records are being written again, since 2026-01-05 12:05:00 UTC').isBroadcast).toBe(true);
  const correction = mailsAbout(world, 'CORRECTION')[0];
  expect(correction?.text).toContain('- Gap end: 2026-01-05 12:05:00 UTC\n  We had told you: ongoing');
  await robinTypes(world, '/incident gap end 12:02 anyway because the vendor says so');
  await world.settles();
  expect(mailsAbout(world, 'CORRECTION')[1]?.text).toContain(
    '- Gap end: 2026-01-05 12:02:00 UTC\n  We had told you: 2026-01-05 12:05:00 UTC',
  );
  expect(correction?.inReplyTo).toBe(world.mail.mails[0]?.messageId);
});

story('Slack is down from the start → after two minutes mail and PagerDuty carry the steps to do by hand', async ({ world }) => {
  await world.clinic.breaks();
  world.slack.fault = () => ({ kind: 'answer', status: 503 });
  await world.starts('contacts: { senior-engineer: { email: senior@clinic.example } }');
  const alert = await world.pagerduty.fires('AuditLogFailure');
  await world.passes(2);
  await world.passes(1);
  const [mail] = mailsAbout(world, "Gapwatch can't reach Slack");
  expect(JSON.stringify(mail?.to)).toContain('senior@clinic.example');
  expect(mail?.text).toContain("The runbook's steps to do by hand:\n1. Acknowledge the PagerDuty alert; note the time.");
  expect(alert.notes.join()).toContain('INC-1 cannot reach Slack');
  expect(mailsAbout(world, "can't reach")).toHaveLength(2);
});
