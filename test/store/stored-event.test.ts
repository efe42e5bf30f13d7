import canonicalize from 'canonicalize';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { emptyDatabase } from '#harness/database.ts';
import { restoreEarlierStore, storedBodies } from '#harness/earlier-store.ts';
import { fromStored, toStored } from '#store/stored-event.ts';

const bodySchema = z.object({ incident: z.number(), previous: z.string(), fact: z.looseObject({ type: z.string() }) });

/** What is stored around an event that says `fact`. */
const stored = (fact: object) => ({ sequence: 7, at: '2026-01-05T12:00:00.000Z', by: { kind: 'gapwatch' }, fact });

const outgoing = { key: 'slack/update/1', attempt: 2 };
const failure = { ...outgoing, outcome: 'unavailable', detail: 'Slack answered HTTP 503' };
const whom = { slackId: 'U0000000001', name: 'robin' };

/** Each stored name that the code has another word for: the event as stored, and as the code has it. */
const RENAMED: readonly [object, object][] = [
  [
    { type: 'call.requested', key: outgoing.key, deed: { kind: 'initial-post' }, dueAt: '2026-01-05T12:00:00.000Z' },
    { type: 'outbox.queued', key: outgoing.key, payload: { kind: 'initial-post' }, dueAt: new Date('2026-01-05T12:00:00Z') },
  ],
  [
    { type: 'call.succeeded', ...outgoing, dueAt: '2026-01-05T12:00:00.000Z', answer: { says: 'posted', ts: '1.2' } },
    { type: 'outbox.delivered', ...outgoing, dueAt: new Date('2026-01-05T12:00:00Z'), answer: { message: 'posted', ts: '1.2' } },
  ],
  [
    { type: 'call.failed', ...failure, retryAt: '2026-01-05T12:00:01.000Z' },
    { type: 'outbox.failed', ...failure, retryAt: new Date('2026-01-05T12:00:01Z') },
  ],
  [
    { type: 'call.abandoned', ...failure },
    { type: 'outbox.abandoned', ...failure },
  ],
  [
    { type: 'call.superseded', key: outgoing.key, because: 'the incident was resolved' },
    { type: 'outbox.superseded', key: outgoing.key, because: 'the incident was resolved' },
  ],
  [
    { type: 'claim.made', ...whom },
    { type: 'commander.named', ...whom },
  ],
  [{ type: 'claim.overdue' }, { type: 'commander.overdue' }],
  [
    { type: 'writer.named', ...whom },
    { type: 'scribe.named', ...whom },
  ],
  [
    { type: 'remedy.ended', request: 'remedy-1', outcome: 'done', says: 'web runs again.' },
    { type: 'remedy.ended', request: 'remedy-1', outcome: 'done', message: 'web runs again.' },
  ],
  [
    { type: 'earlier-gaps.counted', count: 2, words: 'two gaps in twelve months' },
    { type: 'earlier-gaps.counted', count: 2, text: 'two gaps in twelve months' },
  ],
];

describe('an event has its stored name in the store alone', () => {
  test.each(RENAMED)('%o → read under the code’s word, written as it was', (fact, event) => {
    const read = fromStored(stored(fact));
    expect(read.event).toEqual(event);
    expect(canonicalize(toStored(read))).toBe(canonicalize(stored(fact)));
  });

  test('what was never stored → refused, also a name of the code', () => {
    expect(() => fromStored(stored({ type: 'call.imagined' }))).toThrow();
    expect(() => fromStored(stored({ type: 'call.requested', key: 'k', payload: { kind: 'initial-post' } }))).toThrow();
    expect(() => fromStored(null)).toThrow();
  });
});

test('every event that 0.1.0 wrote → byte for byte the same when it is written again', async () => {
  const url = await emptyDatabase('earlier_events');
  await restoreEarlierStore(url);
  const bodies = await storedBodies(url);
  expect(bodies.length).toBeGreaterThan(150);
  const types = new Set<string>();
  for (const body of bodies) {
    const { incident, previous, fact } = bodySchema.parse(JSON.parse(body));
    types.add(fact.type);
    expect(canonicalize({ ...toStored(fromStored(JSON.parse(body))), incident, previous })).toBe(body);
  }
  expect(types).toContain('call.failed');
  expect(types).toContain('writer.named');
});
