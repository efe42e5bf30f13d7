import type { Optional } from '#workflows/context.ts';

/** Something that the doctor looks at; what is wrong is thrown, in words. */
export type Finding = { readonly what: string; readonly reading: () => Promise<string> };

/** What is optional is only looked at when it is configured; what is not says which setting it wants. */
export function optionalFinding<Service>(
  what: string,
  optional: Optional<Service>,
  reading: (service: Service) => Promise<string>,
): Finding {
  return {
    what,
    reading: async () =>
      'missing' in optional ? `not configured, optional: set ${optional.missing.join(', ')}` : reading(optional.service),
  };
}
