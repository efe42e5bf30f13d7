import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { z } from 'zod';
import { startBot } from '#sandbox/bot-process.ts';
import { openClinic } from '#sandbox/clinic/clinic.ts';
import { closeStandIns, sandboxEnvironment, startStandIns } from '#sandbox/environment.ts';
import { webhookBody, webhookSignature } from '#sandbox/stand-ins/pagerduty/webhooks.ts';
import { startEmbedded } from '#store/embedded.ts';

const WEBHOOKS = 10_000;
const CONNECTIONS = 16;
const ALERTS = 50;

type Say = (text: string) => void;
type Webhook = { readonly id: string; readonly body: string };

/**
 * 10,000 webhooks as fast as they are taken (new alerts, redeliveries, unknown types): kept durably a second, against a bare handler
 * that does one INSERT a request on the same PostgreSQL in the same run; and the bot's memory meanwhile. Asserts nothing.
 */
export async function benchStorm(say: Say): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gapwatch-storm-'));
  await chmod(folder, 0o755);
  const server = await startEmbedded(join(folder, 'postgres'));
  const clinic = await openClinic(await server.database('clinic'));
  const standIns = await startStandIns(Date.now);
  const environment = sandboxEnvironment({ ...standIns, clinic, reportsFolder: join(folder, 'reports') });
  const reading = { realMilliseconds: 0, shownMilliseconds: 0, speed: 1 };
  const bot = await startBot({ ...environment, DATABASE_URL: await server.database('gapwatch'), LOG_LEVEL: 'error' }, reading, say);
  try {
    say(
      `${cpus().length} cores (${cpus()[0]?.model}), Node ${process.version}, PostgreSQL with fsync, ${CONNECTIONS} connections, ${WEBHOOKS} webhooks`,
    );
    const webhooks = makeStorm();
    const bare = await bareRun(await server.database('bare'), webhooks);
    const before = await residentMegabytes(bot.process);
    let most = before;
    const watch = setInterval(() => void residentMegabytes(bot.process).then((now) => (most = Math.max(most, now))), 250);
    const rate = await flood(`http://127.0.0.1:${bot.port}/pagerduty/webhook`, webhooks);
    clearInterval(watch);
    say(
      `kept a second: ${rate.toFixed(0)}; a bare handler with one INSERT a request: ${bare.toFixed(0)}; ratio ${(rate / bare).toFixed(2)} (aim: at least 0.5)`,
    );
    say(`memory: ${before.toFixed(0)} MB before, ${most.toFixed(0)} MB at most during it`);
    const posts = standIns.slack.messages.filter(({ text }) => text.startsWith('🚨 CRITICAL')).length;
    say(`incidents opened for ${ALERTS} alerts: ${posts}`);
  } finally {
    await bot.stop();
    await Promise.all([closeStandIns(standIns), clinic.close()]);
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Alerts of one failure, events that Gapwatch makes nothing of, and every third delivery a redelivery. */
function makeStorm(): readonly Webhook[] {
  const webhooks: Webhook[] = [];
  for (let count = 0; count < WEBHOOKS; count += 1) {
    const known = webhooks[Math.floor(webhooks.length / 2)];
    if (count % 3 === 2 && known) webhooks.push(known);
    else if (count < ALERTS * 3) webhooks.push(webhook('incident.triggered', alert(`PSTORM${count}`)));
    else webhooks.push(webhook('incident.priority_updated', { id: randomUUID() }));
  }
  return webhooks;
}

function webhook(type: string, data: unknown): Webhook {
  return { id: randomUUID(), body: webhookBody(type, data, null, Date.now()) };
}

function alert(id: string) {
  const created_at = new Date().toISOString();
  return {
    id,
    title: `AuditLogFailure ${id}`,
    html_url: `https://clinic.pagerduty.example/incidents/${id}`,
    created_at,
    service: { summary: 'Clinic' },
  };
}

async function bareRun(url: string, webhooks: readonly Webhook[]): Promise<number> {
  const child = fork(fileURLToPath(import.meta.url), ['bare', url], { stdio: 'inherit' });
  const [message] = await once(child, 'message');
  const { port } = z.object({ port: z.number() }).parse(message);
  const rate = await flood(`http://127.0.0.1:${port}/`, webhooks);
  child.kill();
  return rate;
}

async function flood(url: string, webhooks: readonly Webhook[]): Promise<number> {
  const left = [...webhooks];
  const start = performance.now();
  const sender = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const headers = { 'x-pagerduty-signature': webhookSignature(next.body, ['sandbox-webhook-secret']), 'x-webhook-id': next.id };
      const response = await fetch(url, { method: 'POST', headers, body: next.body });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`answered ${response.status}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, sender));
  return (webhooks.length / (performance.now() - start)) * 1_000;
}

async function residentMegabytes({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024;
}

/** The alternative: reads the body, inserts it, answers. No signature, no deduplication, no incident. */
async function serveBare(url: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  await pool.query('create table if not exists deliveries (id bigserial primary key, body text not null)');
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      pool.query('insert into deliveries (body) values ($1)', [Buffer.concat(chunks).toString('utf8')]).then(
        () => response.writeHead(202).end(),
        () => response.writeHead(503).end(),
      );
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.send?.({ port: typeof address === 'object' && address !== null ? address.port : 0 });
  });
}

if (import.meta.main && process.argv[2] === 'bare') await serveBare(process.argv[3] ?? '');
