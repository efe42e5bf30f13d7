import { z } from 'zod';

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

export const verdictLevelSchema = z.enum(['ok', 'low', 'medium', 'high', 'critical', 'unknown']);

/** A check's answer: a level, one sentence of evidence, figures, and the next step (product.md, Words). */
export const verdictSchema = z.object({
  level: verdictLevelSchema,
  evidence: z.string(),
  /** `url` makes the name a link. */
  figures: z.array(z.object({ name: z.string(), value: z.string(), url: z.string().optional() })),
  nextStep: z.string(),
  /** What one tap does about it: a command of ours, or a runbook that the policy links. */
  nextAction: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('command'), command: z.string() }),
      z.object({ kind: z.literal('runbook'), runbook: z.string() }),
    ])
    .optional(),
  /** Records a minute over a stretch of time, evenly spaced, with the gaps to shade: drawn as an image beside the answer. */
  chart: z
    .object({
      from: instant,
      until: instant,
      perMinute: z.array(z.number()),
      gaps: z.array(z.object({ start: instant, end: instant.nullable() })),
    })
    .optional(),
});
export type Verdict = z.infer<typeof verdictSchema>;
