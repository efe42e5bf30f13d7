import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { DAY, plus } from '#domain/base/time.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute } from '#workflows/execute.ts';

const VALID_FOR = 7 * DAY;

const claimSchema = z.object({ incident: z.number().int(), key: z.string(), until: z.iso.datetime() });

/** The link by which the reader of a notice acknowledges its receipt; empty when nobody could open it (PUBLIC_URL is not set). */
export function receiptLink(context: Pick<AppContext, 'publicUrl' | 'linkSecret'>, incident: number, key: string, now: Date): string {
  if (context.publicUrl === null) return '';
  const claim = Buffer.from(JSON.stringify({ incident, key, until: plus(now, VALID_FOR).toISOString() })).toString('base64url');
  return `${context.publicUrl.replace(/\/$/, '')}/receipt?token=${claim}.${signature(context.linkSecret, claim)}`;
}

export type Receipt =
  | { readonly kind: 'valid'; readonly incident: number; readonly key: string }
  | { readonly kind: 'expired' }
  | { readonly kind: 'invalid' };

/** Reads a link's token. Only what we signed is valid, and only for a week. */
export function readReceipt(context: Pick<AppContext, 'linkSecret' | 'now'>, token: string): Receipt {
  const [claim = '', given = ''] = token.split('.');
  const expected = Buffer.from(signature(context.linkSecret, claim));
  const actual = Buffer.from(given);
  if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) return { kind: 'invalid' };
  const { incident, key, until } = claimSchema.parse(JSON.parse(Buffer.from(claim, 'base64url').toString('utf8')));
  return new Date(until) < context.now() ? { kind: 'expired' } : { kind: 'valid', incident, key };
}

/** Keeps that a notice was read. Returns what is so now, in words. */
export async function acknowledgeReceipt(context: AppContext, { incident, key }: Extract<Receipt, { kind: 'valid' }>): Promise<string> {
  const { refused } = await execute(context, incident, { kind: 'notice-received', key }, { kind: 'reader' });
  return refused?.message ?? 'Thank you. It is on record that you have received this notice.';
}

function signature(secret: string, claim: string): string {
  return createHmac('sha256', secret).update(`receipt:${claim}`).digest('base64url');
}
