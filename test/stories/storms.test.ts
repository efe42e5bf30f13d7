import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { countOf, goesSilent, messageWith, robinTypes } from '#harness/stories.ts';
import { story, type World } from '#harness/world.ts';
import { webhookBody, webhookSignature } from '#sandbox/stand-ins/pagerduty/webhooks.ts';

const SECOND = 1 / 60;

/** Sends webhooks as fast as the program takes them, on eight connections; answers the statuses. */
async function floods(world: World, bodies: readonly string[]): Promise<readonly number[]> {
  const left = [...bodies];
  const statuses: number[] = [];
  const sender = async () => {
    for (let body = left.pop(); body !== undefined; body = left.pop()) {
      const headers = { 'x-pagerduty-signature': webhookSignature(body, [world.pagerduty.webhookSecret]), 'x-webhook-id': idOf(body) };
      statuses.push((await fetch(`${world.botUrl()}/pagerduty/webhook`, { method: 'POST', headers, body })).status);
    }
  };
  await Promise.all(Array.from({ length: 8 }, sender));
  return statuses;
}

/** A redelivery carries the same webhook id. */
function idOf(body: string): string {
  const { event } = JSON.parse(body);
  return event.id;
}

story(
  'a hundred alerts at once, each delivered three times, among unknown events → one incident, every post once, the important ones first',
  { timeout: 180_000 },
  async ({ world }) => {
    await goesSilent(world);
    await world.starts();
    world.slack.limit = { perSecond: 1, burst: 5 };
    world.pagerduty.webhookUrl = null;
    const alerts = await Promise.all(Array.from({ length: 100 }, (_, index) => world.pagerduty.fires(`AuditLogFailure ${index}`)));
    const triggered = alerts.map((alert) => webhookBody('incident.triggered', publicAlert(alert), null, world.clock.now()));
    const unknown = Array.from({ length: 300 }, () =>
      webhookBody('incident.priority_updated', { id: randomUUID() }, null, world.clock.now()),
    );
    const statuses = await floods(world, [...triggered, ...unknown, ...triggered, ...triggered]);
    expect(statuses.filter((status) => status !== 202)).toEqual([]);
    await robinTypes(world, '/incident claim');
    await world.settles();
    expect(countOf(world, 'HIPAA Audit Log Failure')).toBe(1);
    for (let step = 0; step < 31; step += 1) await world.passes(10 * SECOND);
    // After five minutes the backlog is still long, and the update is there all the same.
    const update = messageWith(world, '⏳ UPDATE: Audit Log Failure - 5 min elapsed');
    expect(update.isBroadcast).toBe(true);
    for (let step = 0; step < 10; step += 1) await world.passes(10 * SECOND);
    expect(countOf(world, 'Another alert belongs to INC-1')).toBe(99);
    expect(alerts.every(({ status }) => status === 'acknowledged')).toBe(true);
    expect(await robinTypes(world, '/incident status')).toContain('*INC-1*');
    const keys = world.slack.messages.flatMap(({ key }) => key ?? []);
    expect(new Set(keys).size).toBe(keys.length);
  },
);

function publicAlert({ id, title, service, createdAt }: { id: string; title: string; service: string; createdAt: Date }) {
  return {
    id,
    title,
    html_url: `https://clinic.pagerduty.example/incidents/${id}`,
    created_at: createdAt.toISOString(),
    service: { summary: service },
  };
}
