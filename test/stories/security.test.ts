import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { timelineCsv } from '#domain/messages/timeline-csv.ts';
import { alertFires, countOf, messageWith, robinTypes, rootOf, writesAgain } from '#harness/stories.ts';
import { story } from '#harness/world.ts';
import { PEOPLE } from '#sandbox/stand-ins/slack/slack.ts';

story(
  'a client that sends its request a byte at a time is cut off, and nobody else waits for it',
  { timeout: 60_000 },
  async ({ world }) => {
    await world.starts();
    const socket = connect(Number(new URL(world.botUrl()).port), '127.0.0.1');
    const closed = new Promise<void>((done) => socket.on('close', () => done()));
    socket.on('error', () => undefined);
    socket.write('POST /pagerduty/webhook HTTP/1.1\r\nHost: x\r\n');
    const drip = setInterval(() => socket.write('X'), 500);
    expect((await fetch(`${world.botUrl()}/livez`)).status).toBe(200);
    await closed;
    clearInterval(drip);
  },
);

story('identities planted in everything that people and services say leave by no way out', async ({ world }) => {
  const canaries = ['canary@patients.example', '10.99.88.77', '5f8d04b3-1b9a-4c3e-9d2a-77aa88bb99cc', 'MRN-0099887', 'xoxb-canary-token'];
  const [email = '', ip = '', id = '', record = ''] = canaries;
  await alertFires(world);
  const root = rootOf(world);
  await world.slack.says(world.botUrl(), `saw ${email} and ${record} from ${ip}`, root.ts, PEOPLE.sam);
  await robinTypes(world, `/incident note user=${id} at ${ip}`);
  world.digitalocean.log.lines = [
    `${new Date(world.clock.now()).toISOString()} Failed to create audit log for ${email} patient ${record} from ${ip} (${id})`,
  ];
  for (const check of ['logs', 'errors', 'deploys', 'reconstruct', 'locks', 'probe', 'schema']) await robinTypes(world, `/audit ${check}`);
  await world.passes(5);
  await writesAgain(world);
  await world.passes(0.25);
  await robinTypes(world, '/incident resolve fixed');
  await world.settles();
  const report = await world.report('2026-01-05-audit-gap.md');
  const metrics = await (await fetch(`${world.botUrl()}/metrics`)).text();
  const everything = [
    ...world.slack.messages.filter(({ userId }) => userId === null).map((message) => JSON.stringify(message)),
    ...world.mail.mails.map(
      (mail) => `${mail.text}${String(mail.html)}${mail.attachments.map(({ content }) => content.toString()).join('')}`,
    ),
    ...[...world.pagerduty.incidents.values()].flatMap(({ notes }) => notes),
    ...world.logLines,
    report,
    metrics,
  ].join('\n');
  expect(report).toContain('Slack: saw');
  for (const canary of canaries) expect(everything, canary).not.toContain(canary);
});

story(
  'a role, a reason and a title made to break out of their place stay text: in mail headers, file names, Slack and SQL',
  async ({ world }) => {
    const nasty = `x\r\nBcc: evil@example.org\r\n\r\n'; drop table gapwatch.facts; -- ../../etc/passwd {{ 7 | times: 7 }} <!channel>`;
    await alertFires(world, `AuditLogFailure ${nasty}`);
    await robinTypes(world, `/incident cause ${nasty}`);
    await world.passes(5);
    await writesAgain(world);
    await world.passes(0.25);
    await robinTypes(world, `/incident resolve ${nasty}`);
    await world.settles();
    expect(countOf(world, '✅ RESOLVED: Audit Log Failure')).toBe(1);
    for (const mail of world.mail.mails) {
      expect([...mail.headers.keys()]).not.toContain('bcc');
      expect(mail.subject).toBe('URGENT: Audit Log Failure - HIPAA Compliance Impact');
    }
    const resolution = messageWith(world, '✅ RESOLVED: Audit Log Failure').text;
    expect(resolution).toContain('{{ 7 | times: 7 }}');
    expect(resolution).not.toContain('<!channel>');
    expect(await robinTypes(world, '/incident report')).toContain('The report is being written');
  },
);

test('a cell of the timeline that a spreadsheet would run is made harmless', () => {
  const csv = timelineCsv([{ sequence: 1, at: new Date(0), who: '=cmd()', text: '@SUM(A1) "quoted", and\nmore' }]);
  expect(csv).toBe('number,time (UTC),who,what\r\n1,1970-01-01T00:00:00.000Z,\'=cmd(),"\'@SUM(A1) ""quoted"", and\nmore"\r\n');
});

/** Certificates are made by openssl; where it is missing, the story is skipped. */
const OPENSSL = ['openssl'].find((name) => spawnSync(name, ['version']).status === 0) ?? null;

story.runIf(OPENSSL !== null)(
  'TLS is verified: a certificate of a private CA is refused, and trusted with CA_FILE',
  { timeout: 60_000 },
  async ({ world }) => {
    const folder = await mkdtemp(join(tmpdir(), 'gapwatch-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync(OPENSSL ?? '', ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject], {
      stdio: 'ignore',
    });
    const server = createServer({ key: await readFile(key), cert: await readFile(cert) }, (_request, response) => {
      response.end('{"checks":{"audit":"active"}}');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    const url = `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/health`;
    try {
      await world.starts('', { HEALTH_URL: url });
      await robinTypes(world, '/audit health');
      await world.settles();
      expect(messageWith(world, '*health*').text).toContain('its TLS certificate is self-signed');
      await world.stops();
      await world.starts('', { HEALTH_URL: url, CA_FILE: cert });
      await robinTypes(world, '/audit health');
      await world.settles();
      expect(countOf(world, '🟢 *health*: OK')).toBe(1);
    } finally {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await rm(folder, { recursive: true, force: true });
    }
  },
);
