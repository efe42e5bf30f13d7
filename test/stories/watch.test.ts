import pg from 'pg';
import { expect } from 'vitest';
import { openLog } from '#app/log.ts';
import { readWatchSettings } from '#app/settings.ts';
import { runStandaloneWatch } from '#app/standalone-watch.ts';
import { countOf, messageWith } from '#harness/stories.ts';
import { alertsNamed, metric, roundsPass, secondsUntilAlert, titles, WATCHING, WATCHING_SLOWLY } from '#harness/watch.ts';
import { NOON, story, type World } from '#harness/world.ts';
import { serveStandIn } from '#sandbox/stand-ins/http-stand-in.ts';

/** The clinic has written since eleven, two records a minute, the last one at noon. */
async function hasWritten({ clinic }: World): Promise<void> {
  await clinic.wrote(new Date(NOON - 3_600_000), new Date(NOON), 120);
}

story(
  'writes are refused → AuditLogWriteError two minutes after the last record, the incident opens; records return → it resolves itself',
  async ({ world }) => {
    await hasWritten(world);
    await world.starts(WATCHING);
    await world.clinic.breaks();
    const seconds = await secondsUntilAlert(world, 'AuditLogWriteError', NOON);
    expect(seconds).toBeGreaterThanOrEqual(120);
    expect(seconds).toBeLessThanOrEqual(135);
    expect(titles(world)).toEqual([
      'AuditLogWriteError: a write that was tried was refused: permission denied for table AuditLog (42501); no audit record for 2 minutes, the last came at 2026-01-05 12:00:00 UTC',
    ]);
    await world.settles();
    expect(messageWith(world, 'CRITICAL: HIPAA Audit Log Failure').text).toContain('Audit gap started: 2026-01-05 12:00:00 UTC');
    expect(await metric(world, 'audit_log_errors_total')).toBeGreaterThan(0);
    await world.clinic.repairs();
    await roundsPass(world, 1.5, 'writes');
    expect(alertsNamed(world, 'AuditLogWriteError').map(({ status }) => status)).toEqual(['resolved']);
    expect(countOf(world, 'Audit records are being written again')).toBe(1);
  },
);

story(
  'the application stops writing and nothing fails → AuditLogFailure five minutes after the last record; our own probe is no record',
  async ({ world }) => {
    await hasWritten(world);
    await world.starts(WATCHING);
    const seconds = await secondsUntilAlert(world, 'AuditLogFailure', NOON);
    expect(seconds).toBeGreaterThan(300);
    expect(seconds).toBeLessThanOrEqual(315);
    expect(titles(world)).toHaveLength(1);
  },
);

story('the alert’s own end, a restart and a second replica raise nothing anew', async ({ world }) => {
  await hasWritten(world);
  await world.starts(WATCHING_SLOWLY);
  await world.startsReplica();
  await secondsUntilAlert(world, 'AuditLogFailure', NOON, 60);
  await roundsPass(world, 2, 'is silent', 60);
  await world.stops();
  await world.moves(2);
  await world.starts(WATCHING_SLOWLY);
  await roundsPass(world, 2, 'is silent', 60);
  expect(titles(world)).toHaveLength(1);
  expect(world.logLines.filter((line) => line.includes('the watch raises an alarm'))).toHaveLength(1);
});

story(
  'somebody resolves the alert in PagerDuty by mistake → an hour later PagerDuty has a new one; the incident was open all the time',
  async ({ world }) => {
    await hasWritten(world);
    await world.starts(WATCHING_SLOWLY);
    await secondsUntilAlert(world, 'AuditLogFailure', NOON, 60);
    const [alert] = world.pagerduty.incidents.values();
    const [sam] = world.pagerduty.users.filter(({ name }) => name === 'Sam');
    if (!alert || !sam) throw new Error('there is no alert, or no Sam');
    await world.pagerduty.does(alert, 'resolved', sam);
    await world.passes(30);
    expect(titles(world)).toHaveLength(1);
    await world.passes(31);
    expect(titles(world)).toHaveLength(2);
    expect(countOf(world, 'CRITICAL: HIPAA Audit Log Failure')).toBe(1);
  },
);

story('killed right after PagerDuty took the alarm → after the restart still one alert', async ({ world }) => {
  await hasWritten(world);
  await world.startsApart(WATCHING);
  await world.settles();
  world.pagerduty.afterDelivery = async ({ path }) => {
    if (path !== '/v2/enqueue') return;
    world.pagerduty.afterDelivery = undefined;
    await world.isKilled();
  };
  await world.moves(2);
  await world.settles();
  await world.moves(3.25);
  await expect.poll(() => titles(world).length).toBe(1);
  await world.startsApart(WATCHING);
  await world.moves(0.25);
  await world.settles();
  await roundsPass(world, 1);
  expect(titles(world)).toHaveLength(1);
  expect(countOf(world, 'CRITICAL: HIPAA Audit Log Failure')).toBe(1);
});

story('the application’s clock is ten minutes behind → living records are no gap; the clock is reported', async ({ world }) => {
  await world.clinic.wrote(new Date(NOON - 3_600_000), new Date(NOON - 600_000), 120);
  await world.starts(WATCHING);
  for (let round = 0; round < 24; round += 1) {
    await world.clinic.writes(new Date(world.clock.now() - 600_000));
    await roundsPass(world, 0.25);
  }
  expect(titles(world)).toEqual(["AuditLogClockSkew: records are dated 10 minutes 15 seconds behind the database's clock"]);
});

story(
  'the table can’t be looked at → another alert after two minutes, that says nothing of records; it can be again → over',
  async ({ world }) => {
    await hasWritten(world);
    await world.starts(WATCHING_SLOWLY);
    await roundsPass(world, 1, 'writes', 60);
    const reader = new URL(world.clinic.readerUrl).username;
    await world.clinic.query(`revoke select on "AuditLog" from "${reader}"`);
    await roundsPass(world, 7, 'writes', 60);
    const [alert] = [...world.pagerduty.incidents.values()];
    expect(titles(world)).toEqual([
      "AuditLogWatchBlind: the audit table can't be looked at: permission denied (42501). Whether records are written is not known",
    ]);
    await world.clinic.query(`grant select on "AuditLog" to "${reader}"`);
    await roundsPass(world, 3, 'writes', 60);
    expect(alert?.status).toBe('resolved');
    expect(titles(world)).toHaveLength(1);
  },
);

story('without PagerDuty’s routing key an alarm opens the incident itself, and a warning is a message with an end', async ({ world }) => {
  await hasWritten(world);
  world.digitalocean.disk.usedPercent = 91;
  await world.starts(WATCHING_SLOWLY, { PAGERDUTY_ROUTING_KEY: '' });
  await roundsPass(world, 6, 'is silent', 60);
  await world.settles();
  expect(titles(world)).toEqual([]);
  expect(messageWith(world, 'CRITICAL: HIPAA Audit Log Failure').text).toContain('Audit gap started: 2026-01-05 12:00:00 UTC');
  expect(countOf(world, 'CRITICAL: HIPAA Audit Log Failure')).toBe(1);
  expect(countOf(world, "⚠️ AuditLogDiskFull: the database's disk is 91.0 % full, over 85 %")).toBe(1);
  world.digitalocean.disk.usedPercent = 70;
  await roundsPass(world, 7, 'is silent', 60);
  expect(countOf(world, '✅ AuditLogDiskFull is over')).toBe(1);
});

story(
  'PagerDuty does not take the alarm → after a minute the channel hears it; PagerDuty takes it later → one incident',
  async ({ world }) => {
    await hasWritten(world);
    await world.starts(WATCHING);
    world.pagerduty.fault = ({ path }) => (path === '/v2/enqueue' ? { kind: 'answer', status: 503 } : undefined);
    await roundsPass(world, 5.25);
    expect(countOf(world, 'CRITICAL')).toBe(0);
    await roundsPass(world, 1.25);
    expect(countOf(world, 'CRITICAL: HIPAA Audit Log Failure')).toBe(1);
    expect(await metric(world, 'gapwatch_findings')).toBe(1);
    world.pagerduty.fault = undefined;
    await roundsPass(world, 0.5);
    expect(titles(world)).toHaveLength(1);
    expect(countOf(world, 'CRITICAL: HIPAA Audit Log Failure')).toBe(1);
    expect(countOf(world, 'another alert')).toBeLessThanOrEqual(1);
    expect(await metric(world, 'gapwatch_findings')).toBe(0);
  },
);

story('a third of the usual records for an hour → a warning, once it has lasted five minutes', async ({ world }) => {
  const day = 86_400_000;
  const { clinic } = world;
  for (const days of [1, 7]) await clinic.wrote(new Date(NOON - days * day - 3_600_000), new Date(NOON - days * day + 1_200_000), 1_200);
  await clinic.wrote(new Date(NOON - 3_600_000), new Date(NOON), 300);
  await world.starts(WATCHING);
  await roundsPass(world, 4.5, 'writes');
  expect(titles(world)).toEqual([]);
  await roundsPass(world, 1, 'writes');
  expect(titles(world)).toEqual([
    expect.stringMatching(
      /^AuditLogCountDrop: 2\d\d audit records in the last 1 hour; 9\d\d at the same time yesterday, 9\d\d a week ago$/,
    ),
  ]);
});

story('a silence of seven minutes that both weeks before had as well is no alarm; one that they had not is', async ({ world }) => {
  const week = 7 * 86_400_000;
  const { clinic } = world;
  for (const weeks of [1, 2]) {
    await clinic.wrote(new Date(NOON - weeks * week - 3_600_000), new Date(NOON - weeks * week), 300);
    await clinic.wrote(new Date(NOON - weeks * week + 480_000), new Date(NOON - weeks * week + 3_600_000), 300);
  }
  await hasWritten(world);
  await world.starts(WATCHING_SLOWLY);
  await roundsPass(world, 7, 'is silent', 60);
  expect(titles(world)).toEqual([]);
  // The weeks before had records again after eight minutes: thirty of them, at five a minute, by the fourteenth.
  const seconds = await secondsUntilAlert(world, 'AuditLogFailure', NOON, 60);
  expect(seconds).toBeGreaterThan(600);
  expect(seconds).toBeLessThan(900);
});

story('policy that says nothing of a watch → the bot watches nothing by itself', async ({ world }) => {
  await hasWritten(world);
  await world.starts();
  await world.passes(6);
  expect(titles(world)).toEqual([]);
  expect(await metric(world, 'audit_log_count')).toBeNull();
});

story(
  'the watch stands still, its job is lost → a minute later it is woken, and the outside switch is not told that all is well',
  async ({ world }) => {
    await hasWritten(world);
    let beats = 0;
    const outside = await serveStandIn(
      () => {
        beats += 1;
        return { status: 200, body: '' };
      },
      () => undefined,
    );
    await world.starts(WATCHING, { HEARTBEAT_URL: outside.url });
    await roundsPass(world, 1, 'writes');
    await onStore(world, `delete from pgboss.job where name = 'watch'`);
    const beatsBefore = beats;
    expect(beatsBefore).toBeGreaterThan(0);
    await world.passes(3);
    expect(beats).toBe(beatsBefore);
    expect(world.logLines.some((line) => line.includes('the watch has made no round since 2026-01-05 12:01:00 UTC'))).toBe(true);
    await world.passes(2.5);
    expect(titles(world)).toEqual([expect.stringContaining('AuditLogFailure: no audit record for')]);
    await outside.close();
  },
);

story('the watch by itself needs neither Slack nor mail, and shares a store with a bot without taking its work', async ({ world }) => {
  await hasWritten(world);
  const { AUDIT_DATABASE_URL, PAGERDUTY_ROUTING_KEY, PAGERDUTY_EVENTS_URL, DATABASE_URL } = world.environment;
  await world.starts();
  let beats = 0;
  const outside = await serveStandIn(
    () => {
      beats += 1;
      return { status: 200, body: '' };
    },
    () => undefined,
  );
  const own = { PORT: '0', HEARTBEAT_URL: outside.url };
  const settings = readWatchSettings({ ...own, AUDIT_DATABASE_URL, PAGERDUTY_ROUTING_KEY, PAGERDUTY_EVENTS_URL, DATABASE_URL });
  const watch = await runStandaloneWatch(settings, openLog('fatal'), world.clock);
  try {
    await secondsUntilAlert(world, 'AuditLogFailure', NOON);
    await world.settles();
    expect(countOf(world, 'CRITICAL: HIPAA Audit Log Failure')).toBe(1);
    expect((await fetch(`http://127.0.0.1:${watch.port}/readyz`)).status).toBe(200);
    expect(beats).toBe(6);
    const figures = await (await fetch(`http://127.0.0.1:${watch.port}/metrics`)).text();
    expect(figures).toContain('gapwatch_watch_alarm{alarm="AuditLogFailure"} 1');
    expect(figures).toMatch(/# TYPE audit_log_count counter/);
    expect(figures).toMatch(/# TYPE audit_log_errors_total counter/);
    expect(figures).toMatch(/# TYPE database_disk_usage_percent gauge/);
  } finally {
    await watch.stop();
    await outside.close();
  }
});

story('the watch by itself must have somebody to tell, unless it only measures', async ({ world }) => {
  const { AUDIT_DATABASE_URL } = world.environment;
  const settings = readWatchSettings({ PORT: '0', AUDIT_DATABASE_URL });
  await expect(runStandaloneWatch(settings, openLog('fatal'), world.clock)).rejects.toThrow('PAGERDUTY_ROUTING_KEY is missing');
});

story('mode measure → the alarm is under /metrics, and nobody is told', async ({ world }) => {
  await hasWritten(world);
  await world.starts('watch: { mode: measure, every: 1m }');
  await roundsPass(world, 7, 'is silent', 60);
  expect(titles(world)).toEqual([]);
  expect(world.messages()).toEqual([]);
  expect(await metric(world, 'gapwatch_watch_alarm{alarm="AuditLogFailure"}')).toBe(1);
});

async function onStore({ storeUrl }: World, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: storeUrl });
  await client.connect();
  await client.query(sql);
  await client.end();
}
