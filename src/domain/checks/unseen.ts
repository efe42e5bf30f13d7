import type { Verdict } from './verdict.ts';

/** What a test write can't see although it was taken, each with the check that could. Shown with every "OK" of the probe. */
export const NOT_SEEN: Verdict['figures'] = [
  { name: 'What this can’t see', value: 'a failure of the commit itself, such as a full disk of the write-ahead log: `/audit storage`' },
  {
    name: 'What this can’t see',
    value:
      'values that only the application sends: an unknown enum label, a text too long, a column that is gone or stays empty: `/audit logs` and `/audit errors`',
  },
  {
    name: 'What this can’t see',
    value: 'records that are rolled back afterwards, deadlocks, other sessions’ locks a moment later: `/audit locks`',
  },
  {
    name: 'What this can’t see',
    value: 'the application’s own connection pool, and writes that go to another table: `/audit health` and `/audit logs`',
  },
];
