import { z } from 'zod';

/** How far a probe came, and with which code it failed. Nothing here quotes a row. */
export const probeOutcomeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('written'), milliseconds: z.number() }),
  z.object({
    kind: z.literal('failed'),
    /** `before`: no INSERT was tried. `insert`: it was refused. `constraints`: a deferred one refused it. `after`: undoing it failed. */
    stage: z.enum(['before', 'insert', 'constraints', 'after']),
    code: z.string().nullable(),
    text: z.string(),
    isRowSecurity: z.boolean(),
    column: z.string().nullable(),
    constraint: z.string().nullable(),
  }),
]);

export type ProbeOutcome = z.infer<typeof probeOutcomeSchema>;
