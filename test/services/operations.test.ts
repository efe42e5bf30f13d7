import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readPolicy } from '#app/policy-file.ts';
import { DEFAULT_POLICY, type Policy } from '#domain/base/policy.ts';
import { audit, type Monitored, monitored, NO_SOURCES, RUNBOOK_TABLE } from '#harness/checks.ts';
import { connectOperations } from '#services/operations.ts';
import type { Sources } from '#workflows/context.ts';

let database: Monitored;
let url: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const server = createServer((request, response) => answer(request, response));

beforeEach(async () => {
  database = await monitored(RUNBOOK_TABLE);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await database.close();
});

const withSession: Sources = { ...NO_SOURCES, operations: connectOperations('session=$&secret'), session: { service: 'session=$&secret' } };

async function writes(action: string, resource: string): Promise<void> {
  const insert = `insert into "AuditLog" (id, "userEmail", "ipAddress", action, resource, "resourceId", success, timestamp)
    values (gen_random_uuid()::text, 'x', 'x', $1, $2, 'x', true, now() at time zone 'utc')`;
  await database.owner.query(insert, [action, resource]);
}

function policy(): Policy {
  return readPolicy(`operations:
  - name: Patient access
    url: ${url}/api/patients/test
    headers: { Cookie: $OPERATIONS_SESSION }
    expect: { action: READ, resource: Patient }
  - name: Patient creation
    method: POST
    url: ${url}/api/patients
    body: { firstName: Test }
    expect: { action: CREATE, resource: Patient }
`);
}

test('every operation that leaves its record is ok, sent as the policy says with the session of the settings', async () => {
  const seen: string[] = [];
  answer = (request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.cookie ?? ''} ${request.headers['content-type'] ?? ''}`);
    void writes(request.method === 'POST' ? 'CREATE' : 'READ', 'Patient').then(() => response.writeHead(200).end('{"patient":"Jane Doe"}'));
  };
  const verdict = await audit(database, 'operations', { policy: policy(), sources: withSession });
  expect(verdict).toMatchObject({ level: 'ok', evidence: 'All 2 operations left their audit record.' });
  expect(verdict.figures[0]).toEqual({ name: 'Patient access', value: 'READ Patient recorded at once; answered 200' });
  expect(seen).toEqual(['GET /api/patients/test session=$&secret ', 'POST /api/patients  application/json']);
  expect(JSON.stringify(verdict)).not.toMatch(/secret|Jane/);
});

test('a record that comes late is waited for, and one that does not come is high', async () => {
  answer = (request, response) => {
    response.writeHead(request.method === 'POST' ? 401 : 200).end();
    if (request.method === 'GET') setTimeout(() => void writes('READ', 'Patient'), 1_200);
  };
  const verdict = await audit(database, 'operations', { policy: policy(), sources: withSession });
  expect(verdict).toMatchObject({ level: 'high', evidence: '1 of 2 operations left their audit record; 1 did not.' });
  expect(verdict.figures[0]?.value).toMatch(/^READ Patient recorded within 2 seconds; answered 200$/);
  expect(verdict.figures[1]?.value).toBe('no CREATE Patient record within 10 seconds; answered 401 (is OPERATIONS_SESSION still valid?)');
}, 30_000);

test('a redirect is not followed, and what could not be sent proves nothing', async () => {
  let elsewhere = 0;
  answer = (request, response) => {
    if (request.url === '/elsewhere') elsewhere += 1;
    if (request.method === 'GET') void writes('READ', 'Patient').then(() => response.writeHead(302, { location: '/elsewhere' }).end());
    else request.socket.destroy();
  };
  const verdict = await audit(database, 'operations', { policy: policy(), sources: withSession });
  expect(elsewhere).toBe(0);
  expect(verdict).toMatchObject({ level: 'unknown', evidence: '1 of 2 operations left their audit record; 1 could not be sent.' });
  expect(verdict.figures[1]?.value).toContain('not sent: the connection broke');
});

test('without the session, or without any operation, it says what to set', async () => {
  answer = (_request, response) => response.writeHead(200).end();
  const [patientAccess] = policy().operations;
  if (!patientAccess) throw new Error('the policy has no operation');
  const verdict = await audit(database, 'operations', { policy: { ...policy(), operations: [patientAccess] } });
  expect(verdict.figures[0]?.value).toBe('not sent: not configured: set OPERATIONS_SESSION');
  expect((await audit(database, 'operations', { policy: DEFAULT_POLICY })).evidence).toContain('under `operations` in runbook.yaml');
});
