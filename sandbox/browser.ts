import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** No service of the browser's own may ask the network, and a container has no user namespace for its sandbox. */
const ARGUMENTS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
];

/** A headless Chromium: the machine's own at CHROMIUM or a usual place, else the one that comes as a package (Linux on x64). */
export async function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: await findChromium(), args: ARGUMENTS });
}

/** Whether this machine has a browser for {@link openBrowser}. */
export const hasBrowser = ownChromium() !== undefined || (process.platform === 'linux' && process.arch === 'x64');

function ownChromium(): string | undefined {
  const usual = ['/usr/bin/chromium', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];
  return [process.env.CHROMIUM ?? '', ...usual].find((path) => path !== '' && existsSync(path));
}

async function findChromium(): Promise<string> {
  const own = ownChromium();
  if (own !== undefined) return own;
  // Makes the package unpack the shared libraries that a bare machine lacks, beside the browser.
  process.env.AWS_LAMBDA_JS_RUNTIME ??= 'nodejs24.x';
  const { default: packaged } = await import('@sparticuz/chromium');
  return packaged.executablePath();
}
