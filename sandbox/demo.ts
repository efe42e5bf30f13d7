import { once } from 'node:events';
import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { narrator } from './narrator.ts';
import { servePage } from './page/server.ts';
import { openSandbox, type Sandbox } from './sandbox.ts';
import { playInTerminal } from './terminal-play.ts';

const HELP = `npm run demo -- [--terminal] [--speed N] [--port N]

Lets you live through an incident on this machine: the real bot as a process of its own, on a real PostgreSQL, against local stand-ins
for Slack, PagerDuty and mail. Nothing leaves this machine. It prints the address of one page on which all of it is seen and done.

  --terminal  plays one incident by itself in this terminal, without a page, and ends
  --speed N   how many times faster than life the time runs (1 to 60; 10 unless given, 12 in the terminal; the page can change it)
  --port N    where the page is served (4100 unless given; a free port when it is taken)
  --help      this text
`;

const { values } = parseArgs({
  options: {
    terminal: { type: 'boolean', default: false },
    speed: { type: 'string' },
    port: { type: 'string', default: '4100' },
    help: { type: 'boolean', default: false },
  },
});
const speed = Number(values.speed ?? (values.terminal ? 12 : 10));
const port = Number(values.port);
const mistake = mistakeIn();
if (values.help || mistake !== null) {
  process.stdout.write(mistake === null ? HELP : `${mistake}\n\n${HELP}`);
  process.exit(mistake === null ? 0 : 2);
}

const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]).then(() => 'interrupted' as const);
const starting = open().catch((error: unknown) => {
  process.stderr.write(`The demo could not start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
await Promise.race([starting, interrupted]);
const { sandbox, tell } = await starting;
try {
  const ended = values.terminal ? playInTerminal(sandbox, tell) : page();
  if ((await Promise.race([ended, interrupted])) === 'interrupted') process.stdout.write('\nStopping; nothing is left behind.\n');
  else tellOfTheEnd(sandbox);
} finally {
  await sandbox.close();
}
// The page's connections and a half-played incident would keep the process waiting.
process.exit(0);

function mistakeIn(): string | null {
  if (!(speed >= 1 && speed <= 60)) return `--speed is a number from 1 to 60, not "${values.speed}".`;
  return Number.isInteger(port) && port >= 0 && port < 65_536 ? null : `--port is a number from 0 to 65535, not "${values.port}".`;
}

async function open() {
  process.stdout.write(
    `Starting a clinic, its PostgreSQL, stand-ins for Slack, PagerDuty and mail, and Gapwatch. Time runs ${speed} times as fast.\n`,
  );
  // The sandbox's clock is known once it is open, and nothing is told before.
  let now = () => new Date();
  const tell = narrator(() => now());
  const opened = await openSandbox({ folder: resolve('data/demo'), speed, onLog: tell.log });
  now = () => new Date(opened.clock.now());
  tell.follow(opened.slack, opened.pagerduty, opened.mail);
  return { sandbox: opened, tell };
}

async function page(): Promise<never> {
  const { url } = await servePage(sandbox, port);
  tell.aside(`Open ${url} in a browser. Ctrl-C ends everything.`);
  return new Promise<never>(() => undefined);
}

function tellOfTheEnd({ reportsFolder, mail }: Sandbox): void {
  tell.aside(
    `The gap report lies in ${relative('.', reportsFolder)}/, and ${mail.mails.length} mails went out. That was the whole runbook.`,
  );
}
