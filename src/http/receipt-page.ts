import type { IncomingMessage, ServerResponse } from 'node:http';
import { incidentName } from '#domain/incident/state.ts';
import type { AppContext } from '#workflows/context.ts';
import { acknowledgeReceipt, readReceipt } from '#workflows/intake/receipt.ts';
import { readBody } from './read-body.ts';
import type { Route } from './server.ts';

const BODY_LIMIT_BYTES = 4_096;

/**
 * `GET /receipt` shows a page with one button: mail scanners follow links, so opening it acknowledges nothing. `POST /receipt` does.
 * Neither tells anything about the incident but its number.
 */
export function receiptPage(context: AppContext): Readonly<Record<'GET /receipt' | 'POST /receipt', Route>> {
  return {
    'GET /receipt': (request, response) => {
      const token = new URL(request.url ?? '/', 'http://x').searchParams.get('token') ?? '';
      const receipt = readReceipt(context, token);
      if (receipt.kind !== 'valid') return refuse(response, receipt.kind);
      page(response, 200, `<p>Notice about ${incidentName(receipt.incident)}.</p>${form(token)}`);
    },
    'POST /receipt': async (request, response) => {
      const receipt = readReceipt(context, await tokenOf(request));
      if (receipt.kind !== 'valid') return refuse(response, receipt.kind);
      page(response, 200, `<p role="status">${await acknowledgeReceipt(context, receipt)}</p>`);
    },
  };
}

async function tokenOf(request: IncomingMessage): Promise<string> {
  const body = await readBody(request, BODY_LIMIT_BYTES);
  return new URLSearchParams(body.toString('utf8')).get('token') ?? '';
}

function form(token: string): string {
  // A token that was read back is base64url and one dot: nothing in it needs escaping.
  return `<form method="post" action="receipt"><input type="hidden" name="token" value="${token}"><button>I have received this notice</button></form>`;
}

function refuse(response: ServerResponse, why: 'expired' | 'invalid'): void {
  const text = {
    expired: 'This link has expired. Tell the on-call team that you have received the notice.',
    invalid: 'This link is not complete. Open it again from the notice, or tell the on-call team that you have received it.',
  };
  page(response, why === 'expired' ? 410 : 404, `<p>${text[why]}</p>`);
}

function page(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
  });
  const style = 'body{font:1.1rem/1.5 sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.6rem 1rem}';
  response.end(
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Gapwatch</title><style>${style}</style><h1>Gapwatch</h1>${body}</html>`,
  );
}
