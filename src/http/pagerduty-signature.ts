import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Whether a webhook is PagerDuty's: `X-PagerDuty-Signature` holds `v1=<hex>` for each active secret, HMAC-SHA256 over the exact
 * bytes; one match with one of our secrets is enough, other versions are ignored. Compared in constant time.
 */
export function isSignedByPagerDuty(body: Uint8Array, header: string | undefined, secrets: readonly string[]): boolean {
  const given = (header ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => /^v1=[0-9a-f]{64}$/i.test(part))
    .slice(0, 20)
    .map((part) => Buffer.from(part.slice(3), 'hex'));
  const expected = secrets.map((secret) => createHmac('sha256', secret).update(body).digest());
  return expected.some((right) => given.some((each) => timingSafeEqual(each, right)));
}
