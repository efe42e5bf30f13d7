import { expect } from 'vitest';
import { alertFires, countOf, goesSilent, messageWith, plainly, robinTypes, writesAgain } from '#harness/stories.ts';
import { NOON, story } from '#harness/world.ts';
import { PEOPLE, visibleText } from '#sandbox/stand-ins/slack/slack.ts';

const MINUTE = 60_000;

story('errors → counts with links of the issues that carry a signature, and never their text', async ({ world }) => {
  await alertFires(world);
  const seen = { lastSeenAt: NOON - 10 * MINUTE };
  world.sentry.issues.push(
    { shortId: 'PORTAL-1', title: 'Error: Failed to create audit log', value: 'for jane.doe@clinic.example', count: 41, ...seen },
    { shortId: 'PORTAL-2', title: 'PrismaClientKnownRequestError', value: 'Timed out fetching a new connection', count: 7, ...seen },
    { shortId: 'PORTAL-3', title: 'TypeError: x is undefined', value: '', count: 3, ...seen },
    { shortId: 'PORTAL-4', title: 'Failed to create audit log', value: '', count: 9, lastSeenAt: NOON - 180 * MINUTE },
  );
  await robinTypes(world, '/audit errors');
  await world.settles();
  const text = visibleText(messageWith(world, '*errors*: HIGH'));
  expect(text).toContain('Sentry has 48 errors about the audit log in the last 2 hours.');
  expect(text).toContain('• <https://clinic.sentry.example/issues/PORTAL-1/|PORTAL-1>: Failed to create audit log: 41 times');
  expect(text).toContain('PORTAL-2>: Prisma timeout: 7 times');
  expect(text).toContain('Other issues of these 2 hours: 1');
  expect(text).not.toContain('jane');
});

story('deploys → commits and deployments in one list, with the gap marked in it, and the suspect named', async ({ world }) => {
  await alertFires(world);
  world.github.commits.push(
    { sha: 'aaaaaaa1', message: 'Move audit writes into the transaction\n\nLong text', at: NOON - 30 * MINUTE, paths: ['README.md'] },
    { sha: 'bbbbbbb2', message: 'Tidy imports', at: NOON - 25 * MINUTE, paths: ['apps/web/src/lib/audit.ts'] },
    { sha: 'ccccccc3', message: 'New colours', at: NOON - 20 * MINUTE, paths: ['apps/web/src/theme.ts'] },
  );
  world.digitalocean.deployments.push(
    { id: 'deploy-42', cause: 'commit bbbbbbb pushed to main by dev@clinic.example', phase: 'ACTIVE', at: NOON - 10 * MINUTE },
    { id: 'deploy-41', cause: 'manual', phase: 'SUPERSEDED', at: NOON - 600 * MINUTE },
  );
  await robinTypes(world, '/audit deploys');
  await world.settles();
  const text = plainly(visibleText(messageWith(world, '*deploys*: HIGH')));
  expect(text).toContain(
    'A deployment began 7 minutes before the gap; 1 deployment and 2 commits about audit since two hours before the gap.',
  );
  expect(text.split('\n').filter((line) => line.startsWith('• '))).toEqual([
    '• <https://github.example/clinic/patient-portal/commit/aaaaaaa1|2026-01-05 11:30:00 UTC>: commit aaaaaaa: Move audit writes into the transaction',
    '• <https://github.example/clinic/patient-portal/commit/bbbbbbb2|2026-01-05 11:35:00 UTC>: commit bbbbbbb (touches audit code): Tidy imports',
    '• 2026-01-05 11:50:00 UTC: deployment deploy-42, ACTIVE: commit bbbbbbb pushed to main by [email]',
    '• 2026-01-05 11:57:00 UTC: ◀ the audit gap starts here',
  ]);
});

story('one source down → the other one answers, and what was not read is said', async ({ world }) => {
  await alertFires(world);
  world.github.fault = { kind: 'answer', status: 401 };
  await robinTypes(world, '/audit deploys');
  await world.settles();
  const text = visibleText(messageWith(world, '*deploys*: UNKNOWN'));
  expect(text).toContain('not every source could be read');
  expect(text).toContain('Not read: GitHub refuses the token (401); it may be wrong, expired or without the right');
});

story('logs → counts by signature, a redacted excerpt, and where the signature leads', async ({ world }) => {
  await alertFires(world);
  world.digitalocean.log.lines = [
    'web 2026-01-05T11:40:00.123456789Z GET /api/patients/4711 200',
    'web 2026-01-05T11:58:00.000000000Z Failed to create audit log for jane.doe@clinic.example: duplicate key value violates unique constraint',
    'web 2026-01-05T11:58:30.000000000Z {"level":"error","msg":"Failed to create audit log","patient":"Jane Doe","code":"P2002"}',
  ];
  for (const isArchived of [false, true]) {
    world.digitalocean.log.isArchived = isArchived;
    await robinTypes(world, '/audit logs');
    await world.settles();
  }
  expect(countOf(world, '*logs*: HIGH')).toBe(2);
  const message = messageWith(world, '*logs*: HIGH');
  const text = visibleText(message);
  expect(text).toContain("The application's log says: Unique constraint violation (2 of the last 2 lines about audit).");
  expect(text).toContain('• Read: 3 lines, 2026-01-05 11:40:00 UTC to 11:58:30 UTC');
  expect(text).toContain('• 11:58:00 UTC: Failed to create audit log for [email]: duplicate key value violates unique constraint');
  expect(text).not.toMatch(/jane|doe|4711/i);
  expect(text).toContain('[Run /audit schema]');
});

story('storage → the disk as the cluster measures it, else an estimate that says so, else unknown', async ({ world }) => {
  await alertFires(world);
  world.digitalocean.disk.usedPercent = 91.25;
  await robinTypes(world, '/audit storage');
  await world.settles();
  const critical = visibleText(messageWith(world, '*storage*: CRITICAL'));
  expect(critical).toContain("Disk used: 91.3 % (the cluster's metrics)");
  expect(critical).toContain('archive old audit records now (runbook step 9)');
  world.digitalocean.disk.usedPercent = null;
  await robinTypes(world, '/audit storage');
  await world.settles();
  expect(visibleText(messageWith(world, 'by an estimate'))).toContain("an estimate: databases' sizes against the cluster's storage");
  world.digitalocean.fault = { kind: 'answer', status: 500 };
  await robinTypes(world, '/audit storage');
  await world.settles();
  expect(visibleText(messageWith(world, '*storage*: UNKNOWN'))).toContain('Disk used: DigitalOcean answered 500');
});

story('diagnose → one message shows the progress and ends in one recommended step as a button', async ({ world }) => {
  await alertFires(world);
  const before = world.slack.messages.length;
  await robinTypes(world, '/audit diagnose');
  await world.settles();
  const [answer, ...more] = world.slack.messages.slice(before);
  if (!answer) throw new Error('there is no answer');
  expect(more).toEqual([]);
  const text = visibleText(answer);
  expect(text).toContain('*diagnose*: CRITICAL');
  expect(text).toContain('permissions §7, critical');
  expect(text).toContain('[Run /audit probe]');
  expect(answer.edits).toBeGreaterThan(0);
  await world.clinic.repairs();
  const said = await world.slack.press(world.botUrl(), answer, 'Run /audit probe', PEOPLE.sam);
  expect(said).toContain('Running `probe`');
  await world.settles();
  messageWith(world, '*probe*: OK');
  expect(await robinTypes(world, '/incident timeline')).toContain('Check probe requested');
});

story(
  'a person stops a diagnosis → it ends with what it knows, and says who stopped it',
  async ({ world }) => {
    await alertFires(world);
    // The first line of progress is shown while Sentry hangs: the stop comes before the second stage.
    world.sentry.fault = { kind: 'hang' };
    await robinTypes(world, '/audit diagnose');
    const running = await shownAs(world, 'probe: critical');
    expect(await world.slack.press(world.botUrl(), running, 'Stop', PEOPLE.sam)).toBe(
      'It stops at its next safe point, with what it knows.',
    );
    await world.settles();
    const text = visibleText(running);
    expect(text).toContain('*diagnose*: CRITICAL');
    expect(text).toContain('stopped by sam');
    expect(text).toContain('probe §4, critical');
  },
  60_000,
);

/** Waits until a message shows `text`. */
async function shownAs(world: Parameters<typeof messageWith>[0], text: string) {
  for (let tries = 0; tries < 400 && countOf(world, text) === 0; tries += 1) await new Promise((done) => setTimeout(done, 20));
  return messageWith(world, text);
}

story('rate live → its message is kept current every five seconds for ten minutes, then it is over', async ({ world }) => {
  await alertFires(world);
  await robinTypes(world, '/audit rate live');
  await world.settles();
  const message = messageWith(world, '*rate*: CRITICAL');
  expect(plainly(visibleText(message))).toContain('Live: read 2026-01-05 12:00:00 UTC, kept current until 2026-01-05 12:10:00 UTC.');
  await writesAgain(world);
  await world.passes(0.1);
  expect(visibleText(message)).toContain('*rate*: HIGH');
  expect(visibleText(message)).toContain('[Stop]');
  await world.passes(10);
  expect(visibleText(message)).not.toContain('Live:');
  expect(visibleText(message)).not.toContain('[Stop]');
  const edits = message.edits;
  await world.passes(1);
  expect(message.edits).toBe(edits);
  // So much has happened by then that it is two pages, and where the first one ends is a matter of seconds.
  const pages = [await robinTypes(world, '/incident timeline'), await robinTypes(world, '/incident timeline 2')];
  expect(pages.join('\n')).toContain('Check rate, last reading');
});

story('gaps → the answer, and a chart with the gaps shaded, in the thread', async ({ world }) => {
  await alertFires(world);
  await world.passes(4);
  await robinTypes(world, '/audit gaps 2h');
  await world.settles();
  messageWith(world, '*gaps*: CRITICAL');
  const chart = world.slack.messages.find(({ file }) => file?.name.endsWith('.png'));
  expect(chart?.threadTs).toBe(world.slack.messages[0]?.ts);
  expect(chart?.file?.content.subarray(1, 4).toString()).toBe('PNG');
  expect(chart?.file?.words).toBe('Audit records a minute from 2026-01-05 10:04:00 UTC to 2026-01-05 12:04:00 UTC, 1 gap shaded');
});

story('reconstruct after the resolution → estimates with their limits, and a new report that carries them', async ({ world }) => {
  await alertFires(world);
  await world.moves(3);
  await writesAgain(world);
  await world.passes(0.5);
  await robinTypes(world, '/incident resolve a bad migration');
  await world.settles();
  world.digitalocean.log.lines = [
    'web 2026-01-05T11:50:00.000Z GET /api/patients/1 200 userId=u1',
    'web 2026-01-05T11:58:00.000Z GET /api/patients/2 200 userId=u1',
    'web 2026-01-05T11:59:00.000Z POST /api/prescriptions 201 userId=u2',
    'web 2026-01-05T12:01:00.000Z {"method":"GET","path":"/api/appointments","userId":"u2"}',
    'web 2026-01-05T12:30:00.000Z GET /api/patients/3 200 userId=u3',
  ];
  await robinTypes(world, '/audit reconstruct');
  await world.settles();
  const text = visibleText(messageWith(world, '*reconstruct*: MEDIUM'));
  expect(text).toContain('Estimated API requests: 3');
  expect(text).toContain('Patient access attempts: 2');
  expect(text).toContain('User sessions active: 2');
  expect(text).toContain('Covered by the log: the whole gap');
  expect(text).toContain('Database query statistics: not read: pg_stat_statements is not installed');
  const report = await world.report('2026-01-05-audit-gap-2.md');
  expect(report).toContain('## Audit gap reconstruction');
  expect(report).toContain('| Patient access attempts | 2 |');
  expect(await robinTypes(world, '/audit reconstruct 7')).toContain('Running');
  await world.settles();
  messageWith(world, 'there is no such gap; the incident has gaps 1 to 1');
});

story('without an incident a check answers in the channel, with its progress and its chart', async ({ world }) => {
  await goesSilent(world);
  await world.starts();
  await robinTypes(world, '/audit diagnose');
  await world.settles();
  const message = messageWith(world, '*diagnose*: CRITICAL');
  expect(message.edits).toBeGreaterThan(0);
  await robinTypes(world, '/audit gaps 2h');
  await robinTypes(world, '/audit rate live');
  await world.settles();
  expect(world.slack.messages.some(({ file, threadTs }) => file?.name.endsWith('.png') && threadTs === null)).toBe(true);
  const live = messageWith(world, 'Live:');
  await world.passes(11);
  expect(visibleText(live)).not.toContain('Live:');
});
