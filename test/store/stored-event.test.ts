import { expect, test } from 'vitest';
import type { IncidentEvent, RecordedEvent } from '#domain/incident/event.ts';
import { fromStored, toStored } from '#store/stored-event.ts';

const dueAt = new Date('2026-01-05T12:00:00Z');
const failure = { key: 'slack/a', attempt: 1, outcome: 'unclear', detail: 'no answer' } as const;

/** What is stored is evidence: these names may never change (docs/decisions/0013-stored-names.md). */
test.each<[IncidentEvent, string, Readonly<Record<string, unknown>>]>([
  [
    { type: 'outbox.queued', key: 'slack/a', payload: { kind: 'initial-post' }, dueAt },
    'call.requested',
    { deed: { kind: 'initial-post' } },
  ],
  [
    { type: 'outbox.delivered', key: 'slack/a', attempt: 1, dueAt, answer: { message: 'posted' } },
    'call.succeeded',
    { answer: { says: 'posted' } },
  ],
  [{ type: 'outbox.failed', ...failure, retryAt: dueAt }, 'call.failed', { detail: 'no answer' }],
  [{ type: 'outbox.abandoned', ...failure }, 'call.abandoned', { detail: 'no answer' }],
  [{ type: 'outbox.superseded', key: 'slack/a', because: 'late' }, 'call.superseded', { because: 'late' }],
  [{ type: 'commander.named', slackId: 'U1', name: 'Robin' }, 'claim.made', { name: 'Robin' }],
  [{ type: 'commander.overdue' }, 'claim.overdue', {}],
  [{ type: 'scribe.named', slackId: 'U1', name: 'Robin' }, 'writer.named', { name: 'Robin' }],
  [{ type: 'remedy.ended', request: 'r', outcome: 'done', message: 'Done.' }, 'remedy.ended', { says: 'Done.' }],
  [{ type: 'earlier-gaps.counted', count: 0, text: 'none' }, 'earlier-gaps.counted', { words: 'none' }],
  [{ type: 'note.added', text: 'as it is called' }, 'note.added', { text: 'as it is called' }],
])('$type is stored under its first name, and read back the same', (event, type, fields) => {
  const recorded: RecordedEvent = { sequence: 1, at: dueAt, by: { kind: 'gapwatch' }, event };
  const stored = toStored(recorded);
  expect(stored).toMatchObject({ sequence: 1, by: { kind: 'gapwatch' }, fact: { type, ...fields } });
  expect(stored).not.toHaveProperty('event');
  expect(fromStored(stored)).toEqual(recorded);
});

test('what Gapwatch never stored is refused', () => {
  expect(() => fromStored({ sequence: 1, at: dueAt.toISOString(), by: { kind: 'gapwatch' }, fact: { type: 'unheard.of' } })).toThrow();
});
