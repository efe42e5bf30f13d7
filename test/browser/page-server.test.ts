import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { servePage } from '#sandbox/page/server.ts';
import type { Sandbox } from '#sandbox/sandbox.ts';
import { startMail } from '#sandbox/stand-ins/mail.ts';
import { startPagerDuty } from '#sandbox/stand-ins/pagerduty/pagerduty.ts';
import { startSlack } from '#sandbox/stand-ins/slack/slack.ts';

describe('the demo’s page answers this machine’s own browser alone', () => {
  const now = () => Date.parse('2026-01-05T12:00:00Z');
  const stops: (() => Promise<void>)[] = [];
  let url = '';
  beforeAll(async () => {
    const [slack, pagerduty, mail] = await Promise.all([startSlack(now), startPagerDuty(now), startMail()]);
    const sandbox = { slack, pagerduty, mail, breakages: { repairs: async () => 'Nothing is broken.' } };
    // The parts that these requests reach are real; a clinic and a bot are not among them.
    const page = await servePage(sandbox as unknown as Sandbox, 0);
    stops.push(page.close, slack.close, pagerduty.close, mail.close);
    url = page.url;
  });
  afterAll(async () => {
    for (const stop of stops) await stop();
  });
  const payload = (body: string, headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' }) =>
    fetch(`${url}/actions`, { method: 'POST', headers, body });

  test('a name of another site that points here is refused', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const asked = request(url, { headers: { host: 'evil.example' } }, (response) => resolve(response.resume().statusCode));
      asked.on('error', reject).end();
    });
    expect(status).toBe(403);
  });

  test('a form of another site is refused, as it can’t send JSON', async () => {
    expect((await payload('{"action":"repair"}', { 'content-type': 'text/plain' })).status).toBe(415);
  });

  test('what is no action is answered with what was expected', async () => {
    expect(await (await payload('{"action":"drop"}')).json()).toEqual({ refused: expect.stringContaining('Invalid') });
    expect(await (await payload('{"action":"repair"}')).json()).toEqual({ refused: 'Nothing is broken.' });
  });

  test('nothing outside the page’s own files is served', async () => {
    for (const path of [
      '/client/../../../package.json',
      '/client/%2e%2e/%2e%2e/package.json',
      '/library/passwd.js',
      '/emoji/../../package.json',
    ]) {
      expect((await fetch(`${url}${path}`)).status, path).toBe(404);
    }
    expect((await fetch(`${url}/client/main.ts`)).headers.get('content-type')).toContain('text/javascript');
  });
});
