import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBrowser } from './browser.ts';
import { servePage } from './page/server.ts';
import { openSandbox } from './sandbox.ts';

/** Makes docs/demo.png: the running demo in the middle of an incident, as the README shows it. */
const folder = await mkdtemp(join(tmpdir(), 'gapwatch-screenshot-'));
const sandbox = await openSandbox({ folder, speed: 60, onLog: (line) => process.stderr.write(`${line}\n`) });
const server = await servePage(sandbox, 0);
const browser = await openBrowser();
try {
  const page = await browser.newPage({ locale: 'en-US', timezoneId: 'UTC', viewport: { width: 1400, height: 1000 } });
  await page.goto(server.url);
  await page.getByRole('button', { name: 'Revoked right' }).click();
  await page.getByRole('button', { name: "I'm on it" }).click();
  await page.getByRole('button', { name: '10 times as fast as life' }).click();
  const box = page.getByLabel('Message #incidents');
  await box.fill('/incident action granting INSERT again');
  await box.press('Enter');
  await page.getByRole('button', { name: 'Diagnose' }).click();
  await page.getByText('Run /audit probe').waitFor();
  await page.getByRole('button', { name: '60 times as fast as life' }).click();
  await page.locator('article', { hasText: 'UPDATE: Audit Log Failure - 5 min elapsed' }).first().waitFor();
  await page.getByRole('button', { name: '1 times as fast as life' }).click();
  await page.screenshot({ path: 'docs/demo.png' });
  process.stdout.write('docs/demo.png\n');
} finally {
  await browser.close();
  await server.close();
  await sandbox.close();
  await rm(folder, { recursive: true, force: true });
}
