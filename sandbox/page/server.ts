import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Sandbox } from '#sandbox/sandbox.ts';
import { carryOut } from './actions.ts';
import { type Asset, asset, CONTENT_SECURITY_POLICY } from './assets.ts';
import { openSession } from './session.ts';

export type PageServer = { readonly url: string; readonly close: () => Promise<void> };

const BODY_LIMIT = 64 * 1024;
const LOOK_EVERY_MILLISECONDS = 100;

/** Serves the demo's page on 127.0.0.1: `port`, or a free one when that is taken or 0. Returns to this machine's own browser alone. */
export async function servePage(sandbox: Sandbox, port: number): Promise<PageServer> {
  const session = openSession(sandbox);
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(error instanceof Error ? error.message : String(error));
    });
  });
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    // A foreign site that made its name point here must neither read nor act.
    if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? ''))
      return send(response, 403, text('This page answers to 127.0.0.1 alone.'));
    const path = new URL(request.url ?? '/', 'http://page').pathname;
    if (request.method === 'POST' && path === '/actions') {
      // A form of another site can't send JSON.
      if (request.headers['content-type'] !== 'application/json') return send(response, 415, text('A action is JSON.'));
      return send(response, 200, json(await carryOut(sandbox, session, JSON.parse(await bodyOf(request)))));
    }
    if (request.method !== 'GET') return send(response, 405, text('GET, or POST /actions.'));
    if (path === '/events') return follow(response);
    const found = (await asset(path)) ?? fileOf(sandbox, path);
    return found ? send(response, 200, found) : send(response, 404, text('There is nothing here.'));
  };
  const follow = (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const last = { conversation: '', clinic: '' };
    const tell = () => {
      for (const name of ['conversation', 'clinic'] as const) {
        const data = JSON.stringify(session[name]());
        if (data !== last[name]) response.write(`event: ${name}\ndata: ${data}\n\n`);
        last[name] = data;
      }
    };
    tell();
    const timer = setInterval(tell, LOOK_EVERY_MILLISECONDS);
    response.on('close', () => clearInterval(timer));
  };
  return { url: `http://127.0.0.1:${await listen(server, port)}`, close: () => closeServer(server) };
}

/** Files of messages, mails as HTML and their attachments. What came by mail or upload can run nothing. */
function fileOf({ slack, mail }: Sandbox, path: string): Asset | null {
  const [, room, name = '', number] = path.split('/');
  if (room === 'files') {
    const file = slack.messages.find(({ ts }) => ts === name)?.file;
    return file ? { type: typeOf(file.name), body: file.content } : null;
  }
  if (room === 'files-by-name') {
    const file = slack.messages.findLast((message) => message.file?.name === decodeURIComponent(name))?.file;
    return file ? { type: typeOf(file.name), body: file.content } : null;
  }
  const found = room === 'mails' ? mail.mails[Number(name)] : undefined;
  if (!found) return null;
  if (number === undefined) return { type: 'text/html; charset=utf-8', body: found.html || `<pre>${found.textAsHtml ?? ''}</pre>` };
  const attachment = found.attachments[Number(number)];
  return attachment ? { type: typeOf(attachment.filename ?? ''), body: attachment.content } : null;
}

function typeOf(name: string): string {
  return name.endsWith('.png') ? 'image/png' : 'text/plain; charset=utf-8';
}

function send(response: ServerResponse, status: number, { type, body }: Asset): void {
  response
    .writeHead(status, {
      'content-type': type,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-security-policy': CONTENT_SECURITY_POLICY,
    })
    .end(body);
}

function text(words: string): Asset {
  return { type: 'text/plain; charset=utf-8', body: words };
}

function json(content: unknown): Asset {
  return { type: 'application/json', body: JSON.stringify(content) };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > BODY_LIMIT) throw new Error('That is too long.');
  }
  return body;
}

async function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  const tryPort = (wanted: number) =>
    new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(wanted, '127.0.0.1', () => resolve(true));
    });
  if (!(await tryPort(port))) await tryPort(0);
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function closeServer(server: ReturnType<typeof createServer>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
