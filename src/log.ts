import { type DestinationStream, type Logger, pino } from 'pino';

/** Gapwatch's log: JSON lines for operators. Fields that could hold secrets or identities are never written. */
export function openLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
        '*.token',
        '*.password',
        '*.email',
        '*.address',
        '*.authorization',
        'err.config',
        'err.detail',
        'err.where',
        'err.hint',
        'err.cause.detail',
        'err.cause.where',
        'err.cause.hint',
      ],
      remove: true,
    },
  };
  return destination ? pino(options, destination) : pino(options);
}
