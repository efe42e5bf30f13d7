import { execFile } from 'node:child_process';
import { createHash, generateKeyPairSync, verify } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { expect } from 'vitest';
import { alertFires, countOf, goesSilent, isResolved, mailsAbout, messageWith, robinTypes, writesAgain } from '#harness/stories.ts';
import { story, type World } from '#harness/world.ts';

const run = promisify(execFile);

type Ran = { readonly code: number; readonly text: string };

/** Runs `gapwatch <args>` as an auditor does: with the store's address and nothing else. */
async function gapwatch(world: World, folder: string, ...args: readonly string[]): Promise<Ran> {
  const env = {
    PATH: process.env.PATH ?? '',
    DATABASE_URL: world.storeUrl,
    RUNBOOK_FILE: resolve('runbook.yaml'),
    TEMPLATES_DIR: resolve('templates'),
  };
  const ran = run(process.execPath, [resolve('src/cli.ts'), ...args], { cwd: folder, env });
  return ran.then(
    ({ stdout }) => ({ code: 0, text: stdout }),
    (error: { code?: number; stdout?: string; stderr?: string }) => ({ code: error.code ?? 1, text: `${error.stdout}${error.stderr}` }),
  );
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gapwatch-evidence-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Makes a signing key; answers the files of its two halves. */
async function makeKey(folder: string): Promise<{ readonly secret: string; readonly open: string }> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const [secret, open] = [join(folder, 'evidence.pem'), join(folder, 'evidence.pub.pem')];
  await writeFile(secret, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  await writeFile(open, publicKey.export({ type: 'spki', format: 'pem' }));
  return { secret, open };
}

async function resolvesSigned(world: World, secret: string): Promise<void> {
  await goesSilent(world);
  await world.starts('', { EVIDENCE_SIGNING_KEY_FILE: secret });
  await world.pagerduty.fires('AuditLogFailure');
  await world.passes(5);
  await writesAgain(world);
  await world.passes(0.25);
  await robinTypes(world, '/incident resolve a migration');
  await world.settles();
}

/** The ledger in an export, as its README says it: none of Gapwatch's own code. */
async function ledgerHoldsByHand(exported: string): Promise<void> {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const lines = (await readFile(join(exported, 'ledger.txt'), 'utf8')).trim().split('\n');
  const heads = (await readFile(join(exported, 'ledger-heads.jsonl'), 'utf8')).trim().split('\n');
  let [previous, after] = ['0'.repeat(64), 0];
  for (const { body, hash } of heads.map((line) => JSON.parse(line))) {
    const said = JSON.parse(body);
    const covered = lines.filter((line) => Number(line.split(' ')[0]) > after && Number(line.split(' ')[0]) <= said.through);
    expect(sha256(body)).toBe(hash);
    expect(said).toMatchObject({
      previous,
      entries: { count: covered.length, sha256: sha256(covered.map((line) => `${line}\n`).join('')) },
    });
    [previous, after] = [hash, said.through];
  }
  const facts = (await readFile(join(exported, 'facts.jsonl'), 'utf8')).trim().split('\n');
  const { sequence, hash } = JSON.parse(facts.at(-1) ?? '{}');
  expect(lines.findLast((line) => line.includes(' facts 1 '))).toMatch(new RegExp(`^\\d+ facts 1 ${sequence} ${hash}$`));
}

async function asks(world: World, sql: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: world.storeUrl });
  await client.connect();
  const { rows } = await client.query(sql);
  await client.end();
  return rows;
}

/** Changes the store as somebody with all rights could. */
async function tampers(world: World, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: world.storeUrl });
  await client.connect();
  await client.query('set session_replication_role = replica');
  await client.query(sql);
  await client.end();
}

story('export → one folder that verifies, with Gapwatch and by hand', { timeout: 120_000 }, async ({ world }) => {
  await withFolder(async (folder) => {
    const { secret, open } = await makeKey(folder);
    await resolvesSigned(world, secret);
    expect((await gapwatch(world, folder, 'export', 'INC-1')).text).toMatch(/^INC-1-\w+\/ holds \d+ files/);
    const [name = ''] = (await readdir(folder)).filter((each) => each.startsWith('INC-1-'));
    const exported = join(folder, name);
    const files = await readdir(exported);
    for (const file of [
      'README.md',
      'facts.jsonl',
      'sent.jsonl',
      'timeline.csv',
      'report.md',
      'signature-1.json',
      'notice-final-notice-1-1.txt',
    ])
      expect(files).toContain(file);
    expect(files).toContain('notice-final-notice-1-1-INC-1-records.png');
    const mailed = join(exported, 'notice-opening-notice-1-gapwatch-ledger.json');
    expect(await gapwatch(world, folder, 'verify', exported, '--key', open, '--statement', mailed)).toMatchObject({
      code: 0,
      text: expect.stringMatching(/^ok {5}INC-1: .*\nok {5}the ledger: .*\nEvery record verifies\.\n$/),
    });
    expect(await readFile(join(exported, 'notice-opening-notice-1.txt'), 'utf8')).toContain('To: Privacy Officer\nSubject: URGENT:');

    const { statement, signature, publicKey } = JSON.parse(await readFile(join(exported, 'signature-1.json'), 'utf8'));
    // By hand, as the export's README says it: none of Gapwatch's own code.
    expect(verify(null, Buffer.from(statement), publicKey, Buffer.from(signature, 'base64'))).toBe(true);
    const events = (await readFile(join(exported, 'facts.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    let previous = '0'.repeat(64);
    for (const { body, hash } of events) {
      expect(createHash('sha256').update(body).digest('hex')).toBe(hash);
      expect(JSON.parse(body).previous).toBe(previous);
      previous = hash;
    }
    const { count, head } = JSON.parse(statement);
    expect(events[count - 1].hash).toBe(head);

    await ledgerHoldsByHand(exported);
    const readme = await readFile(join(exported, 'README.md'), 'utf8');
    const [queries = ''] = [...readme.matchAll(/```sql\n(.*?)```/gs)].map(([, sql]) => sql ?? '');
    for (const query of queries.split(/;\n/).filter((each) => each.trim() !== '')) expect(await asks(world, query), query).toEqual([]);

    const lines = (await readFile(join(exported, 'facts.jsonl'), 'utf8')).split('\n');
    await writeFile(
      join(exported, 'facts.jsonl'),
      lines.map((line, index) => (index === 4 ? line.replace('2026', '2025') : line)).join('\n'),
    );
    const broken = await gapwatch(world, folder, 'verify', exported);
    expect(broken).toMatchObject({ code: 1, text: expect.stringContaining('BROKEN INC-1 at fact 5: the text does not match its hash') });
  });
});

story('the whole record rewritten, hashes and all → the signed statement in the mail shows it', { timeout: 120_000 }, async ({ world }) => {
  await withFolder(async (folder) => {
    const { secret, open } = await makeKey(folder);
    await resolvesSigned(world, secret);
    const statement = mailsAbout(world, 'URGENT')
      .at(-1)
      ?.attachments.find(({ filename }) => filename === 'INC-1-evidence.json');
    expect(JSON.parse(statement?.content.toString() ?? '{}')).toMatchObject({ publicKey: expect.stringContaining('BEGIN PUBLIC KEY') });
    const verified = await gapwatch(world, folder, 'verify', '--key', open);
    expect(verified).toMatchObject({ code: 0, text: expect.stringContaining('signed 1 time') });
    // With nobody watching, what came after the signed stretch is cut off, its last event is changed, and the hash made to fit.
    await world.stops();
    const { count } = JSON.parse(JSON.parse(statement?.content.toString() ?? '{}').statement);
    await tampers(world, `delete from gapwatch.facts where sequence > ${Number(count)}`);
    const forged = `replace(body, '"at":"2026', '"at":"2025')`;
    await tampers(
      world,
      `update gapwatch.facts set body = ${forged}, hash = encode(sha256(convert_to(${forged}, 'utf8')), 'hex')
       where sequence = (select max(sequence) from gapwatch.facts)`,
    );
    const cut = await gapwatch(world, folder, 'verify');
    expect(cut).toMatchObject({ code: 1, text: expect.stringMatching(/^BROKEN INC-1 at /) });
    // They know of index and ledger, and rewrite both: now only what left the house can tell.
    await tampers(
      world,
      `truncate gapwatch.ledger_heads;
       delete from gapwatch.ledger where incident = 1;
       delete from gapwatch.sent;
       insert into gapwatch.ledger (subject, incident, item, sha256)
         select 'facts', incident, sequence::text, hash from gapwatch.facts order by sequence desc limit 1;
       update gapwatch.incidents set (fact_count, head) = (select sequence, hash from gapwatch.facts order by sequence desc limit 1)`,
    );
    const rewritten = await gapwatch(world, folder, 'verify');
    expect(rewritten.text).toContain('INC-1');
    expect(rewritten.text).not.toContain('the ledger knows');
    const mailed = join(folder, 'mailed.json');
    await writeFile(
      mailed,
      mailsAbout(world, 'URGENT')[0]?.attachments.find(({ filename }) => filename === 'gapwatch-ledger.json')?.content ?? '',
    );
    expect(await gapwatch(world, folder, 'verify', '--key', open, '--statement', mailed)).toMatchObject({
      code: 1,
      text: expect.stringMatching(/BROKEN the statement: the ledger had a head \d+, and its last is none; it was cut/),
    });
    await writeFile(mailed, statement?.content ?? '');
    expect(await gapwatch(world, folder, 'verify', '--statement', mailed)).toMatchObject({
      code: 1,
      text: expect.stringContaining('BROKEN INC-1 at the statement of 2026-01-05T12:05:15.000Z: it was signed when fact'),
    });
    await gapwatch(world, folder, 'export', 'INC-1');
    const [name = ''] = (await readdir(folder)).filter((each) => each.startsWith('INC-1-'));
    await writeFile(join(folder, name, 'signature-1.json'), statement?.content ?? '');
    expect(await gapwatch(world, folder, 'verify', join(folder, name), '--key', open)).toMatchObject({
      code: 1,
      text: expect.stringContaining('the record was rewritten since'),
    });
  });
});

story(
  'a mail or message changed after the fact → verify names it; a fact changed → the channel hears it by itself',
  { timeout: 120_000 },
  async ({ world }) => {
    await isResolved(world);
    await withFolder(async (folder) => {
      await tampers(world, `update gapwatch.sent set content = replace(content, 'URGENT', 'calm') where call = 'mail/opening-notice'`);
      expect((await gapwatch(world, folder, 'verify')).text).toContain('BROKEN INC-1 at mail/opening-notice: its content was changed');
    });
    await world.passes(24 * 60);
    expect(messageWith(world, 'A record of Gapwatch does not verify any more: INC-1: mail/opening-notice').isBroadcast).toBe(false);
    await world.passes(24 * 60);
    expect(countOf(world, 'does not verify any more')).toBe(1);
  },
);

story(
  'a fact that is garbage, and an incident deleted → the daily self-check names both in the channel',
  { timeout: 120_000 },
  async ({ world }) => {
    world.expectsErrors();
    await isResolved(world);
    await world.stops();
    await tampers(
      world,
      `update gapwatch.facts set body = 'garbage' where sequence = 5;
     insert into gapwatch.facts select 3, sequence, hash, body from gapwatch.facts where sequence > 1;
     insert into gapwatch.incidents values (3, 'resolved')`,
    );
    await world.starts();
    await world.settles();
    const { text } = messageWith(world, 'A record of Gapwatch does not verify any more');
    expect(text).toContain('INC-1: fact 5: the text does not match its hash');
    expect(text).toContain('INC-2: its facts: there are none, and this number was given; the incident was deleted');
    expect(text).toContain('INC-3: fact 1: fact 1 is missing; fact 2 follows');
    await tampers(world, `update gapwatch.sent set content = 'garbage' where call = 'mail/opening-notice'`);
    await withFolder(async (folder) => {
      const exported = await gapwatch(world, folder, 'export', 'INC-1');
      expect(exported).toMatchObject({ code: 0, text: expect.stringMatching(/^INC-1-\w+\/ holds \d+ files/) });
      const [name = ''] = exported.text.split('/');
      expect(await readdir(join(folder, name))).not.toContain('report.md');
      expect(await gapwatch(world, folder, 'verify', name)).toMatchObject({
        code: 1,
        text: expect.stringContaining('BROKEN INC-1 at fact 5: the text does not match its hash'),
      });
    });
  },
);

story('every record that grew is signed once a day', async ({ world }) => {
  await withFolder(async (folder) => {
    const { secret } = await makeKey(folder);
    await resolvesSigned(world, secret);
    await robinTypes(world, '/incident note the vendor has answered');
    await world.passes(24 * 60);
    expect((await gapwatch(world, folder, 'verify')).text).toMatch(/signed [23] times/);
    // The whole ledger's statement is where nobody can take it back.
    const [name, kept] = [...world.s3.objects].filter(([key]) => key.includes('ledger/')).at(-1) ?? [];
    expect(name).toMatch(/ledger\/20260106T12\d{4}-[0-9a-f]{12}\.json$/);
    await writeFile(join(folder, 'kept.json'), kept?.content ?? '');
    expect(await gapwatch(world, folder, 'verify', '--statement', 'kept.json')).toMatchObject({
      code: 0,
      text: expect.stringMatching(/ok {5}the statement: of 2026-01-06T12:\d\d:\S+, about head \d+ of the ledger/),
    });
    for (const { attachments } of mailsAbout(world, 'URGENT'))
      expect(attachments.map(({ filename }) => filename)).toContain('gapwatch-ledger.json');
    expect(mailsAbout(world, 'URGENT')[0]?.text).toContain('Attached: gapwatch-ledger.json, a signed statement of everything on record.');
  });
});

story('a signing key that is none stops the start with a sentence', async ({ world }) => {
  await withFolder(async (folder) => {
    const file = join(folder, 'key.pem');
    await writeFile(file, 'no key');
    await expect(world.starts('', { EVIDENCE_SIGNING_KEY_FILE: file })).rejects.toThrow(
      'holds no private key. Make one with: openssl genpkey',
    );
  });
});

story('the heartbeat beats while all is well, and stops while something is not', async ({ world }) => {
  const { createServer } = await import('node:http');
  let beats = 0;
  const server = createServer((_request, response) => {
    beats += 1;
    response.end('ok');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await world.starts('', { HEARTBEAT_URL: `http://127.0.0.1:${port}/beat` });
  await world.passes(1);
  await world.passes(1);
  expect(beats).toBeGreaterThanOrEqual(2);
  world.pagerduty.isSubscriptionOff = true;
  await world.passes(11);
  await world.passes(1);
  const before = beats;
  expect(messageWith(world, 'PagerDuty has switched off the webhook subscription').text).toContain('by the poll');
  await world.passes(2);
  await world.passes(2);
  expect(beats).toBe(before);
  expect(countOf(world, 'switched off the webhook subscription')).toBe(1);
  world.pagerduty.isSubscriptionOff = false;
  await world.passes(11);
  await world.passes(1);
  await world.passes(1);
  expect(beats).toBeGreaterThan(before);
  await new Promise((done) => server.close(done));
});

story('an alert that came by no webhook → it is found by the poll, and the channel hears why it was late', async ({ world }) => {
  await goesSilent(world);
  await world.starts();
  const url = world.pagerduty.webhookUrl;
  world.pagerduty.webhookUrl = null;
  await world.pagerduty.fires('AuditLogFailure');
  await world.passes(1);
  expect(countOf(world, 'HIPAA Audit Log Failure')).toBe(1);
  await world.passes(2);
  world.pagerduty.webhookUrl = url;
  expect(countOf(world, 'was found by asking PagerDuty; two minutes later still no webhook has told of it')).toBe(1);
});

story('a timer that was lost → the auditor finds it overdue and does its work', async ({ world }) => {
  await alertFires(world);
  await tampers(world, `delete from pgboss.job where data -> 'command' ->> 'kind' = 'update-due'`);
  await world.passes(6);
  await world.passes(1);
  expect(countOf(world, '⏳ UPDATE')).toBe(1);
  expect(await (await fetch(`${world.botUrl()}/metrics`)).text()).toMatch(/^gapwatch_repairs_total 1$/m);
});

story(
  'a piece of work that can never be done → it is given up in sight of the channel, and what it was for happens all the same',
  async ({ world }) => {
    world.expectsErrors();
    await alertFires(world);
    await tampers(
      world,
      `update pgboss.job set data = '{"kind":"nonsense"}', retry_limit = 0 where data -> 'command' ->> 'kind' = 'update-due'`,
    );
    await world.passes(6);
    await world.passes(1);
    await expect.poll(() => countOf(world, 'Gapwatch has given up a piece of its own work: a job of another version')).toBe(1);
    expect(countOf(world, '⏳ UPDATE')).toBe(1);
    expect(await (await fetch(`${world.botUrl()}/metrics`)).text()).toContain('gapwatch_jobs_given_up_total 1');
  },
);
