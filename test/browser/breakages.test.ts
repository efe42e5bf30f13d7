import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { breaks, type Demo, messageSaying, openDemo, runsAt, types } from '#harness/page.ts';
import { hasBrowser } from '#sandbox/browser.ts';

describe.runIf(hasBrowser)('each way to break the clinic is found', () => {
  let demo: Demo;
  let page: Page;
  beforeAll(async () => {
    demo = await openDemo(10);
    page = await demo.visits();
  });
  afterEach(async () => {
    await demo.sandbox.breakages.repairs();
  });
  afterAll(() => demo?.close());

  test.each([
    ['Application bug', 'deploys: A deployment began', 'roll back to the deployment before'],
    [
      'Revoked right',
      'permissions: Role clinic_application may not insert into the table.',
      'run GRANT INSERT ON "AuditLog" TO clinic_application;',
    ],
    ['Full disk', 'storage: The database’s disk is 100.0 % full.', 'archive old audit records now'],
    ['Lock', 'locks: The table is locked against writes', 'see what the session does; if it may go, run SELECT pg_terminate_backend('],
    ['Dropped table', 'schema: The audit table can’t be read: there is no table named AuditLog', 'compare AUDIT_TABLE with the database'],
    [
      'Rolled-back transactions',
      'locks: The application writes audit records and rolls them back',
      'a transaction that fails after the audit record',
    ],
    ['Database stopped', 'The database answers no check', 'go on with the DATABASE_FAILURE runbook'],
  ])('%s → %s', async (title, cause, nextStep) => {
    const resolutions = page.locator('.channel article', { hasText: 'RESOLVED: Audit Log Failure' });
    const returns = page.locator('.channel article', { hasText: 'Audit records are being written again' });
    const before = { resolutions: await resolutions.count(), returns: await returns.count() };
    await breaks(page, title);
    await types(page, `/audit diagnose`);
    const diagnosis = messageSaying(page, /diagnose: [A-Z]+/);
    await expect.poll(async () => straight(await diagnosis.innerText())).toContain(straight(cause));
    expect(straight(await diagnosis.innerText())).toContain(straight(nextStep));
    await page.getByRole('button', { name: 'Repair', exact: true }).click();
    await runsAt(page, 60);
    await page.getByText('audit log written').waitFor();
    await expect.poll(() => returns.count()).toBe(before.returns + 1);
    await types(page, `/incident resolve ${title}`);
    await expect.poll(() => resolutions.count()).toBe(before.resolutions + 1);
  });

  test('an application bug is repaired by /remedy rollback: robin asks, sam approves, records return', async () => {
    await runsAt(page, 60);
    await page.getByRole('button', { name: 'Application bug' }).click();
    await page.locator('.pagerduty .status.acknowledged').first().waitFor();
    await runsAt(page, 10);
    await types(page, '/remedy rollback');
    const plan = messageSaying(page, 'Waiting for the approval of a second person');
    await plan.getByRole('button', { name: 'Approve' }).click();
    await messageSaying(page, 'You asked for it: a second person must approve').waitFor();
    await page.getByLabel('You are').selectOption('sam');
    await plan.getByRole('button', { name: 'Approve' }).click();
    await runsAt(page, 60);
    await messageSaying(page, 'DONE: Done, and audit records are being written').waitFor();
    await page.getByText('audit log written').waitFor();
  });
});

/** Quotation marks as a keyboard has them. */
function straight(text: string): string {
  return text.replaceAll('’', "'");
}
