import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { breaks, type Demo, messageSaying, openDemo, runsAt, types } from '#harness/page.ts';
import { hasBrowser } from '#sandbox/browser.ts';

describe.runIf(hasBrowser)('an incident in the browser', () => {
  let demo: Demo;
  let page: Page;
  beforeAll(async () => {
    demo = await openDemo(10);
    page = await demo.visits();
  });
  afterAll(() => demo?.close());

  test('a clinic that is well → the chart, and a tour that says where to begin', async () => {
    await page.getByText('1 of 7: Break something.').waitFor();
    await page.getByText('audit log written').waitFor();
    await page.getByText(/^\d+ records in the last full minute/).waitFor();
    expect(
      await page
        .getByRole('img', { name: /Audit records a minute in the last 45 minutes; no gap/ })
        .locator('canvas')
        .count(),
    ).toBe(1);
  });

  test('something breaks → the alert, the initial post, the tour goes on', async () => {
    await breaks(page, 'Revoked right');
    await page.getByText('audit log silent').waitFor();
    await page.getByText('3 of 7: Claim it.').waitFor();
    expect(await messageSaying(page, 'CRITICAL: HIPAA Audit Log Failure').innerText()).toMatch(
      /Audit gap started: .* UTC \(\d\d:\d\d:\d\d [AP]M for you\)/,
    );
  });

  test('a claim → the post names robin, PagerDuty shows him as the responder', async () => {
    await page.getByRole('button', { name: "I'm on it" }).click();
    await messageSaying(page, 'on it: @robin').waitFor();
    await page.locator('.pagerduty', { hasText: 'assigned to Robin' }).waitFor();
    await messageSaying(page, 'INC-1: You are on it.').getByText('Only visible to you').waitFor();
  });

  test('what only robin sees is not shown to sam', async () => {
    await page.getByLabel('You are').selectOption('sam');
    expect(await page.getByText('INC-1: You are on it.').count()).toBe(0);
    await page.getByLabel('You are').selectOption('robin');
    await page.getByText('INC-1: You are on it.').waitFor();
  });

  test('Diagnose → the cause, and the recommended step as a button', async () => {
    await page.getByRole('button', { name: 'Diagnose' }).click();
    const diagnosis = messageSaying(page, 'permissions: Role clinic_application may not insert into the table.');
    await diagnosis.getByRole('button', { name: 'Run /audit probe' }).click();
    await messageSaying(page, 'The write was refused: permission denied for table AuditLog, 42501.').waitFor();
  });

  test('a form with a mistake → Slack’s error at the field, what was typed stays; corrected, it is posted', async () => {
    await page.getByRole('button', { name: 'Update', exact: true }).click();
    const form = page.getByRole('dialog', { name: 'Post an update' });
    await form.getByLabel('Action: the current step').fill('granting INSERT again');
    await form.getByLabel('ETA').fill('soonish');
    await form.getByRole('button', { name: 'Post' }).click();
    await form.locator('.field .error').waitFor();
    expect(await form.getByLabel('ETA').getAttribute('aria-invalid')).toBe('true');
    expect(await form.getByLabel('Action: the current step').inputValue()).toBe('granting INSERT again');
    await form.getByLabel('ETA').fill('15m');
    await form.getByRole('button', { name: 'Post' }).click();
    await form.waitFor({ state: 'detached' });
    await messageSaying(page, /UPDATE: Audit Log Failure[\s\S]*Action: granting INSERT again/).waitFor();
  });

  test('the gap is corrected by its form → the post shows the corrected start', async () => {
    await page.getByRole('button', { name: 'Gap', exact: true }).click();
    const form = page.getByRole('dialog');
    const start = form.locator('input').first();
    const earlier = new Date(demo.sandbox.clock.now() - 20 * 60_000).toISOString().slice(0, 16).replace('T', ' ');
    await start.fill(`${earlier}:00`);
    await form.locator('textarea').last().fill('anyway: the session log shows an access without a record');
    await form.getByRole('button').last().click();
    await form.waitFor({ state: 'detached' });
    await page
      .locator('article', { hasText: `Audit gap started: ${earlier}:00 UTC` })
      .first()
      .waitFor();
  });

  test('an answer in the thread, and a pin → both are on the timeline', async () => {
    await page
      .getByRole('button', { name: /^Show \d+ repl/ })
      .first()
      .click();
    await page.getByLabel('Reply in the thread').first().fill('the migration of this morning did it');
    await page.keyboard.press('Enter');
    await page.locator('.thread article', { hasText: 'the migration of this morning did it' }).waitFor();
    await types(page, 'looking at the grants');
    const said = messageSaying(page, 'looking at the grants');
    await said.hover();
    await said.getByRole('button', { name: 'Pin to the timeline' }).click();
    // A pin is answered with nothing; the timeline is asked again until it is there.
    const timeline = async () => {
      await types(page, '/incident timeline');
      return page.locator('.channel .whisper').last().innerText();
    };
    await expect.poll(timeline).toContain('looking at the grants');
    expect(await timeline()).toContain('the migration of this morning did it');
  });

  test('what Slack itself refuses is answered as Slack does', async () => {
    await types(page, '/deploy now');
    await page.getByRole('alert').getByText('/deploy is not a valid command').waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).click();
  });

  test('the bot is killed in the middle → it starts again and answers', async () => {
    await page.getByRole('button', { name: 'Kill Gapwatch' }).click();
    await page.getByRole('button', { name: 'Gapwatch is starting …' }).waitFor();
    await page.getByRole('button', { name: 'Kill Gapwatch' }).waitFor();
    await types(page, '/incident status');
    await messageSaying(page, /INC-1[\s\S]*Only visible to you|Only visible to you[\s\S]*INC-1/).waitFor();
  });

  test('a reload → everything is still there', async () => {
    await page.reload();
    await messageSaying(page, 'on it: @robin').waitFor();
    await page.getByText('INC-1: You are on it.').waitFor();
  });

  test('the Home tab shows the open incident', async () => {
    await page.getByRole('button', { name: 'Gapwatch’s Home tab' }).click();
    await page.locator('.home', { hasText: 'INC-1' }).waitFor();
    await page.getByRole('button', { name: 'Messages' }).click();
  });

  test('repaired and resolved → the channel says so, and PagerDuty', async () => {
    await page.getByRole('button', { name: 'Repair', exact: true }).click();
    await messageSaying(page, 'Audit records are being written again').waitFor();
    await types(page, '/incident resolve a migration revoked INSERT');
    await messageSaying(page, /RESOLVED: Audit Log Failure[\s\S]*Root cause: a migration revoked INSERT/).waitFor();
    await page.locator('.pagerduty .status.resolved').waitFor();
  });

  test('the Privacy Officer’s mail is read, the report opened', async () => {
    await runsAt(page, 60);
    const mail = page.locator('.mails button', { hasText: 'attached' }).first();
    await mail.click();
    const frame = page.frameLocator('.mail iframe');
    await frame.getByText(/INC-1/).first().waitFor();
    const [report] = await Promise.all([
      page.waitForEvent('popup'),
      page
        .getByRole('link', { name: /audit-gap.*\.md/ })
        .first()
        .click(),
    ]);
    await report
      .getByText(/a migration revoked INSERT/)
      .first()
      .waitFor();
    await report.close();
    await page.getByText('That was the whole runbook.').waitFor();
  });

  test.each(['light', 'dark'] as const)('nothing that keeps people out: axe finds no violation in %s colours', async (colorScheme) => {
    const visitor = await demo.visits({ colorScheme });
    await visitor.getByText('PD000001', { exact: false }).first().waitFor();
    await visitor.evaluate(axe.source);
    const violations = await visitor.evaluate(async () => {
      const { violations: found } = await (window as unknown as { axe: typeof axe }).axe.run();
      return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
    });
    expect(violations).toEqual([]);
    await visitor.context().close();
  });

  test('no error on the console, and no request to another host', () => {
    expect(demo.complaints).toEqual([]);
  });
});
