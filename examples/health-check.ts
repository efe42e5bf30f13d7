import { createServer, type Server } from 'node:http';

/** What the application knows of its own audit writes. */
export type AuditHealth = {
  /** Call it when a record was taken, and when one was not. */
  readonly wrote: () => void;
  readonly failed: () => void;
  readonly check: () => { readonly audit: 'active' | 'failing'; readonly auditFailures: number };
};

/**
 * The health of the audit log (runbook step 19), from the writes themselves: failing from the first write that fails until one succeeds. It asks the
 * database nothing, so it costs nothing, and a quiet night is healthy.
 */
export function auditHealth(): AuditHealth {
  let failures = 0;
  return {
    wrote: () => {
      failures = 0;
    },
    failed: () => {
      failures += 1;
    },
    check: () => ({ audit: failures > 0 ? 'failing' : 'active', auditFailures: failures }),
  };
}

/** `GET /api/health`, as HEALTH_URL expects it: `.checks.audit`, and 503 while it is failing. */
export function serveHealth(health: AuditHealth): Server {
  return createServer((request, response) => {
    if (request.url !== '/api/health') return response.writeHead(404).end();
    const checks = health.check();
    const isHealthy = checks.audit === 'active';
    return response
      .writeHead(isHealthy ? 200 : 503, { 'content-type': 'application/json' })
      .end(JSON.stringify({ status: isHealthy ? 'healthy' : 'degraded', checks }));
  });
}
