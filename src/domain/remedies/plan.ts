import { z } from 'zod';

/**
 * What a remedy is about to do, shown before anybody approves it. `target` is what the service is told; `basis` is what the plan rests
 * on: it is looked at again before the remedy runs, and a plan whose basis has changed is not carried out.
 */
export const planSchema = z.object({
  target: z.string(),
  what: z.string(),
  figures: z.array(z.object({ name: z.string(), value: z.string() })),
  takes: z.string(),
  risks: z.array(z.string()),
  back: z.string(),
  basis: z.string(),
});
export type Plan = z.infer<typeof planSchema>;

/** A plan, or the sentence that says why there is none. */
export type Planned = { readonly plan: Plan } | { readonly impossible: string };

/** How a remedy came to its end. */
export const remedyOutcomeSchema = z.enum(['done', 'failed', 'stopped', 'refused', 'declined', 'expired', 'dry-run']);
export type RemedyOutcome = z.infer<typeof remedyOutcomeSchema>;
