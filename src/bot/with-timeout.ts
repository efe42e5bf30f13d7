/** What `answer` comes to, or null when it takes longer than a person who waits should: the work itself goes on. */
export async function withTimeout<Value>(answer: Promise<Value>, withinMilliseconds: number): Promise<Value | null> {
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), withinMilliseconds);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
