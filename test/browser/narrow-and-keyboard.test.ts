import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Demo, messageSaying, openDemo } from '#harness/page.ts';
import { hasBrowser } from '#sandbox/browser.ts';

describe.runIf(hasBrowser)('the page without a mouse, and on a phone', () => {
  let demo: Demo;
  beforeAll(async () => {
    demo = await openDemo(60);
  });
  afterAll(() => demo?.close());

  test('by keyboard alone: break, claim, complete a command, fill in a form', async () => {
    const page = await demo.visits();
    await tabsTo(page, 'Revoked right');
    await page.keyboard.press('Enter');
    await messageSaying(page, 'CRITICAL: HIPAA Audit Log Failure').getByRole('button', { name: "I'm on it" }).waitFor();
    await tabsTo(page, "I'm on it");
    await page.keyboard.press('Space');
    await messageSaying(page, 'on it: @robin').waitFor();
    await tabsTo(page, 'Message #incidents');
    await page.keyboard.type('/au');
    await page.getByRole('option', { name: '/audit' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.type('pr');
    await page.keyboard.press('ArrowDown');
    expect(await page.getByRole('option', { name: '/audit probe' }).getAttribute('aria-selected')).toBe('true');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await messageSaying(page, 'The write was refused: permission denied for table AuditLog, 42501.').waitFor();
    await tabsTo(page, 'Update');
    await page.keyboard.press('Enter');
    const form = page.getByRole('dialog', { name: 'Post an update' });
    await form.waitFor();
    await page.keyboard.type('a migration revoked INSERT');
    await tabsTo(page, 'Post');
    await page.keyboard.press('Enter');
    await messageSaying(page, /UPDATE: Audit Log Failure[\s\S]*Root cause so far: a migration revoked INSERT/).waitFor();
    await tabsTo(page, 'Update');
    await page.keyboard.press('Enter');
    await form.waitFor();
    await page.keyboard.press('Escape');
    await form.waitFor({ state: 'detached' });
    await page.context().close();
  });

  test('at phone width: one pane at a time, nothing sticks out', async () => {
    const page = await demo.visits({ viewport: { width: 360, height: 740 }, hasTouch: true });
    for (const pane of ['The clinic', 'PagerDuty', 'Mailbox', '#incidents']) {
      await page.getByRole('tab', { name: pane }).click();
      await page.locator('.pane:visible').first().waitFor();
      expect(await page.locator('.pane:visible').count()).toBe(1);
      const { shown, room } = await page.evaluate(() => ({ shown: document.documentElement.scrollWidth, room: window.innerWidth }));
      expect(shown, `${pane} is wider than the screen`).toBeLessThanOrEqual(room);
    }
    await messageSaying(page, 'CRITICAL: HIPAA Audit Log Failure').waitFor();
    await page.context().close();
  });

  test('no error on the console, and no request to another host', () => {
    expect(demo.complaints).toEqual([]);
  });
});

/** Presses Tab until the element with this name has the focus, as somebody without a mouse does. */
async function tabsTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 150; presses += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(
      () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent?.trim() ?? '',
    );
    if (focused === name) return;
  }
  throw new Error(`Tab never reached "${name}"`);
}
