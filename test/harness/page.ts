import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { openBrowser } from '#sandbox/browser.ts';
import { type PageServer, servePage } from '#sandbox/page/server.ts';
import { openSandbox, type Sandbox } from '#sandbox/sandbox.ts';

/** The demo as a visitor has it: a sandbox, its page, a browser. */
export type Demo = {
  readonly sandbox: Sandbox;
  readonly url: string;
  /** Opens the page anew, as another visitor. */
  readonly visits: (options?: BrowserContextOptions) => Promise<Page>;
  /** What no visit may show: errors on the console, requests to another host. */
  readonly complaints: readonly string[];
  readonly close: () => Promise<void>;
};

/** Starts the demo; time runs `speed` times as fast. */
export async function openDemo(speed: number): Promise<Demo> {
  const folder = await mkdtemp(join(tmpdir(), 'gapwatch-demo-'));
  const complaints: string[] = [];
  const sandbox = await openSandbox({ folder, speed, onLog: () => undefined });
  let server: PageServer | undefined;
  let browser: Browser | undefined;
  const close = async () => {
    await browser?.close();
    await server?.close();
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    server = await servePage(sandbox, 0);
    browser = await openBrowser();
    const opened = browser;
    const { url } = server;
    const visits = async (options: BrowserContextOptions = {}) => {
      const context = await opened.newContext({
        locale: 'en-US',
        timezoneId: 'America/New_York',
        viewport: { width: 1360, height: 900 },
        ...options,
      });
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      page.on('request', (request) => {
        if (new URL(request.url()).host !== new URL(url).host && !request.url().startsWith('data:'))
          complaints.push(`asked ${request.url()}`);
      });
      await page.goto(url);
      await page.getByRole('heading', { name: '#incidents' }).waitFor({ state: 'attached' });
      return page;
    };
    return { sandbox, url, visits, complaints, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Types into the channel's message box and sends it. */
export async function types(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message #incidents').fill(text);
  await page.keyboard.press('Enter');
}

/** The newest message of the channel with this text. */
export function messageSaying(page: Page, text: string | RegExp): Locator {
  return page.locator('.channel article', { hasText: text }).last();
}

/** Presses a switch of the clinic and lets time run until PagerDuty's alert is acknowledged and the channel has heard of it. */
export async function breaks(page: Page, title: string): Promise<void> {
  await runsAt(page, 60);
  await page.getByRole('button', { name: title }).click();
  await page.locator('.pagerduty .status.acknowledged').first().waitFor();
  await messageSaying(page, 'CRITICAL: HIPAA Audit Log Failure').waitFor();
  await runsAt(page, 10);
}

/** Lets time run so many times as fast as life. */
export async function runsAt(page: Page, speed: 1 | 10 | 60): Promise<void> {
  await page.getByRole('button', { name: `${speed} times as fast as life`, exact: true }).click();
  await page.locator('.speed [aria-pressed="true"]', { hasText: `${speed}×` }).waitFor();
}
