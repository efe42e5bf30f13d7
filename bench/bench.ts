import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { startBot } from '#sandbox/bot-process.ts';
import { openClinic } from '#sandbox/clinic/clinic.ts';
import { closeStandIns, type StandIns, sandboxEnvironment, startStandIns } from '#sandbox/environment.ts';
import { webhookBody, webhookSignature } from '#sandbox/stand-ins/pagerduty/webhooks.ts';
import { startEmbedded } from '#store/embedded.ts';
import { benchArchive } from './archive.ts';
import { benchDays } from './days.ts';
import { benchGaps } from './gaps.ts';
import { benchStorm } from './storm.ts';
import { benchWatch } from './watch.ts';

/** Prints figures and ratios of the real program in a process of its own, against local stand-ins; asserts nothing. */
const INCIDENTS = 60;
const REQUESTS = 3_000;
const CONNECTIONS = 16;
const IDLE_SECONDS = 20;

const say = (text: string) => process.stdout.write(`${text}\n`);

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gapwatch-bench-'));
  await chmod(folder, 0o755);
  const server = await startEmbedded(join(folder, 'clinic'));
  const clinic = await openClinic(await server.database('clinic'));
  const reading = { realMilliseconds: 0, shownMilliseconds: 0, speed: 1 };
  await clinic.follow(reading);
  await clinic.wrote(new Date(Date.now() - 3_600_000), new Date(Date.now() - 600_000), 1_000);
  const standIns = await startStandIns(Date.now);
  const { slack, pagerduty } = standIns;
  const bot = await startBot(
    {
      ...sandboxEnvironment({ ...standIns, clinic, reportsFolder: join(folder, 'reports') }),
      GAPWATCH_DATA_DIR: join(folder, 'gapwatch'),
      LOG_LEVEL: 'error',
    },
    reading,
    say,
  );
  const url = `http://127.0.0.1:${bot.port}/pagerduty/webhook`;
  say(`${cpus().length} cores (${cpus()[0]?.model}), Node ${process.version}, embedded PostgreSQL with fsync, one bot process\n`);
  try {
    await idle(bot.process);
    await reactions(url, slack, pagerduty);
    await throughput(url);
  } finally {
    await bot.stop();
    await Promise.all([closeStandIns(standIns), clinic.close()]);
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** CPU and memory of the bot while nothing happens. */
async function idle(bot: ChildProcess): Promise<void> {
  const usage = async () => {
    const [stat, status] = await Promise.all([
      readFile(`/proc/${bot.pid}/stat`, 'utf8'),
      readFile(`/proc/${bot.pid}/status`, 'utf8'),
    ]).catch(() => ['', '']);
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // Clock ticks are hundredths of a second on Linux.
    return { seconds: (Number(fields[11]) + Number(fields[12])) / 100, megabytes: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024 };
  };
  await new Promise((done) => setTimeout(done, 3_000));
  const before = await usage();
  await new Promise((done) => setTimeout(done, IDLE_SECONDS * 1_000));
  const after = await usage();
  const percent = ((after.seconds - before.seconds) / IDLE_SECONDS) * 100;
  say(
    `idle for ${IDLE_SECONDS} s: ${percent.toFixed(2)} % of one core, ${after.megabytes.toFixed(0)} MB resident (aim: under 1 %, under 150 MB)\n`,
  );
}

type Slack = StandIns['slack'];
type PagerDuty = StandIns['pagerduty'];

/** From the webhook's first byte to the post about it and to the acknowledgement: the first alert opens, the others join. */
async function reactions(url: string, slack: Slack, pagerduty: PagerDuty): Promise<void> {
  const posts: number[] = [];
  const acknowledgements: number[] = [];
  for (let count = 0; count < INCIDENTS; count += 1) {
    const posted = new Promise<number>((done) => slack.events.once('message', () => done(performance.now())));
    const acknowledged = new Promise<number>((done) => {
      const listen = (_: unknown, type: string) => {
        if (type !== 'incident.acknowledged') return;
        pagerduty.events.off('change', listen);
        done(performance.now());
      };
      pagerduty.events.on('change', listen);
    });
    pagerduty.webhookUrl = url;
    const start = performance.now();
    await pagerduty.fires(`AuditLogFailure ${count}`);
    pagerduty.webhookUrl = null;
    posts.push((await posted) - start);
    acknowledgements.push((await acknowledged) - start);
    await new Promise((done) => setTimeout(done, 150));
  }
  say(`webhook to the first Slack post (the opening one): ${posts[0]?.toFixed(0)} ms`);
  say(`webhook to Slack post,      ${INCIDENTS} alerts: p50 ${at(posts, 0.5)} ms, p99 ${at(posts, 0.99)} ms (aim: p99 under 250 ms)`);
  say(
    `webhook to acknowledgement, ${INCIDENTS} alerts: p50 ${at(acknowledgements, 0.5)} ms, p99 ${at(acknowledgements, 0.99)} ms (aim: p99 under 250 ms)\n`,
  );
}

/** Webhooks kept a second, beside a bare node:http handler that reads the body and answers, in a process of its own, under the same load. */
async function throughput(url: string): Promise<void> {
  const bare = fork(fileURLToPath(import.meta.url), ['bare'], { stdio: 'inherit' });
  const [message] = await once(bare, 'message');
  const { port } = z.object({ port: z.number() }).parse(message);
  const bareRun = await load(`http://127.0.0.1:${port}/`);
  bare.kill();
  const botRun = await load(url);
  say(
    `webhook to commit, ${REQUESTS} webhooks on ${CONNECTIONS} connections: p50 ${at(botRun.times, 0.5)} ms, p99 ${at(botRun.times, 0.99)} ms`,
  );
  say(
    `webhooks kept a second: ${botRun.rate.toFixed(0)}; bare node:http: ${bareRun.rate.toFixed(0)}; ratio ${(botRun.rate / bareRun.rate).toFixed(2)}`,
  );
}

async function load(url: string): Promise<{ readonly rate: number; readonly times: readonly number[] }> {
  const times: number[] = [];
  let left = REQUESTS;
  const start = performance.now();
  const sender = async () => {
    while (left > 0) {
      left -= 1;
      const body = webhookBody('incident.priority_updated', { id: 'PNONE' }, null, Date.now());
      const headers = { 'x-pagerduty-signature': webhookSignature(body, ['sandbox-webhook-secret']), 'x-webhook-id': randomUUID() };
      const began = performance.now();
      const response = await fetch(url, { method: 'POST', headers, body });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`answered ${response.status}`);
      times.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, sender));
  return { rate: (REQUESTS / (performance.now() - start)) * 1_000, times };
}

function at(times: readonly number[], share: number): string {
  const sorted = times.toSorted((one, other) => one - other);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
}

function serveBare(): void {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(202).end());
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.send?.({ port: typeof address === 'object' && address !== null ? address.port : 0 });
  });
}

const HELP = `npm run bench                        reactions, throughput, idle cost of the bot
npm run bench -- storm               10,000 webhooks, against a bare handler with one INSERT a request
npm run bench -- gaps [--rows N]     the gap scan against the runbook's query, on N rows (10,000,000 unless given)
npm run bench -- watch [--rows N]    one round of the watch on N rows (30,000,000 unless given), in the database's own time
npm run bench -- days                the rules of the watch on days of realistic traffic: false alarms, and planted failures found
npm run bench -- archive [--rows N]  the export of /remedy archive against psql and gpg, on N rows (2,000,000 unless given)
`;

const DEFAULT_ROWS: Readonly<Record<string, number>> = { archive: 2_000_000, watch: 30_000_000 };

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rows: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  const [what = 'bot'] = positionals;
  const rows = Number(values.rows ?? DEFAULT_ROWS[what] ?? 10_000_000);
  if (what === 'bare') return serveBare();
  if (what === 'bot' && !values.help) return main();
  if (what === 'storm' && !values.help) return benchStorm(say);
  if (what === 'gaps' && !values.help && Number.isInteger(rows) && rows >= 1_000) return benchGaps(rows, say);
  if (what === 'days' && !values.help) return benchDays(say);
  if (what === 'watch' && !values.help && Number.isInteger(rows) && rows >= 1_000) return benchWatch(rows, say);
  if (what === 'archive' && !values.help && Number.isInteger(rows) && rows >= 1_000) return benchArchive(rows, say);
  say(HELP);
}

await run();
