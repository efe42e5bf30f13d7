import { readdir, readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { verifyStore } from '#app/evidence/verify.ts';
import type { RecordedEvent } from '#domain/incident/event.ts';
import { stateOf } from '#domain/incident/evolve.ts';
import { emptyDatabase } from '#harness/database.ts';
import { type Database, openDatabase, type Queryable } from '#store/database.ts';
import { keepDelivery } from '#store/deliveries.ts';
import { keepDenial } from '#store/denials.ts';
import { appendEvents } from '#store/event-store.ts';
import { closeLedger, loadHeads } from '#store/ledger.ts';
import { migrate } from '#store/migrate.ts';
import { keepSent } from '#store/sent-messages.ts';

let database: Database;

beforeEach(async () => {
  database = openDatabase(await emptyDatabase('ledger'), () => undefined);
});

afterEach(() => database.close());

const at = new Date('2026-01-05T12:00:00.123Z');
const verify = () => verifyStore(database, { trusted: null, statement: null });

function opens(number: number): readonly RecordedEvent[] {
  const by = { kind: 'timer' } as const;
  return [
    { sequence: 1, at, by, event: { type: 'incident.opened', number, startedAt: at, reason: 'silence' } },
    { sequence: 2, at, by, event: { type: 'note.added', text: 'a note' } },
  ];
}

async function opened(client: Queryable, number: number): Promise<void> {
  const incident = stateOf(opens(number));
  if (incident) await appendEvents(client, incident, opens(number));
}

const webhook = (id: string, receivedAt: Date, alert: string) => ({
  webhookId: id,
  eventId: `event ${id}`,
  eventType: 'incident.annotated',
  receivedAt,
  body: JSON.stringify({ event: { data: { id: `note ${id}`, incident: { id: alert } } } }),
});

test('a store with nothing in it has nothing on record yet', async () => {
  await migrate(database);
  expect(await verify()).toEqual({ lines: ['Nothing is on record yet.'], exitCode: 0 });
  await closeLedger(database, null, at);
  const { lines, exitCode } = await verify();
  expect({ last: lines.at(-1), exitCode }).toEqual({ last: 'Nothing is on record yet.', exitCode: 0 });
});

test('a decision that adds the events 2 to 100 → the ledger knows the hundredth, not the ninety-ninth', async () => {
  await migrate(database);
  const [first, note] = opens(1);
  if (!first || !note) throw new Error('the example has two events');
  const events = [first, ...Array.from({ length: 99 }, (_, index) => ({ ...note, sequence: index + 2 }))];
  const incident = stateOf(events);
  if (incident) await database.transaction((client) => appendEvents(client, incident, events));
  const { rows } = await database.query(`select item from gapwatch.ledger where subject = 'facts'`);
  expect(rows).toEqual([{ item: '100' }]);
  expect(await verify()).toMatchObject({ exitCode: 0 });
});

test('a store written before there was a ledger is taken into it as found, which verify says', async () => {
  const names = (await readdir('src/store/migrations')).toSorted().filter((name) => name < '0006');
  await database.query('create schema gapwatch');
  await database.query('create table gapwatch.migrations (name text primary key, applied_at timestamptz not null default now())');
  for (const name of names) {
    await database.query(await readFile(`src/store/migrations/${name}`, 'utf8'));
    await database.query('insert into gapwatch.migrations (name) values ($1)', [name]);
  }
  await opened(database, 1);
  await keepDelivery(database, webhook('w1', at, 'P1'));
  await keepDenial(database, { at, slackId: 'U1', name: 'Jo', what: '/incident claim', why: 'a guest' });
  await migrate(database);
  await opened(database, 2);
  const { lines, exitCode } = await verify();
  expect(exitCode).toBe(0);
  expect(lines[0]).toMatch(
    /^ok {5}INC-1: 2 facts, not signed, head \w+; the first 2 are from before the ledger, and were taken into it as found$/,
  );
  expect(lines[1]).toMatch(/^ok {5}INC-2: 2 facts, not signed, head \w{64}$/);
  expect(lines).toContain('ok     the webhooks: 1 kept');
});

test('heads closed while eight others write cover every line once', async () => {
  await migrate(database);
  const writes = async (number: number) => {
    await database.transaction((client) => opened(client, number));
    for (let count = 0; count < 10; count += 1) {
      await database.transaction(async (client) => {
        await keepDelivery(client, webhook(`w${number}-${count}`, at, 'P1'));
        await keepDenial(client, { at, slackId: `U${count}`, name: 'Jo', what: 'a', why: 'b' });
      });
    }
  };
  const closes = async () => {
    for (let count = 0; count < 10; count += 1) await closeLedger(database, null, at);
  };
  await Promise.all([...[1, 2, 3, 4, 5, 6, 7, 8].map(writes), closes(), closes()]);
  await closeLedger(database, null, at);
  const heads = await loadHeads(database);
  expect(heads.length).toBeGreaterThan(1);
  expect(await closeLedger(database, null, at)).toEqual(heads.at(-1));
  const { lines, exitCode } = await verify();
  expect({ exitCode, last: lines.at(-1) }).toEqual({ exitCode: 0, last: 'Every record verifies.' });
});

test.for(['deliveries', 'denials', 'sent', 'ledger', 'ledger_heads'])('gapwatch.%s can be neither changed nor emptied', async (table) => {
  await migrate(database);
  await opened(database, 1);
  await keepDelivery(database, webhook('w1', at, 'P1'));
  await keepDenial(database, { at, slackId: 'U1', name: 'Jo', what: 'a', why: 'b' });
  await keepSent(database, { incident: 1, message: 'mail/x', attempt: 1, at, content: '{}' });
  await closeLedger(database, null, at);
  const column = { deliveries: 'body', denials: 'why', sent: 'content', ledger: 'item', ledger_heads: 'body' }[table];
  const refused = (what: string) => `gapwatch.${table} is append-only: ${what} is refused`;
  await expect(database.query(`update gapwatch.${table} set ${column} = 'x'`)).rejects.toThrow(refused('UPDATE'));
  await expect(database.query(`delete from gapwatch.${table}`)).rejects.toThrow(refused('DELETE'));
  await expect(database.query(`truncate gapwatch.${table}`)).rejects.toThrow(refused('TRUNCATE'));
});

test('old webhooks about none of our alerts can be forgotten, on record; those of our alerts and of the last month stay', async () => {
  await migrate(database);
  await opened(database, 1);
  await database.query(`update gapwatch.incidents set alert_ids = '{P1}'`);
  const old = new Date(Date.now() - 100 * 86_400_000);
  await keepDelivery(database, webhook('ours', old, 'P1'));
  await keepDelivery(database, webhook('foreign', old, 'P2'));
  await keepDelivery(database, { ...webhook('garbage', old, 'P2'), body: 'no JSON' });
  await keepDelivery(database, webhook('young', new Date(), 'P2'));
  const { rows } = await database.query(`select gapwatch.forget_deliveries(now()) as forgotten`);
  expect(rows).toEqual([{ forgotten: 1 }]);
  expect((await database.query('select webhook_id from gapwatch.deliveries order by webhook_id')).rows).toEqual(
    ['garbage', 'ours', 'young'].map((webhook_id) => ({ webhook_id })),
  );
  expect((await verify()).exitCode).toBe(0);
  await expect(database.query(`delete from gapwatch.deliveries where webhook_id = 'young'`)).rejects.toThrow('DELETE is refused');
});
