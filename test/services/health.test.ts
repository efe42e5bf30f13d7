import { createServer, type RequestListener } from 'node:http';
import { expect, test } from 'vitest';
import { healthVerdict } from '#domain/checks/health.ts';
import { connectHealth } from '#services/health.ts';

/** The verdict on an endpoint that behaves so. */
async function verdict(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const answer = await connectHealth(`http://127.0.0.1:${port}/api/health`).ask();
  server.closeAllConnections();
  server.close();
  return healthVerdict(answer);
}

test.each([
  ['active', 200, '{"checks":{"audit":"active"}}', 'ok'],
  ['healthy with 503 for another reason', 503, '{"checks":{"audit":"healthy"}}', 'ok'],
  ['failing', 200, '{"checks":{"audit":"failing"}}', 'critical'],
  ['absent', 200, '{"status":"healthy"}', 'unknown'],
  ['a word that nobody named', 200, '{"checks":{"audit":"<!channel> patient"}}', 'unknown'],
  ['no JSON', 200, '<html>', 'unknown'],
])('%s', async (_name, status, body, level) => {
  const found = await verdict((_request, response) => response.writeHead(status).end(body));
  expect(found.level).toBe(level);
  expect(JSON.stringify(found)).not.toContain('patient');
});

test('an endpoint that breaks off, redirects or refuses is never ok', async () => {
  expect(await verdict((request) => request.socket.destroy())).toMatchObject({
    level: 'critical',
    evidence: expect.stringContaining('the connection broke'),
  });
  expect((await verdict((_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end())).level).toBe('unknown');
  const refused = healthVerdict(await connectHealth('http://127.0.0.1:1/').ask());
  expect(refused).toMatchObject({ level: 'critical', nextStep: expect.stringContaining('API_SERVER_DOWN') });
});

test('an endpoint that never stops talking is cut off', async () => {
  const found = await verdict((_request, response) => {
    response.writeHead(200);
    const more = setInterval(() => response.write('x'.repeat(16_384)), 1);
    response.on('close', () => clearInterval(more));
  });
  expect(found.level).toBe('unknown');
});
