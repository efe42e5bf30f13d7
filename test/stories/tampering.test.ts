import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { expect } from 'vitest';
import { verifyStore } from '#app/evidence/verify.ts';
import { goesSilent, robinTypes, writesAgain } from '#harness/stories.ts';
import { copyOf, rewrites, signedAnew, tampersWith } from '#harness/tampering.ts';
import { story, type World } from '#harness/world.ts';
import { PEOPLE } from '#sandbox/stand-ins/slack/slack.ts';
import { openDatabase } from '#store/database.ts';

/** What somebody with all rights does to the store, and what `verify` must say: each of these patterns, in some line. */
type Tampering = readonly [what: string, how: string | ((client: pg.Client) => Promise<unknown>), ...says: RegExp[]];

const other = generateKeyPairSync('ed25519');
const otherPem = other.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const signature = `(select min(sequence) from gapwatch.facts where incident = 1 and body like '%"type":"evidence.signed"%')`;
const reindexed = (incident: number) =>
  `update gapwatch.incidents set (fact_count, head) =
     (select sequence, hash from gapwatch.facts where incident = ${incident} order by sequence desc limit 1)
   where number = ${incident}`;
const forgedMail = `insert into gapwatch.sent (incident, call, attempt, at, content, sha256)
  values (1, 'mail/forged-notice', 1, now(), '{}', encode(sha256('{}'), 'hex'))`;

const TAMPERINGS: readonly Tampering[] = [
  [
    'the last fact of an open incident deleted',
    'delete from gapwatch.facts where incident = 2 and sequence = (select max(sequence) from gapwatch.facts where incident = 2)',
    /^BROKEN INC-2 at fact \d+: the ledger knows \d+ facts, and there are \d+; facts were deleted/,
  ],
  [
    'its last ten facts deleted, and the index brought into line',
    `delete from gapwatch.facts where incident = 2 and sequence > (select max(sequence) - 10 from gapwatch.facts where incident = 2);
     ${reindexed(2)}`,
    /^BROKEN INC-2 at fact \d+: the ledger knows/,
  ],
  [
    'the facts after a signature deleted',
    `delete from gapwatch.facts where incident = 1 and sequence > ${signature}; ${reindexed(1)}`,
    /^BROKEN INC-1 at fact \d+: the ledger knows/,
  ],
  [
    'an incident cut before its signature',
    `delete from gapwatch.facts where incident = 1 and sequence >= ${signature}; ${reindexed(1)}`,
    /^BROKEN INC-1 at fact \d+: the ledger knows/,
  ],
  [
    'an incident cut to three facts',
    `delete from gapwatch.facts where incident = 1 and sequence > 3; ${reindexed(1)}`,
    /^BROKEN INC-1 at head \d+ of the ledger \(2026-01-05T.*\): it speaks of \d+ facts, and there are 3; facts were deleted since/,
    /^BROKEN INC-1 at fact 4: the ledger knows/,
  ],
  [
    'an incident deleted wholly',
    'delete from gapwatch.facts where incident = 1; delete from gapwatch.incidents where number = 1; delete from gapwatch.sent where incident = 1',
    /^BROKEN INC-1 at its facts: there are none/,
  ],
  [
    'an incident deleted wholly, the ledger’s lines too',
    `delete from gapwatch.facts where incident = 1; delete from gapwatch.incidents where number = 1;
     delete from gapwatch.sent where incident = 1; delete from gapwatch.ledger where incident = 1`,
    /^BROKEN INC-1 at its facts: there are none/,
    /^BROKEN the ledger: head 1|^BROKEN the ledger: head \d+: it closed/,
  ],
  [
    'the latest incident deleted wholly',
    'delete from gapwatch.facts where incident = 2; delete from gapwatch.incidents where number = 2; delete from gapwatch.sent where incident = 2',
    /^BROKEN INC-2 at its facts: there are none/,
  ],
  ['its row in the index deleted', 'delete from gapwatch.incidents where number = 1', /^BROKEN INC-1 at its row in the index .* is gone/],
  [
    'facts truncated',
    'truncate gapwatch.facts',
    /^BROKEN INC-1 at its facts: there are none/,
    /^BROKEN INC-2 at its facts: there are none/,
  ],
  [
    'facts, index and what was sent truncated',
    'truncate gapwatch.facts; truncate gapwatch.incidents; truncate gapwatch.sent',
    /^BROKEN INC-1 at its facts: there are none/,
    /^BROKEN INC-2 at its facts: there are none/,
  ],
  [
    'everything truncated, the ledger’s lines too',
    'truncate gapwatch.facts, gapwatch.incidents, gapwatch.sent, gapwatch.deliveries, gapwatch.denials, gapwatch.ledger',
    /^BROKEN INC-1 at its facts: there are none/,
    /^BROKEN the ledger: its beginning is gone/,
  ],
  [
    'the chain rewritten, signatures stripped',
    (client) => rewrites(client, 1, (body) => (body.fact.type === 'evidence.signed' ? null : body)),
    /^BROKEN INC-1 at fact \d+: the ledger knows/,
  ],
  [
    'the chain rewritten, signatures stripped, the ledger with it and without any head',
    async (client) => {
      await rewrites(client, 1, (body) => (body.fact.type === 'evidence.signed' ? null : body));
      await client.query(`truncate gapwatch.ledger_heads; delete from gapwatch.ledger where subject = 'facts' and incident = 1;
        insert into gapwatch.ledger (subject, incident, item, sha256) select 'facts', number, fact_count::text, head from gapwatch.incidents where number = 1`);
    },
    /^BROKEN INC-1 at its signatures: there is none/,
  ],
  [
    'an unsigned incident rewritten with all times moved',
    (client) => rewrites(client, 2, (body) => ({ ...body, at: new Date(Date.parse(String(body.at)) - 3_600_000).toISOString() })),
    /^BROKEN INC-2 at fact \d+: the ledger knows it by another hash/,
  ],
  [
    'a forged mail inserted',
    forgedMail,
    /^BROKEN INC-1 at mail\/forged-notice: nothing on record asked for it/,
    /the ledger does not know it/,
  ],
  [
    'a forged mail inserted as any statement would be',
    `set session_replication_role = origin; ${forgedMail}`,
    /^BROKEN INC-1 at mail\/forged-notice: nothing on record asked for it/,
  ],
  [
    'a forged attempt of a mail that was asked for',
    `set session_replication_role = origin; ${forgedMail.replace('forged', 'opening').replace(', 1, now', ', 7, now')}`,
    /^BROKEN INC-1 at mail\/opening-notice: attempt 7 was never begun/,
  ],
  [
    'the index: phase',
    "update gapwatch.incidents set phase = 'open' where number = 1",
    /^BROKEN INC-1 at the index says open, .* it is resolved/,
  ],
  ['the index: head', "update gapwatch.incidents set head = repeat('a', 64) where number = 2", /^BROKEN INC-2 at the index says/],
  ['the index: count', 'update gapwatch.incidents set fact_count = 3 where number = 2', /^BROKEN INC-2 at the index says 3 facts/],
  [
    'one webhook edited',
    "update gapwatch.deliveries set body = '{}' where webhook_id = (select min(webhook_id) from gapwatch.deliveries)",
    /^BROKEN the webhooks: \S+: the ledger knows another content/,
  ],
  [
    'all webhooks edited',
    "update gapwatch.deliveries set event_type = 'other'",
    /^BROKEN the webhooks: \S+: the ledger knows another content/,
  ],
  ['all webhooks deleted', 'delete from gapwatch.deliveries', /^BROKEN the webhooks: \S+: the ledger knows it, and it is gone/],
  [
    'a webhook forged',
    "insert into gapwatch.deliveries values ('w', 'e', 't', now(), '{}')",
    /^BROKEN the webhooks: w: the ledger does not know it/,
  ],
  ['a denial deleted', 'delete from gapwatch.denials', /^BROKEN the denials: 1: the ledger knows it, and it is gone/],
  ['a denial changed', "update gapwatch.denials set slack_id = 'U1'", /^BROKEN the denials: 1: the ledger knows another content/],
  [
    'a body that is no JSON, with its own hash',
    "update gapwatch.facts set body = 'garbage', hash = encode(sha256('garbage'), 'hex') where incident = 1 and sequence = 5",
    /^BROKEN INC-1 at fact 5: the text is no JSON object/,
    /^BROKEN INC-1 at fact 6: it does not name the hash/,
  ],
  [
    'a garbage public key',
    (client) =>
      rewrites(client, 1, (body) =>
        body.fact.type === 'evidence.signed' ? { ...body, fact: { ...body.fact, publicKey: 'no key' } } : body,
      ),
    /^BROKEN INC-1 at fact \d+: its public key is no Ed25519 key/,
  ],
  [
    'a fact of an unknown type',
    (client) => rewrites(client, 2, (body) => (body.sequence === 4 ? { ...body, fact: { type: 'tea.made' } } : body)),
    /^UNKNOWN INC-2 at fact 4: this version of Gapwatch can't read it \(tea.made\)/,
    /^BROKEN INC-2 at fact \d+: the ledger knows it by another hash/,
  ],
  [
    'a text edited',
    `update gapwatch.facts set body = replace(body, '"at":"2026', '"at":"2025') where incident = 1 and sequence = 5`,
    /^BROKEN INC-1 at fact 5: the text does not match its hash/,
  ],
  [
    'a text edited, with its own hash',
    `update gapwatch.facts set body = body || ' ', hash = encode(sha256(convert_to(body || ' ', 'UTF8')), 'hex') where incident = 1 and sequence = 5`,
    /^BROKEN INC-1 at fact 6: it does not name the hash of the fact before it/,
  ],
  [
    'a fact in the middle deleted',
    'delete from gapwatch.facts where incident = 1 and sequence = 5',
    /^BROKEN INC-1 at fact 5: fact 5 is missing; fact 6 follows/,
  ],
  [
    'two facts swapped',
    `alter table gapwatch.facts drop constraint facts_sequence_check;
     update gapwatch.facts set sequence = -5 where incident = 1 and sequence = 5;
     update gapwatch.facts set sequence = 5 where incident = 1 and sequence = 6;
     update gapwatch.facts set sequence = 6 where incident = 1 and sequence = -5`,
    /^BROKEN INC-1 at fact 5: /,
  ],
  [
    'the chain rewritten, signatures left',
    (client) => rewrites(client, 1, (body) => (body.sequence === 5 ? { ...body, at: '2026-01-05T11:00:00.000Z' } : body)),
    /^BROKEN INC-1 at fact \d+: it was signed when fact \d+ had another hash/,
  ],
  [
    'signed by another key',
    (client) => rewrites(client, 1, (body) => signedAnew(body, other.privateKey, otherPem)),
    /^BROKEN INC-1 at fact \d+: signed by another key/,
  ],
  [
    'what was sent edited',
    "update gapwatch.sent set content = content || ' ' where incident = 1 and call = 'mail/opening-notice'",
    /^BROKEN INC-1 at mail\/opening-notice: its content was changed/,
  ],
  [
    'what was sent edited, with its hash',
    `update gapwatch.sent set content = content || ' ', sha256 = encode(sha256(convert_to(content || ' ', 'UTF8')), 'hex')
     where incident = 1 and call = 'mail/opening-notice'`,
    /^BROKEN INC-1 at mail\/opening-notice: what was sent is missing or was changed/,
  ],
  [
    'the time of what was sent moved',
    "update gapwatch.sent set at = at - interval '1 hour' where incident = 2",
    /^BROKEN INC-2 at \S+: the ledger knows another content or time/,
  ],
  [
    'what was sent deleted',
    "delete from gapwatch.sent where incident = 1 and call = 'mail/opening-notice'",
    /^BROKEN INC-1 at mail\/opening-notice: what was sent is missing/,
  ],
  [
    'a signature edited',
    (client) => rewrites(client, 1, (body) => signedAnew(body, other.privateKey, String(body.fact.publicKey))),
    /^BROKEN INC-1 at fact \d+: the signature does not match its statement/,
  ],
  [
    'a fake incident',
    "insert into gapwatch.facts select 3, sequence, hash, body from gapwatch.facts where incident = 2; insert into gapwatch.incidents select 3, phase, '{}', fact_count, head, drill from gapwatch.incidents where number = 2",
    /^BROKEN INC-3 at fact 1: it belongs to another incident/,
  ],
  [
    'an impossible time',
    "update gapwatch.sent set at = 'infinity' where incident = 1",
    /^BROKEN INC-1 at its rows: a value in them is none/,
  ],
  ['a number far away', "insert into gapwatch.incidents values (1000000, 'open')", /^BROKEN INC-1000000 at its facts: there are none/],
  [
    'a line of the ledger deleted',
    "delete from gapwatch.ledger where subject = 'denials'",
    /^BROKEN the denials: 1: the ledger does not know it/,
  ],
  [
    'a line of the ledger changed',
    "update gapwatch.ledger set sha256 = repeat('a', 64) where entry = 2",
    /^BROKEN the ledger: head \d+: the lines up to entry \d+ are not the ones it closed/,
  ],
  ['a head deleted', 'delete from gapwatch.ledger_heads where sequence = 2', /^BROKEN the ledger: head 3: it stands where head 2 belongs/],
  [
    'a head’s signature stripped',
    'update gapwatch.ledger_heads set signature = null, public_key = null',
    /^BROKEN the ledger: head 1: it was signed by the key [0-9a-f]{64}, and its signature is gone/,
  ],
  [
    'a head that is garbage',
    "update gapwatch.ledger_heads set body = 'garbage', hash = encode(sha256('garbage'), 'hex')",
    /^BROKEN the ledger: head 1: the text is none that Gapwatch writes/,
  ],
];

/** INC-1 resolved and signed, INC-2 open, a webhook about something else, a denial. The program has stopped. */
async function lives(world: World, key: string): Promise<void> {
  await goesSilent(world);
  await world.starts('', { EVIDENCE_SIGNING_KEY_FILE: key });
  await world.pagerduty.fires('AuditLogFailure');
  await world.passes(5);
  await world.slack.command(world.botUrl(), '/incident claim', PEOPLE.guest);
  await writesAgain(world);
  await world.passes(0.25);
  await robinTypes(world, '/incident resolve a migration');
  await world.passes(2);
  await world.pagerduty.fires('The coffee is out');
  await world.pagerduty.fires('AuditLogFailure');
  await world.passes(6);
  await robinTypes(world, '/incident note we look');
  await world.settles();
  await world.stops();
}

story('fifty ways to tamper with a store → verify sees each and names the incident', { timeout: 300_000 }, async ({ world }) => {
  const folder = await mkdtemp(join(tmpdir(), 'gapwatch-tampering-'));
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const key = join(folder, 'evidence.pem');
  await writeFile(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const trusted = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  await lives(world, key);
  const judge = async (url: string) => {
    const database = openDatabase(url, () => undefined);
    try {
      return await verifyStore(database, { trusted, statement: null });
    } finally {
      await database.close();
    }
  };
  const untouched = await judge(world.storeUrl);
  expect(untouched.lines).toContain('Every record verifies.');
  expect(untouched.lines.filter((line) => line.startsWith('ok     INC-'))).toHaveLength(2);
  expect(untouched.lines.join('\n')).toMatch(/ok {5}the denials: 1 kept/);
  for (const [what, how, ...says] of TAMPERINGS) {
    const copy = await copyOf(world.storeUrl, `tampered_${process.pid}`);
    await tampersWith(copy, (client) => (typeof how === 'string' ? client.query(how) : how(client)));
    const { lines, exitCode } = await judge(copy);
    expect.soft(exitCode, what).toBe(1);
    for (const pattern of says) expect.soft(lines, what).toContainEqual(expect.stringMatching(pattern));
  }
  await rm(folder, { recursive: true, force: true });
});
