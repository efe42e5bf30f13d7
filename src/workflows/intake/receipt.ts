import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { DAY, plus } from '#domain/base/time.ts';
import type { House } from '#workflows/context.ts';
import { handle } from '#workflows/execute.ts';

const VALID_FOR = 7 * DAY;

const claimSchema = z.object({ incident: z.number().int(), key: z.string(), until: z.iso.datetime() });

/** The link by which the reader of a notice acknowledges its receipt; empty when nobody could open it (PUBLIC_URL is not set). */
export function receiptLink(house: Pick<House, 'publicUrl' | 'linkSecret'>, incident: number, key: string, now: Date): string {
  if (house.publicUrl === null) return '';
  const claim = Buffer.from(JSON.stringify({ incident, key, until: plus(now, VALID_FOR).toISOString() })).toString('base64url');
  return `${house.publicUrl.replace(/\/$/, '')}/receipt?token=${claim}.${signature(house.linkSecret, claim)}`;
}

export type Receipt =
  | { readonly kind: 'valid'; readonly incident: number; readonly key: string }
  | { readonly kind: 'expired' }
  | { readonly kind: 'invalid' };

/** Reads a link's token. Only what we signed is valid, and only for a week. */
export function readReceipt(house: Pick<House, 'linkSecret' | 'now'>, token: string): Receipt {
  const [claim = '', given = ''] = token.split('.');
  const expected = Buffer.from(signature(house.linkSecret, claim));
  const actual = Buffer.from(given);
  if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) return { kind: 'invalid' };
  const { incident, key, until } = claimSchema.parse(JSON.parse(Buffer.from(claim, 'base64url').toString('utf8')));
  return new Date(until) < house.now() ? { kind: 'expired' } : { kind: 'valid', incident, key };
}

/** Keeps that a notice was read. Answers what is so now, in words. */
export async function acknowledgeReceipt(house: House, { incident, key }: Extract<Receipt, { kind: 'valid' }>): Promise<string> {
  const { refused } = await handle(house, incident, { kind: 'notice-received', key }, { kind: 'reader' });
  return refused?.says ?? 'Thank you. It is on record that you have received this notice.';
}

function signature(secret: string, claim: string): string {
  return createHmac('sha256', secret).update(`receipt:${claim}`).digest('base64url');
}
