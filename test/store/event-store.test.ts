import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { IncidentEvent, RecordedEvent } from '#domain/incident/event.ts';
import { stateOf } from '#domain/incident/evolve.ts';
import { emptyDatabase } from '#harness/database.ts';
import { type Database, openDatabase } from '#store/database.ts';
import { keepDelivery } from '#store/deliveries.ts';
import { appendEvents, loadEvents, loadLinks, openIncident } from '#store/event-store.ts';
import { firstBrokenLink, sha256 } from '#store/hash-chain.ts';
import { startJobs } from '#store/jobs.ts';
import { closeLedger } from '#store/ledger.ts';
import { migrate } from '#store/migrate.ts';

let database: Database;

beforeEach(async () => {
  database = openDatabase(await emptyDatabase('facts'), () => undefined);
  await migrate(database);
});

afterEach(() => database.close());

const at = new Date('2026-01-05T12:00:00.123Z');

async function record(...events: readonly IncidentEvent[]): Promise<readonly RecordedEvent[]> {
  const recorded = events.map<RecordedEvent>((event, index) => ({ sequence: index + 1, at, by: { kind: 'timer' }, event }));
  const incident = stateOf(recorded);
  if (!incident) throw new Error('no incident');
  await database.transaction((client) => appendEvents(client, incident, recorded));
  return recorded;
}

const opened: IncidentEvent = { type: 'incident.opened', number: 1, startedAt: at, reason: 'Ünïcode 🚨 "quotes" \u2028' };
const note: IncidentEvent = { type: 'note.added', text: 'a note' };

test('facts come back as they were recorded, and their chain verifies', async () => {
  const recorded = await record(opened, note);
  expect(await loadEvents(database, 1)).toEqual(recorded);
  const links = await loadLinks(database, 1);
  expect(firstBrokenLink(1, links)).toBeNull();
  expect(links[1]?.body).toContain(`"previous":"${sha256(links[0]?.body ?? '')}"`);
  expect(await openIncident(database)).toBe(1);
});

test('facts can be neither changed nor removed, not even by the owner', async () => {
  await record(opened);
  await expect(database.query("update gapwatch.facts set body = '{}'")).rejects.toThrow('gapwatch.facts is append-only: UPDATE is refused');
  await expect(database.query('delete from gapwatch.facts')).rejects.toThrow('gapwatch.facts is append-only: DELETE is refused');
  await expect(database.query('truncate gapwatch.facts')).rejects.toThrow('gapwatch.facts is append-only: TRUNCATE is refused');
});

test('a chain that somebody rewrote is found out at its first broken link', async () => {
  await record(opened, note, note);
  const links = await loadLinks(database, 1);
  const altered = links.map((link) => (link.sequence === 2 ? { ...link, body: link.body.replace('a note', 'a lie') } : link));
  expect(firstBrokenLink(1, altered)).toEqual({ sequence: 2, problem: 'the text does not match its hash' });
  const rehashed = altered.map((link) => (link.sequence === 2 ? { ...link, hash: sha256(link.body) } : link));
  expect(firstBrokenLink(1, rehashed)).toEqual({ sequence: 3, problem: 'it does not name the hash of the fact before it' });
  expect(firstBrokenLink(1, links.toSpliced(1, 1))).toEqual({ sequence: 2, problem: 'fact 2 is missing; fact 3 follows' });
  expect(firstBrokenLink(2, links)).toEqual({ sequence: 1, problem: 'it belongs to another incident' });
});

test('a transaction that fails keeps nothing', async () => {
  await expect(
    database.transaction(async (client) => {
      await client.query("insert into gapwatch.foreign_alerts values ('P1', now())");
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  expect((await database.query('select from gapwatch.foreign_alerts')).rows).toEqual([]);
});

test('several starters may migrate at once', async () => {
  const url = await emptyDatabase('migrate');
  const starters = Array.from({ length: 4 }, () => openDatabase(url, () => undefined));
  await Promise.all(starters.map(migrate));
  const rows = (await starters[0]?.query('select name from gapwatch.migrations order by name'))?.rows;
  expect(rows?.map((row) => Object.values(Object(row))[0])).toEqual((await readdir('src/store/migrations')).toSorted());
  await Promise.all(starters.map((starter) => starter.close()));
});

test('of ten copies of one event that arrive at once, one is new', async () => {
  const delivery = (copy: number) => ({
    webhookId: `w${copy % 5}`,
    eventId: 'e1',
    eventType: 'incident.triggered',
    receivedAt: at,
    body: '{}',
  });
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, copy) => database.transaction((client) => keepDelivery(client, delivery(copy)))),
  );
  expect(answers.filter((isNew) => isNew)).toHaveLength(1);
});

test('an ordinary role that owns its database is enough, and it gives up the right to change facts', async () => {
  const url = new URL(await emptyDatabase('ordinary'));
  const role = `ordinary_${process.pid}`;
  await database.query(`create role ${role} login`);
  await database.query(`alter database "${url.pathname.slice(1)}" owner to ${role}`);
  url.username = role;
  const ordinary = openDatabase(url.href, () => undefined);
  await migrate(ordinary);
  const jobs = await startJobs(url.href, () => undefined);
  await ordinary.transaction((client) => jobs.enqueue(client, { queue: 'timers', key: 'k', data: {}, dueAt: at }, at));
  expect((await jobs.counts()).dead).toBe(0);
  expect((await closeLedger(ordinary, null, at)).sequence).toBe(1);
  expect((await ordinary.query('select gapwatch.forget_deliveries(now()) as count')).rows).toEqual([{ count: 0 }]);
  const { rows } = await ordinary.query(
    `select has_table_privilege('gapwatch.facts', 'UPDATE') as may_update, has_table_privilege('gapwatch.facts', 'INSERT') as may_insert`,
  );
  expect(rows).toEqual([{ may_update: false, may_insert: true }]);
  await jobs.stop();
  await ordinary.close();
});
