import { z } from 'zod';

/** Who made an event known. Kept with every event, so that an auditor reads "who" beside "what" and "when". */
export const actorSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('person'), slackId: z.string(), name: z.string() }),
  z.object({ kind: z.literal('pagerduty') }),
  z.object({ kind: z.literal('timer') }),
  z.object({ kind: z.literal('watch') }),
  /** Whoever pressed the button of a notice's page: the link went to one address, but nobody signed in. */
  z.object({ kind: z.literal('reader') }),
  z.object({ kind: z.literal('gapwatch') }),
]);

export type Actor = Readonly<z.infer<typeof actorSchema>>;
export type Person = Extract<Actor, { readonly kind: 'person' }>;

/** The actor as readers see it in a timeline. */
export function actorName(actor: Actor): string {
  switch (actor.kind) {
    case 'person':
      return actor.name;
    case 'pagerduty':
      return 'PagerDuty';
    case 'timer':
      return 'Gapwatch (timer)';
    case 'watch':
      return 'Gapwatch (watch)';
    case 'reader':
      return 'Reader of the notice';
    case 'gapwatch':
      return 'Gapwatch';
    default:
      return actor satisfies never;
  }
}
