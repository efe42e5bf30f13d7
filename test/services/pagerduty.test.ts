import { execFile } from 'node:child_process';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ServiceFailure } from '#services/failure.ts';
import type { Tempo } from '#services/pagerduty/client.ts';
import { type AlertEvent, connectPagerDutyEvents } from '#services/pagerduty/events.ts';
import { connectPagerDuty } from '#services/pagerduty/rest.ts';

const run = promisify(execFile);

type Asked = Pick<IncomingMessage, 'method' | 'url' | 'headers'> & { readonly body: string };
type Behavior = (response: ServerResponse) => void;

const TOKEN = 'y_NbAkKc66ryYTWUXYEu';
const ROUTING_KEY = '0123456789abcdef0123456789abcdef';
const TRIGGER: AlertEvent = {
  action: 'trigger',
  key: 'gapwatch/AuditLogFailure/AuditLog',
  summary: 'AuditLogFailure: no record for 6 minutes',
  severity: 'critical',
  source: 'AuditLog',
  at: new Date('2026-01-05T12:00:00Z'),
  details: { table: 'AuditLog' },
};
const INCIDENT = { id: 'P1', title: 'AuditLogFailure', created_at: '2026-01-05T12:00:00Z', status: 'triggered', service: null };
/** No test waits for pdjs's pauses before it repeats a call that was answered 429. */
const AT_ONCE: Tempo = { retryPause: 0 };
const SHORT: Tempo = { deadline: 60, retryPause: 0 };

let asked: Asked[];
let behavior: Behavior;
let server: Server;
let url: string;

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => void take(request, response));
  url = await listening(server);
});
afterEach(() => closed(server));

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  asked.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() });
  behavior(response);
}

async function listening(each: Server): Promise<string> {
  await new Promise<void>((resolve) => each.listen(0, '127.0.0.1', resolve));
  const address = each.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

async function closed(each: Server): Promise<void> {
  each.closeAllConnections();
  await new Promise((resolve) => each.close(resolve));
}

const answers =
  (status: number, body: string, headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' }): Behavior =>
  (response) =>
    response.writeHead(status, headers).end(body);

const html = { 'content-type': 'text/html; charset=utf-8' };
const rest = (tempo: Tempo = AT_ONCE) => connectPagerDuty({ apiUrl: url, token: TOKEN, fromEmail: 'gapwatch@clinic.example', tempo });
const events = (tempo: Tempo = AT_ONCE) => connectPagerDutyEvents({ url, routingKey: ROUTING_KEY, tempo });
const reads = (tempo = AT_ONCE) => failureOf(rest(tempo).incident('P1'));
const changes = (tempo = AT_ONCE) => failureOf(rest(tempo).pageLevel('P1', 2));
const sends = (tempo = AT_ONCE) => failureOf(events(tempo).send(TRIGGER));

async function failureOf(call: Promise<unknown>): Promise<ServiceFailure> {
  const failure: unknown = await call.then(
    () => 'it succeeded',
    (error: unknown) => error,
  );
  if (!(failure instanceof ServiceFailure)) throw new Error(`no ServiceFailure, but ${String(failure)}`);
  // A person reads it, and a log keeps it.
  expect(failure.message).not.toMatch(/undefined|null|\[object|127\.0\.0\.1|\p{Cc}/u);
  expect(failure.message).not.toContain(TOKEN);
  expect(failure.message.length).toBeLessThan(400);
  return failure;
}

describe('a call that goes well', () => {
  test('a change says who changes, what and with which token, and a connection of its own carries it', async () => {
    behavior = answers(200, '{"incident":{}}');
    await rest().pageLevel('P 1/..', 2);
    expect(asked).toEqual([
      {
        method: 'PUT',
        url: '/incidents/P%201%2F..',
        headers: {
          accept: 'application/vnd.pagerduty+json;version=2',
          'accept-encoding': 'gzip,deflate',
          authorization: `Token token=${TOKEN}`,
          connection: 'close',
          'content-length': expect.stringMatching(/^\d+$/),
          'content-type': 'application/json; charset=utf-8',
          from: 'gapwatch@clinic.example',
          host: new URL(url).host,
          'user-agent': expect.stringContaining('pdjs'),
        },
        body: '{"incident":{"type":"incident_reference","escalation_level":2}}',
      },
    ]);
  });

  test('a question has no body and no From', async () => {
    behavior = answers(200, JSON.stringify({ incident: INCIDENT }));
    expect(await rest().incident('P1')).toMatchObject({ title: 'AuditLogFailure', service: 'unknown service', acknowledgedBy: null });
    expect(asked).toMatchObject([{ method: 'GET', url: '/incidents/P1', body: '' }]);
    expect(asked[0]?.headers).not.toHaveProperty('from');
  });

  test('a query reaches PagerDuty as it was written, and each page is asked for', async () => {
    behavior = (response) => answers(200, JSON.stringify({ incidents: [INCIDENT], more: asked.length < 2 }))(response);
    expect((await rest().openIncidents()).incidents).toHaveLength(2);
    const query = 'statuses[]=triggered&statuses[]=acknowledged&limit=100';
    expect(asked.map((each) => each.url)).toEqual([
      `/incidents?${query}&offset=0&sort_by=created_at:desc`,
      `/incidents?${query}&offset=100&sort_by=created_at:desc`,
    ]);
  });

  test('a chunked answer in small pieces is read whole', async () => {
    behavior = (response) => {
      for (const piece of JSON.stringify({ incident: INCIDENT }).match(/.{1,7}/g) ?? []) response.write(piece);
      response.end();
    };
    for (let time = 0; time < 5; time += 1) expect((await rest().incident('P1')).id).toBe('P1');
  });

  test('a note that is there already is not added', async () => {
    behavior = answers(200, JSON.stringify({ notes: [{ content: 'known' }] }));
    await rest().note('P1', 'known');
    await rest().note('P1', 'new');
    expect(asked.map(({ method }) => method)).toEqual(['GET', 'GET', 'POST']);
    expect(asked.at(-1)).toMatchObject({ body: '{"note":{"content":"new"}}', headers: { from: 'gapwatch@clinic.example' } });
  });

  test('an answer without content is a success', async () => {
    behavior = (response) => response.writeHead(204).end();
    await rest().pageLevel('P1', 2);
  });
});

describe('an answer that is no success', () => {
  test.for([
    [
      'a plain no with its reasons',
      answers(400, '{"error":{"code":2001,"message":"Invalid Input","errors":["From is\\nbad","<b>\\u0000"]}}'),
      { outcome: 'refused', message: 'PagerDuty answered 400 (2001: Invalid Input: From is bad; <b>) to PUT /incidents/P1' },
    ],
    [
      'a no whose reasons are of another kind',
      answers(403, '{"error":{"code":"2010","message":"Access Denied","errors":"no"}}'),
      { outcome: 'refused', message: 'PagerDuty answered 403 (Access Denied) to PUT /incidents/P1' },
    ],
    ['a no without JSON', answers(404, '<html>', html), { outcome: 'refused', message: 'PagerDuty answered 404 to PUT /incidents/P1' }],
    [
      '500 with JSON',
      answers(500, '{"error":{"code":2000,"message":"Internal Error"}}'),
      { outcome: 'unclear', message: 'PagerDuty answered 500 (2000: Internal Error) to PUT /incidents/P1; it may have been done' },
    ],
    [
      '502 with HTML',
      answers(502, '<html>Bad Gateway</html>', html),
      { outcome: 'unclear', message: 'PagerDuty answered 502 to PUT /incidents/P1; it may have been done' },
    ],
    [
      '200 with HTML',
      answers(200, '<html>Welcome to the guest network</html>', html),
      {
        outcome: 'unclear',
        message: expect.stringContaining("answered 200 to PUT /incidents/P1, but the answer can't be read: it is text/html"),
      },
    ],
    ['200 with nothing', answers(200, ''), { outcome: 'unclear', message: expect.stringContaining('it is no JSON, was cut off') }],
    ['200 with half a JSON', answers(200, '{"incident":{"id":'), { outcome: 'unclear', message: expect.stringContaining('was cut off') }],
    ['200 with a bare null', answers(200, 'null'), { outcome: 'unclear' }],
  ] as const)('to a change: %s', async ([, behaves, expected]) => {
    behavior = behaves;
    expect(await changes()).toMatchObject({ ...expected, retryAfterMilliseconds: null });
    expect(asked).toHaveLength(1);
  });

  test.for([
    ['500 with JSON', answers(500, '{}'), 'PagerDuty answered 500 to GET /incidents/P1'],
    ['502 with HTML', answers(502, '<html>', html), 'PagerDuty answered 502 to GET /incidents/P1'],
    [
      '200 with HTML',
      answers(200, '<html>', html),
      "PagerDuty answered 200 to GET /incidents/P1, but the answer can't be read: it is text/html, no JSON",
    ],
    [
      'a time that is none',
      answers(200, JSON.stringify({ incident: { ...INCIDENT, created_at: 'soon' } })),
      /incident\.created_at is not what Gapwatch expects$/,
    ],
    ['a list in place of an object', answers(200, '[]'), /it is not what Gapwatch expects$/],
  ] as const)('to a question, where nothing can have been done: %s', async ([, behaves, message]) => {
    behavior = behaves;
    expect(await reads()).toMatchObject({ outcome: 'unavailable', message: expect.stringMatching(message) });
  });

  test.for([
    ['seconds', { 'ratelimit-reset': '42' }, 42_000],
    ['no header', {}, 30_000],
    ['a number that no window has', { 'ratelimit-reset': '9999' }, 30_000],
    ['a negative number', { 'ratelimit-reset': '-5' }, 30_000],
    ['words', { 'ratelimit-reset': 'soon' }, 30_000],
    ['an exponent', { 'ratelimit-reset': '1e2' }, 30_000],
    ['nonsense, beside a sane Retry-After', { 'ratelimit-reset': '9999', 'retry-after': '7' }, 7_000],
    ['the longest that is believed', { 'ratelimit-reset': '900' }, 900_000],
  ] as const)('429 with %s → pdjs tries four times, then the pause is known', async ([, headers, pause]) => {
    behavior = answers(429, '{"error":{"code":2020,"message":"Rate Limit Exceeded"}}', headers);
    expect(await changes()).toMatchObject({
      outcome: 'unavailable',
      message: 'PagerDuty answered 429 (2020: Rate Limit Exceeded) to PUT /incidents/P1',
      retryAfterMilliseconds: pause,
    });
    expect(asked).toHaveLength(4);
  });

  test('429 without JSON is a limit too', async () => {
    behavior = answers(429, '<html>slow down</html>', { ...html, 'ratelimit-reset': '9' });
    expect(await changes()).toMatchObject({ outcome: 'unavailable', retryAfterMilliseconds: 9_000 });
  });

  test('429 once, then 200 → done', async () => {
    behavior = (response) => answers(asked.length === 1 ? 429 : 200, '{}')(response);
    await rest().pageLevel('P1', 2);
    expect(asked.map(({ headers, body }) => [headers.from, headers.authorization, body])).toEqual(
      Array(2).fill(['gapwatch@clinic.example', `Token token=${TOKEN}`, '{"incident":{"type":"incident_reference","escalation_level":2}}']),
    );
  });

  test.for([301, 302, 307, 308])('a redirect (%d) is not followed: nobody else gets the token or the body', async (status) => {
    const strangers: string[] = [];
    const elsewhere = createServer((request, response) => {
      strangers.push(`${request.method} ${request.headers.authorization}`);
      response.end('{}');
    });
    const location = (await listening(elsewhere)).replace('127.0.0.1', 'localhost');
    try {
      behavior = answers(status, '', { location });
      expect(await changes()).toMatchObject({
        outcome: 'refused',
        message: `PagerDuty answered ${status} to PUT /incidents/P1: it redirects elsewhere; check its address`,
      });
      expect((await reads()).outcome).toBe('refused');
      expect((await sends()).outcome).toBe('refused');
      expect(strangers).toEqual([]);
    } finally {
      await closed(elsewhere);
    }
  });
});

describe('no answer', () => {
  const hangs: Behavior = () => undefined;
  const hangsMidway: Behavior = (response) => response.writeHead(200, { 'content-type': 'application/json' }).write('{"incident":');
  const dropsAtOnce: Behavior = (response) => response.socket?.destroy();
  const dropsMidway: Behavior = (response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"incident":', () => response.socket?.destroy());
  };
  const dropsShort: Behavior = (response) => {
    const headers = { 'content-type': 'application/json', 'content-length': '1000' };
    response.writeHead(200, headers).write('{"incident":', () => response.socket?.destroy());
  };

  test('a server that hangs is given up at the deadline', async () => {
    behavior = hangs;
    expect(await changes(SHORT)).toMatchObject({
      outcome: 'unclear',
      message: 'no answer from PagerDuty to PUT /incidents/P1 within 0.06 s; it may have been done',
    });
    expect(await reads(SHORT)).toMatchObject({
      outcome: 'unavailable',
      message: 'no answer from PagerDuty to GET /incidents/P1 within 0.06 s',
    });
  });

  test('a server that hangs in the middle of its answer is given up at the deadline', async () => {
    behavior = hangsMidway;
    expect(await changes(SHORT)).toMatchObject({
      outcome: 'unclear',
      message:
        "PagerDuty answered 200 to PUT /incidents/P1, but the answer can't be read: it was not complete within 0.06 s; it may have been done",
    });
  });

  test('a deadline that passes in the pause after a 429 ends the call, and nothing is asked again', async () => {
    behavior = answers(429, '{}');
    expect((await changes({ retryPause: 200, deadline: 60 })).outcome).toBe('unclear');
    expect(asked).toHaveLength(1);
  });

  test('a connection that breaks before the answer', async () => {
    behavior = dropsAtOnce;
    expect(await changes()).toMatchObject({
      outcome: 'unclear',
      message: 'no answer from PagerDuty to PUT /incidents/P1: the connection broke (ECONNRESET); it may have been done',
    });
    expect((await reads()).outcome).toBe('unavailable');
  });

  test('a connection that breaks in the middle of a chunked answer', async () => {
    behavior = dropsMidway;
    expect(await changes()).toMatchObject({ outcome: 'unclear', message: expect.stringContaining('was cut off') });
  });

  test('an answer shorter than announced: node-fetch does not notice, the deadline does', async () => {
    behavior = dropsShort;
    expect(await changes(SHORT)).toMatchObject({ outcome: 'unclear', message: expect.stringContaining('was not complete within 0.06 s') });
  });

  test('a refused connection: nothing was done, so a change is not unclear', async () => {
    await closed(server);
    const failures = [await changes(), await reads(), await sends()];
    expect(failures.map(({ outcome }) => outcome)).toEqual(Array(3).fill('unavailable'));
    expect(failures[0]?.message).toBe('PagerDuty could not be reached (PUT /incidents/P1): the connection is refused (ECONNREFUSED)');
    server.listen();
  });

  test('an answer without end is cut, and its connection closed', async () => {
    const gone = Promise.withResolvers<void>();
    behavior = (response) => {
      const chunk = Buffer.alloc(1024 * 1024, ' ');
      const more = () => response.write(chunk, () => (response.destroyed ? undefined : setImmediate(more)));
      response.on('close', gone.resolve).writeHead(200, { 'content-type': 'application/json' });
      more();
    };
    expect(await reads()).toMatchObject({ outcome: 'unavailable', message: expect.stringContaining('is too large') });
    await gone.promise;
  });

  test('a token or an address that no header can hold is refused without showing it', async () => {
    const broken = connectPagerDuty({ apiUrl: url, token: `${TOKEN}\n`, fromEmail: 'x@clinic.example' });
    expect(await failureOf(broken.ping())).toMatchObject({ outcome: 'refused', message: expect.stringContaining("can't be made; check") });
    expect(asked).toEqual([]);
  });
});

describe('the Events API', () => {
  test('an event goes out with its key and nothing else that names us', async () => {
    behavior = answers(202, '{"status":"success"}');
    await events().send(TRIGGER);
    await events().send({ action: 'resolve', key: TRIGGER.key });
    expect(asked.map(({ method, url: path }) => `${method} ${path}`)).toEqual(['POST /v2/enqueue', 'POST /v2/enqueue']);
    expect(asked[0]?.headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8', connection: 'close' });
    expect(Object.keys(asked[0]?.headers ?? {})).not.toContain('authorization');
    expect(asked.map(({ body }) => JSON.parse(body))).toEqual([
      {
        routing_key: ROUTING_KEY,
        event_action: 'trigger',
        dedup_key: TRIGGER.key,
        client: 'Gapwatch',
        payload: {
          summary: 'AuditLogFailure: no record for 6 minutes',
          severity: 'critical',
          source: 'AuditLog',
          timestamp: '2026-01-05T12:00:00.000Z',
          component: 'audit log',
          custom_details: { table: 'AuditLog' },
        },
      },
      { routing_key: ROUTING_KEY, event_action: 'resolve', dedup_key: TRIGGER.key },
    ]);
  });

  test('202 counts whatever its body says', async () => {
    behavior = answers(202, '', html);
    await events().send(TRIGGER);
  });

  test.for([
    [
      '400 with its errors',
      answers(400, `{"status":"invalid event","message":"Event object is invalid","errors":["'severity' is wrong"]}`),
      {
        outcome: 'refused',
        message: "PagerDuty's Events API answered 400 (Event object is invalid: 'severity' is wrong) to POST /v2/enqueue",
      },
    ],
    [
      '429',
      answers(429, '{"message":"Throttled"}', { 'retry-after': '60' }),
      {
        outcome: 'unavailable',
        message: "PagerDuty's Events API answered 429 (Throttled) to POST /v2/enqueue",
        retryAfterMilliseconds: 60_000,
      },
    ],
    ['503', answers(503, '{}'), { outcome: 'unavailable', message: "PagerDuty's Events API answered 503 to POST /v2/enqueue" }],
    ['502 with HTML', answers(502, '<html>', html), { outcome: 'unavailable' }],
    [
      '200 with HTML',
      answers(200, '<html>', html),
      { outcome: 'unavailable', message: expect.stringContaining('it is text/html, no JSON') },
    ],
    ['200 where 202 is due', answers(200, '{}'), { outcome: 'refused' }],
  ] as const)('%s', async ([, behaves, expected]) => {
    behavior = behaves;
    expect(await sends()).toMatchObject({ service: 'pagerduty-events', ...expected });
  });

  test('a server that hangs is given up at the deadline; sent again under its key it is the same alert', async () => {
    behavior = () => undefined;
    expect(await sends(SHORT)).toMatchObject({
      outcome: 'unavailable',
      message: "no answer from PagerDuty's Events API to POST /v2/enqueue within 0.06 s",
    });
  });
});

describe('a program that makes one call ends by itself, and says nothing of its own', () => {
  test.for([
    ['an answer', answers(200, '{}'), 'done'],
    ['no answer', () => undefined, 'unclear'],
    ['half an answer', (response: ServerResponse) => response.writeHead(200).write('{'), 'unclear'],
    ['429', answers(429, `{"error":{"message":"${'x'.repeat(200_000)}"}}`), 'unavailable'],
  ] as const)('%s', async ([, behaves, said]) => {
    behavior = behaves;
    const tempo = said === 'unclear' ? SHORT : AT_ONCE;
    const program = `
      import { connectPagerDuty } from '#services/pagerduty/rest.ts';
      const { pageLevel } = connectPagerDuty(${JSON.stringify({ apiUrl: url, token: TOKEN, fromEmail: 'x@clinic.example', tempo })});
      const said = await pageLevel('P1', 2).then(() => 'done', ({ outcome }) => outcome);
      const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
      process.stdout.write(said + ', ' + timers + ' timers');`;
    expect(await run(process.execPath, ['--input-type=module', '--eval', program])).toEqual({ stdout: `${said}, 0 timers`, stderr: '' });
  });
});
