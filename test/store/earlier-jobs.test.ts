import { expect, test } from 'vitest';
import { emptyDatabase } from '#harness/database.ts';
import { openDatabase } from '#store/database.ts';
import { startJobs, type WaitingJob } from '#store/jobs.ts';
import { jobDataSchema } from '#workflows/jobs.ts';
import { adoptEarlierJobs } from '#workflows/upkeep/earlier-jobs.ts';

const dueAt = new Date('2026-01-05T12:15:00Z');
const timer = (kind: string, also: object = {}) => ({ kind: 'timer', incident: 2, command: { kind, ...also } });

/** Jobs as 0.1.0 left them: kind and key then, and now. */
const JOBS: readonly [key: string, data: object, nowKey: string, nowData: object][] = [
  ['claim-due/2', { kind: 'claim-due', incident: 2 }, '2/claim-due/', timer('claim-due')],
  ['update/2/7', { kind: 'update-due', incident: 2, number: 7 }, '2/update-due/7', timer('update-due', { number: 7 })],
  [
    'notice-late/2/mail/opening-notice',
    { kind: 'notice-late', incident: 2, call: 'mail/opening-notice' },
    '2/notice-late/mail/opening-notice',
    timer('notice-late', { key: 'mail/opening-notice' }),
  ],
  [`escalation-due/2/${dueAt.getTime()}`, timer('escalation-due'), `2/escalation-due/${dueAt.getTime()}`, timer('escalation-due')],
  ['nudge-due/2/7', timer('nudge-due', { update: 7 }), '2/nudge-due/7', timer('nudge-due', { update: 7 })],
  ['lane/2', { kind: 'lane', lane: 'slack', incident: 2 }, 'deliver/2', { kind: 'deliver', destination: 'slack', incident: 2 }],
  ['watch/2', { kind: 'watch', incident: 2 }, 'poll-table/2', { kind: 'poll-table', incident: 2 }],
  ['audit-self', { kind: 'audit-self' }, 'self-check', { kind: 'self-check' }],
  ['audit-records', { kind: 'audit-records' }, 'verify-records', { kind: 'verify-records' }],
  ['keep-watch', { kind: 'keep-watch' }, 'watch-round', { kind: 'watch-round' }],
];

/** Adopts these jobs; returns what each was rewritten as. */
async function adopted(jobs: readonly WaitingJob[]): Promise<readonly (readonly [string, string, object])[]> {
  const rewritten: [string, string, object][] = [];
  const rewrite = async ({ key }: WaitingJob, as: { readonly key: string; readonly data: object }) => {
    rewritten.push([key, as.key, as.data]);
  };
  await adoptEarlierJobs({ waiting: async () => jobs, rewrite });
  return rewritten;
}

test.each(JOBS)('a waiting %s of 0.1.0 → waits under the key and the kind that it has now', async (key, data, nowKey, nowData) => {
  expect(await adopted([{ id: 'id', key, data, dueAt }])).toEqual([[key, nowKey, nowData]]);
});

test('a job of this version stays as it is, and one that nobody can read is left for the worker to tell of', async () => {
  const ours = JOBS.map(([, , key, data]) => ({ id: 'id', key, data, dueAt }));
  expect(await adopted([...ours, { id: 'id', key: 'k', data: { kind: 'nonsense' }, dueAt }])).toEqual([]);
});

test('where this version’s own job waits already → one waits, and it is due when it was', async () => {
  const url = await emptyDatabase('earlier_jobs');
  const database = openDatabase(url, () => undefined);
  const jobs = await startJobs(url, () => undefined);
  const now = new Date();
  const later = (hours: number) => new Date(now.getTime() + hours * 3_600_000);
  const lane = (destination: string) => ({ kind: 'lane', lane: destination, incident: 2 });
  const waitsFor = [
    { queue: 'slack', key: 'lane/2', data: lane('slack'), dueAt: later(1) },
    { queue: 'mail', key: 'lane/2', data: lane('mail'), dueAt: later(2) },
    { queue: 'mail', key: 'deliver/2', data: { kind: 'deliver', destination: 'mail', incident: 2 }, dueAt: later(3) },
  ] as const;
  for (const job of waitsFor) await jobs.enqueue(database, job, now);
  await adoptEarlierJobs(jobs);
  expect((await jobs.waiting()).map(({ key, data, dueAt: at }) => [key, data, at])).toEqual([
    ['deliver/2', { kind: 'deliver', destination: 'slack', incident: 2 }, later(1)],
    ['deliver/2', { kind: 'deliver', destination: 'mail', incident: 2 }, later(3)],
  ]);
  await jobs.stop();
  await database.close();
});

test.each([
  [{ kind: 'first-look', incident: 2 }, 'first-reading'],
  [{ kind: 'survey', incident: 2 }, 'count-earlier-gaps'],
  [{ kind: 'keep-current', incident: 2, check: 'rate', request: 'r' }, 'refresh-check'],
  [
    { kind: 'keep-current-in-channel', check: 'rate', request: 'r', until: '2026-01-05T12:15:00.000Z', channel: 'C1', ts: '1.2' },
    'refresh-check-in-channel',
  ],
  [{ kind: 'examine', alertId: 'P1' }, 'classify-alert'],
  [{ kind: 'poll' }, 'poll-pagerduty'],
  [{ kind: 'signal', alarm: 'AuditLogFailure' }, 'notify-alarm'],
  [{ kind: 'warn', key: 'k', warning: 'webhooks-off', details: {} }, 'warning'],
])('%o of 0.1.0 → is worked as %s', (data, kind) => {
  expect(jobDataSchema.parse(data)).toEqual({ ...data, kind });
});
