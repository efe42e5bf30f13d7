import { createHmac } from 'node:crypto';

/** A request as it goes over the wire. */
export type SignedRequest = { readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly body: string };

/** A request as Slack signs it. */
export function signed(secret: string, botUrl: string, body: string, contentType: string): SignedRequest {
  // Slack signs with the real time, whatever a sandbox clock shows.
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
  const headers = { 'content-type': contentType, 'x-slack-signature': signature, 'x-slack-request-timestamp': timestamp };
  return { url: `${botUrl}/slack/events`, headers, body };
}

/** Sends a request; answers the body of a good answer. */
export async function send({ url, headers, body }: SignedRequest): Promise<string> {
  const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(3_000) });
  if (!response.ok) throw new Error(`the app answered ${response.status} to Slack`);
  return response.text();
}
