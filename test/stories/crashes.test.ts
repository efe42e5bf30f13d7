import { expect } from 'vitest';
import { countOf, goesSilent, robinTypes, writesAgain } from '#harness/stories.ts';
import { story, type World } from '#harness/world.ts';
import { openDatabase } from '#store/database.ts';
import { judgeStore } from '#store/judge-store.ts';

/** A moment at which the process dies: right after a service has done what it was asked, before the program can know. */
type Moment = { readonly name: string; readonly arm: (world: World, die: () => Promise<void>) => void };

const afterSlack = (name: string, matches: (method: string, text: string) => boolean): Moment => ({
  name,
  arm: ({ slack }, die) => {
    slack.afterDelivery = (method, args) => (matches(method, String(args.text ?? args.initial_comment ?? '')) ? die() : undefined);
  },
});

const afterPagerDuty = (name: string, method: string, path: RegExp): Moment => ({
  name,
  arm: ({ pagerduty }, die) => {
    pagerduty.afterDelivery = (request) => (request.method === method && path.test(request.path) ? die() : undefined);
  },
});

const afterMail = (name: string, count: number): Moment => ({
  name,
  arm: ({ mail }, die) => {
    mail.afterDelivery = () => (mail.mails.length === count ? die() : undefined);
  },
});

const MOMENTS: readonly Moment[] = [
  afterSlack('the initial post', (method, text) => method === 'chat.postMessage' && text.startsWith('🚨')),
  afterSlack('asking for its link', (method) => method === 'chat.getPermalink'),
  afterSlack('the acknowledgement’s message', (_method, text) => text.startsWith('Acknowledged')),
  afterSlack('a refresh of the root message', (method) => method === 'chat.update'),
  afterSlack('an update', (_method, text) => text.startsWith('⏳')),
  afterSlack('the news that records return', (_method, text) => text.startsWith('Audit records are being written')),
  afterSlack('sharing the report', (method, text) => method === 'files.completeUploadExternal' && text.startsWith('Gap report')),
  afterSlack('sharing a chart', (method, text) => method === 'files.completeUploadExternal' && text === ''),
  afterSlack('a check’s first message', (_method, text) => text.includes('*diagnose* is running')),
  afterSlack('a check’s conclusion', (method, text) => method === 'chat.update' && text.includes('*diagnose*: ')),
  afterSlack('the resolution post', (_method, text) => text.startsWith('✅')),
  afterPagerDuty('the acknowledgement in PagerDuty', 'PUT', /incidents\/PD/),
  afterPagerDuty('a note in PagerDuty', 'POST', /notes$/),
  afterPagerDuty('looking at the alert', 'GET', /incidents\/PD\w+$/),
  afterMail('the opening notice', 1),
  afterMail('the final notice', 2),
];

/** Lives through an incident; the process is killed at the armed moment and started again. */
async function incidentWithCrash(world: World, moment: Moment): Promise<void> {
  let crashed = false;
  let recovered = false;
  const restarted = Promise.withResolvers<void>();
  const die = async () => {
    if (crashed) return;
    crashed = true;
    await world.isKilled();
    restarted.resolve(world.startsApart());
  };
  /** Waits until all is done. After the crash 15 s pass: a job of a dead process is taken over when its heartbeat is 10 s old. */
  const settles = async () => {
    const quiet = world.settles();
    while (!(await Promise.race([quiet.then(() => true), new Promise((done) => setTimeout(done, 30, false))]))) {
      if (!crashed || recovered) continue;
      recovered = true;
      await restarted.promise;
      await world.moves(0.25);
    }
  };
  const passes = async (minutes: number) => {
    await settles();
    await world.moves(minutes);
    await settles();
  };
  await goesSilent(world);
  await world.startsApart();
  moment.arm(world, die);
  await world.pagerduty.fires('AuditLogWriteError');
  await passes(0.25);
  await passes(4.75);
  for (const check of ['gaps 24h', 'diagnose']) {
    await robinTypes(world, `/audit ${check}`).catch(() => restarted.promise);
    await passes(0.25);
  }
  await writesAgain(world);
  await passes(0.25);
  await passes(0.25);
  await robinTypes(world, '/incident resolve a migration').catch(() => restarted.promise);
  await passes(0.25);
  await passes(1);
  expect(crashed, 'the moment never came').toBe(true);
}

story.for(MOMENTS)(
  'killed after $name → every message is there, none twice, and the chain verifies',
  { timeout: 120_000 },
  async (moment, { world }) => {
    await incidentWithCrash(world, moment);
    for (const text of [
      'HIPAA Audit Log Failure',
      'Acknowledged AUDIT_LOG_FAILURE',
      '⏳ UPDATE',
      'Audit records are being written again',
      'Gap report of INC-1',
      '✅ RESOLVED: Audit Log Failure',
    ]) {
      expect(countOf(world, text), text).toBe(1);
    }
    expect(world.messages().filter((message) => message.includes('*gaps*:') || message.includes('*diagnose*:'))).toHaveLength(2);
    expect(world.slack.messages.filter(({ file }) => file?.name.endsWith('.png'))).toHaveLength(1);
    const ids = new Set(world.mail.mails.map(({ messageId }) => messageId));
    expect([...ids].map((id) => id?.replace(/\.\w{8}@/, '@'))).toEqual([
      '<INC-1.opening-notice@clinic.example>',
      '<INC-1.mail.final-notice.1@clinic.example>',
    ]);
    const [alert] = world.pagerduty.incidents.values();
    expect(alert?.status).toBe('resolved');
    expect(new Set(alert?.notes).size).toBe(alert?.notes.length);
    const store = openDatabase(world.storeUrl, () => undefined);
    const judgements = await judgeStore(store, { trusted: null, now: new Date() });
    expect(judgements.flatMap(({ problems }) => problems)).toEqual([]);
    await store.close();
  },
);
