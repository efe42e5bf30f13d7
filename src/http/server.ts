import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Logger } from 'pino';

/** Returns one path. */
export type Route = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** The faces of the bot over HTTP: `METHOD /path` → route. */
export type Routes = Readonly<Record<string, Route>>;

export type HttpServer = { readonly port: number; readonly close: () => Promise<void> };

/** A client that is slower than this is cut off. Node looks every `connectionsCheckingInterval`, half a minute unless told. */
const LIMITS = { headersTimeout: 10_000, requestTimeout: 20_000, keepAliveTimeout: 5_000, connectionsCheckingInterval: 2_000 };

/** Listens. Slow clients are cut off; a route that throws answers 500 and is logged, never an unhandled rejection. */
export async function listen(
  routes: Routes,
  { host, port, log }: { readonly host: string; readonly port: number; readonly log: Logger },
): Promise<HttpServer> {
  const server = createServer(LIMITS, (request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    const route = routes[`${request.method} ${path}`];
    if (!route) return notFound(routes, path ?? '/', response);
    Promise.resolve(route(request, response)).catch((error: unknown) => {
      if (request.destroyed && !request.complete) return log.info({ path }, 'a client went away in the middle of its request');
      log.error({ err: error, path }, 'a request failed');
      if (!response.headersSent) response.writeHead(500, { connection: 'close' });
      response.end();
    });
  });
  server.maxHeadersCount = 100;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : port, close: () => close(server) };
}

function notFound(routes: Routes, path: string, response: ServerResponse): void {
  const methods = Object.keys(routes).filter((key) => key.endsWith(` ${path}`));
  const status = methods.length > 0 ? 405 : 404;
  response
    .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
    .end(`${status === 405 ? 'another method' : 'nothing here'}\n`);
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const impatient = setTimeout(() => server.closeAllConnections(), 2_000);
  await closed;
  clearTimeout(impatient);
}

/** `GET /livez`: 200 while the process is well; 503 and the reason when it goes on but should be restarted. */
export function livez(whyNot: () => string | null): Route {
  return (_request, response) => {
    const reason = whyNot();
    text(response, reason === null ? 200 : 503, reason ?? 'alive');
  };
}

/** `GET /readyz`: 200, or 503 and the reason. */
export function readyz(whyNot: () => Promise<string | null>): Route {
  return async (_request, response) => {
    const reason = await whyNot();
    text(response, reason === null ? 200 : 503, reason ?? 'ready');
  };
}

/** `GET /metrics` in Prometheus' text format. */
export function metrics(render: () => Promise<{ readonly type: string; readonly body: string }>): Route {
  return async (_request, response) => {
    const { type, body } = await render();
    response.writeHead(200, { 'content-type': type }).end(body);
  };
}

function text(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${body}\n`);
}
