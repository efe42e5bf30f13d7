import { z } from 'zod';
import { type HeadBody, headBodySchema } from './ledger.ts';

/** "The first `count` facts of this incident end in the hash `head`", and where that is said. */
export type Claim = { readonly incident: number; readonly count: number; readonly head: string; readonly place: string };

/** What a signed statement says: of one incident, or of the whole installation. */
export type Statement =
  | { readonly kind: 'incident'; readonly at: string; readonly claim: Omit<Claim, 'place'> }
  | { readonly kind: 'ledger'; readonly at: string; readonly head: HeadBody };

const incidentSchema = z.object({ incident: z.number().int(), count: z.number().int(), head: z.string(), at: z.string() });

/** Reads the text of a statement; null when it is none that Gapwatch makes. */
export function readStatement(text: string): Statement | null {
  const parsed = parse(text);
  const one = incidentSchema.safeParse(parsed);
  if (one.success) {
    const { at, ...claim } = one.data;
    return { kind: 'incident', at, claim };
  }
  const whole = headBodySchema.safeParse(parsed);
  return whole.success ? { kind: 'ledger', at: whole.data.at, head: whole.data } : null;
}

/** What a statement says of incidents, one claim each. */
export function claimsOf(statement: Statement, place: string): readonly Claim[] {
  switch (statement.kind) {
    case 'incident':
      return [{ ...statement.claim, place }];
    case 'ledger':
      return statement.head.incidents.map((claim) => ({ ...claim, place }));
    default:
      return statement satisfies never;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
