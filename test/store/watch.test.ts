import { afterEach, beforeEach, expect, test } from 'vitest';
import { initialWatchState } from '#domain/watch/state.ts';
import { emptyDatabase } from '#harness/database.ts';
import { type Database, openDatabase } from '#store/database.ts';
import { migrate } from '#store/migrate.ts';
import { loadSignal, loadWatch, noteSignal, saveWatch, unsentSignals, wantSignal } from '#store/watch.ts';

const NOON = new Date('2026-01-05T12:00:00.000Z');
let database: Database;

beforeEach(async () => {
  database = openDatabase(await emptyDatabase('watch'), () => undefined);
  await migrate(database);
});
afterEach(() => database.close());

test('what the watch remembers comes back as it was; what another version has left is no memory', async () => {
  expect(await loadWatch(database)).toBeNull();
  const memory = {
    ...initialWatchState('clinic/AuditLog', NOON),
    arrival: { recordAt: NOON, at: NOON },
    alarms: { AuditLogFailure: { since: NOON, raisedAt: NOON, toldAt: NOON, clearSince: null, words: 'no audit record' } },
  };
  await saveWatch(database, memory);
  expect(await loadWatch(database)).toEqual(memory);
  await database.query(`update gapwatch.watch set memory = '{"version": "another"}'`);
  expect(await loadWatch(database)).toBeNull();
});

test('a signal is unsent until what is wanted was sent, and wanted anew it is unsent again', async () => {
  const trigger = { alarm: 'AuditLogFailure', wanted: 'trigger', words: 'no audit record' } as const;
  await wantSignal(database, trigger, NOON);
  expect(await unsentSignals(database)).toEqual(['AuditLogFailure']);
  const wanted = await loadSignal(database, 'AuditLogFailure');
  if (!wanted) throw new Error('there is no signal');
  await noteSignal(database, wanted, { sent: 'trigger', inChannel: false, isChannelTold: false });
  expect(await unsentSignals(database)).toEqual([]);
  await wantSignal(database, trigger, new Date(NOON.getTime() + 3_600_000));
  expect(await unsentSignals(database)).toEqual(['AuditLogFailure']);
});

test('something else is wanted while a signal is on its way → its outcome is not taken for the other’s', async () => {
  await wantSignal(database, { alarm: 'AuditLogFailure', wanted: 'trigger', words: 'no audit record' }, NOON);
  const onItsWay = await loadSignal(database, 'AuditLogFailure');
  if (!onItsWay) throw new Error('there is no signal');
  await wantSignal(database, { alarm: 'AuditLogFailure', wanted: 'resolve', words: 'over' }, new Date(NOON.getTime() + 60_000));
  await noteSignal(database, onItsWay, { sent: 'trigger', inChannel: true, isChannelTold: true });
  expect(await unsentSignals(database)).toEqual(['AuditLogFailure']);
  expect(await loadSignal(database, 'AuditLogFailure')).toMatchObject({
    wanted: 'resolve',
    sent: null,
    inChannel: true,
    isChannelTold: false,
  });
});
