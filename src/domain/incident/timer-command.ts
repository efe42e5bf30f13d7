import { z } from 'zod';

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

/** What only the clock asks: a job carries one of these to the moment it is due. */
export const timerCommandSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('claim-due') }),
  z.object({ kind: z.literal('update-due'), number: z.number().int() }),
  z.object({ kind: z.literal('nudge-due'), update: z.number().int() }),
  z.object({ kind: z.literal('pause-over'), until: instant }),
  z.object({ kind: z.literal('escalation-due') }),
  z.object({ kind: z.literal('slack-late'), key: z.string() }),
  z.object({ kind: z.literal('notice-late'), key: z.string() }),
  z.object({ kind: z.literal('receipt-due'), key: z.string() }),
  z.object({ kind: z.literal('follow-up-due'), hours: z.number(), resolution: z.number().int() }),
  z.object({ kind: z.literal('post-mortem-due'), for: instant }),
  z.object({ kind: z.literal('hhs-due'), daysLeft: z.number().int() }),
  z.object({ kind: z.literal('remedy-expires'), request: z.string(), what: z.enum(['planning', 'plan']) }),
]);
export type TimerCommand = z.infer<typeof timerCommandSchema>;
export type TimerOf<Kind extends TimerCommand['kind']> = Extract<TimerCommand, { readonly kind: Kind }>;

/** A command that the clock will give at a moment, as long as the state still asks for it. */
export type Timer = { readonly command: TimerCommand; readonly dueAt: Date };
