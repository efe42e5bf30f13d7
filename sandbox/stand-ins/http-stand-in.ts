import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** How a stand-in misbehaves at one request: an HTTP answer of its own, no answer ever, or the action done and the answer lost, or replaced by something in between. */
export type Fault =
  | { readonly kind: 'answer'; readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | { readonly kind: 'hang' }
  | { readonly kind: 'lose-answer' }
  | { readonly kind: 'swap-answer'; readonly body: string };

/** A request as a stand-in's code sees it. */
export type StandInRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
};
export type StandInAnswer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
};

export type HttpStandIn = { readonly url: string; readonly close: () => Promise<void> };

/**
 * Serves a stand-in on a free port of 127.0.0.1. `fault` is asked before each request is carried out; `observe` is told after a
 * action and before its answer, the moment at which a crash test kills the program.
 */
export async function serveStandIn(
  carryOut: (request: StandInRequest) => Promise<StandInAnswer> | StandInAnswer,
  fault: (request: StandInRequest) => Fault | undefined,
  observe: (request: StandInRequest) => Promise<void> | void = () => undefined,
): Promise<HttpStandIn> {
  const server = createServer((request, response) => {
    void serve(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  const serve = async (incoming: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
    const request = { method: incoming.method ?? 'GET', path: incoming.url ?? '/', headers: incoming.headers, body: Buffer.concat(chunks) };
    const wrong = fault(request);
    if (wrong?.kind === 'hang') return;
    if (wrong?.kind === 'answer') {
      response.writeHead(wrong.status, wrong.headers).end(wrong.body ?? '');
      return;
    }
    const answer = await carryOut(request);
    await observe(request);
    if (wrong?.kind === 'lose-answer') {
      incoming.socket.destroy();
      return;
    }
    if (wrong?.kind === 'swap-answer') {
      response.writeHead(200, { 'content-type': 'text/html' }).end(wrong.body);
      return;
    }
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(answer.body);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
