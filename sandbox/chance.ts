/** Repeatable chance: the same seed tells the same story again (mulberry32). */
export type Chance = {
  /** From 0 to below 1. */
  readonly fraction: () => number;
  readonly below: (limit: number) => number;
  readonly pick: <Value>(values: readonly Value[]) => Value;
};

/** Chance that begins with `seed`. */
export function chance(seed: number): Chance {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    fraction: next,
    below,
    pick: (values) => {
      const picked = values[below(values.length)];
      if (picked === undefined) throw new RangeError('there is nothing to pick from');
      return picked;
    },
  };
}
