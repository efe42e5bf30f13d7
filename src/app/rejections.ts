import type { Logger } from 'pino';

/**
 * Keeps the process alive through a promise that was rejected and that nobody caught: it is a mistake in Gapwatch or in a library, it is
 * logged, and `note` hears of it in words, but the work of everybody else goes on. Returns how to stop listening.
 */
export function surviveRejections(log: Logger, note: (words: string) => void): () => void {
  const listener = (reason: unknown) => {
    log.error({ err: reason }, 'a rejected promise was caught by nobody; Gapwatch goes on, but is not well until it is restarted');
    note(
      `an error that nobody caught (${reason instanceof Error ? reason.name : typeof reason}): restart Gapwatch when no incident is open`,
    );
  };
  process.on('unhandledRejection', listener);
  return () => process.off('unhandledRejection', listener);
}
