import { expect } from 'vitest';
import { alertFires, countOf, goesSilent, messageWith, robinTypes } from '#harness/stories.ts';
import { story, type World } from '#harness/world.ts';

const details = (alertname: string) => ({ body: { type: 'alert_body', contexts: [], details: { alertname } } });

function sam({ pagerduty }: World) {
  const found = pagerduty.users.find(({ name }) => name === 'Sam');
  if (!found) throw new Error('there is no Sam');
  return found;
}

/** Raises an incident of which no webhook tells. */
async function firesUnheard(world: World, title: string, alerts: readonly unknown[]) {
  const { webhookUrl } = world.pagerduty;
  world.pagerduty.webhookUrl = null;
  const alert = await world.pagerduty.fires(title, { alerts });
  world.pagerduty.webhookUrl = webhookUrl;
  return alert;
}

story('an alert that is grouped into an incident of something else is found by the poll', async ({ world }) => {
  await goesSilent(world);
  await world.starts();
  const other = await world.pagerduty.fires('Queue depth');
  await world.passes(12);
  expect(countOf(world, '🚨')).toBe(0);
  other.alerts.push({ summary: 'AuditLogFailure', body: null });
  await world.passes(1);
  expect(countOf(world, '🚨')).toBe(1);
});

story('an alert that is grouped into an incident of something else is found by the next event of that incident', async ({ world }) => {
  await goesSilent(world);
  await world.starts();
  const other = await world.pagerduty.fires('Queue depth');
  await world.passes(12);
  other.alerts.push({ summary: 'AuditLogFailure' });
  await world.pagerduty.does(other, 'escalated', sam(world));
  await world.settles();
  expect(countOf(world, '🚨')).toBe(1);
});

story('the webhook is faster than PagerDuty’s own list of alerts: the poll looks again', async ({ world }) => {
  await goesSilent(world);
  await world.starts();
  const alert = await world.pagerduty.fires('[FIRING:1]', { alerts: [] });
  await world.settles();
  // Neither title nor count tells that its alert is there now.
  alert.odd = { alert_counts: { all: 0, triggered: 0, resolved: 0 } };
  alert.alerts.push({ summary: 'm', ...details('AuditLogFailure') });
  await world.passes(1);
  expect(countOf(world, '🚨')).toBe(1);
});

story('a title that carries the name only later is seen', async ({ world }) => {
  await goesSilent(world);
  await world.starts();
  const alert = await world.pagerduty.fires('[FIRING:1] clinic', { alerts: [{ summary: 'see title' }] });
  await world.passes(12);
  alert.title = '[FIRING:2] clinic AuditLogFailure';
  await world.passes(1);
  expect(countOf(world, '🚨')).toBe(1);
});

story.for([
  ['behind 400 characters of the title', `${'x'.repeat(400)} AuditLogFailure`, [{ summary: 'see title' }]],
  [
    'in alert 120 of 130',
    'many',
    Array.from({ length: 130 }, (_, index) => ({ summary: 'x', ...details(index === 119 ? 'AuditLogFailure' : 'Disk') })),
  ],
  ['behind 300,000 characters of details', 'long', [{ summary: 'x', body: { details: `${'y'.repeat(300_000)} AuditLogFailure` } }]],
  [
    'under cef_details alone',
    'cef',
    [{ summary: 'x', body: { type: 'alert_body', cef_details: { details: { alertname: 'AuditLogFailure' } } } }],
  ],
  ['in a list', 'list', [{ summary: 'x', body: { details: [{ name: 'alertname', value: 'AuditLogFailure' }] } }]],
  ['in a body that is a text', 'text', [{ summary: null, body: 'alertname=AuditLogFailure' }]],
] as const)('the name stands %s: it is found', async ([, title, alerts], { world }) => {
  await goesSilent(world);
  await world.starts();
  await world.pagerduty.fires(title, { alerts: [...alerts] });
  await world.settles();
  expect(countOf(world, '🚨')).toBe(1);
});

story('alerts and incidents of an unexpected shape hide no other, and are told once', async ({ world }) => {
  await goesSilent(world);
  await world.starts();
  await firesUnheard(world, 'AuditLogFailure', [{ summary: 'm' }]);
  await firesUnheard(world, 'Clinic database slow', [
    { summary: 'slow', body: { type: 'alert_body', contexts: [], cef_details: { message: 'slow' } } },
    null,
    7,
  ]);
  const odd = await firesUnheard(world, 'odd', []);
  odd.odd = { created_at: 'yesterday' };
  await world.passes(1);
  await world.passes(1);
  expect(countOf(world, '🚨')).toBe(1);
  expect(countOf(world, `could not read 1 open PagerDuty incident(s): ${odd.id}`)).toBe(1);
  expect(await (await fetch(`${world.botUrl()}/metrics`)).text()).toContain('gapwatch_finding{name="alerts"} 1');
  odd.odd = {};
  await world.passes(1);
  expect(await (await fetch(`${world.botUrl()}/metrics`)).text()).not.toContain('gapwatch_finding{name="alerts"} 1');
});

story('an alert that PagerDuty does not know any more is told once, and the others are still asked about', async ({ world }) => {
  const first = await alertFires(world);
  const second = await world.pagerduty.fires('AuditLogFailure: gap detected');
  await world.settles();
  world.pagerduty.webhookUrl = null;
  first.isHidden = true;
  second.status = 'resolved';
  await world.passes(1);
  await world.passes(1);
  expect(countOf(world, `PagerDuty does not know the alert \`AuditLogWriteError: audit writes are failing\` (${first.id}) any more`)).toBe(
    1,
  );
  expect(countOf(world, 'but INC-1 stays open')).toBe(1);
});

story('an alert of ours that is merged into another incident is followed there', async ({ world }) => {
  const target = await (async () => {
    await goesSilent(world);
    await world.starts();
    return world.pagerduty.fires('Queue depth');
  })();
  const alert = await world.pagerduty.fires('AuditLogFailure');
  await world.settles();
  await world.pagerduty.merges(alert, target, sam(world));
  await world.settles();
  expect(messageWith(world, `was merged in PagerDuty into \`Queue depth\``).isBroadcast).toBe(true);
  expect(countOf(world, 'resolved the alert in PagerDuty')).toBe(0);
  expect(target.status).toBe('acknowledged');
  await robinTypes(world, '/incident escalate');
  await world.settles();
  expect(target.log).toContain('incident.escalated');
  await robinTypes(world, '/incident resolve anyway because it is an exercise of merging');
  await world.settles();
  expect(target.status).toBe('resolved');
});

story('a merge of which no webhook tells is found by the poll', async ({ world }) => {
  const alert = await alertFires(world);
  const target = await firesUnheard(world, 'Queue depth', []);
  world.pagerduty.webhookUrl = null;
  await world.pagerduty.merges(alert, target, sam(world));
  target.alerts.splice(0);
  await world.passes(1);
  expect(countOf(world, 'was merged in PagerDuty into `Queue depth`')).toBe(1);
  expect(target.status).toBe('acknowledged');
});
