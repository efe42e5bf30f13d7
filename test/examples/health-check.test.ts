import { once } from 'node:events';
import { expect, test } from 'vitest';
import { healthVerdict } from '#domain/checks/health.ts';
import { connectHealth } from '#services/health.ts';
import { auditHealth, serveHealth } from '../../examples/health-check.ts';

test('the example’s health endpoint says to Gapwatch what the application’s writes said to it', async () => {
  const health = auditHealth();
  const server = serveHealth(health).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const endpoint = connectHealth(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/api/health`);
  const verdict = async () => healthVerdict(await endpoint.ask());
  expect(await verdict()).toMatchObject({ level: 'ok', evidence: 'The application says its audit log is active.' });
  health.failed();
  expect(await verdict()).toMatchObject({ level: 'critical', evidence: 'The application says its audit log is failing.' });
  health.wrote();
  expect(await verdict()).toMatchObject({ level: 'ok' });
  server.close();
});
