/** Lets only so many works run at the same time; the others wait their turn. */
export type Gate = { readonly pass: <Answer>(work: () => Promise<Answer>) => Promise<Answer> };

/** Opens a gate of `width` places. First come, first served. */
export function openGate(width: number): Gate {
  const waiting: (() => void)[] = [];
  let free = width;
  const enter = async () => {
    if (free > 0) {
      free -= 1;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push(resolve);
    await promise;
  };
  const leave = () => {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  };
  return {
    pass: async (work) => {
      await enter();
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
