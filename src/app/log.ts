import { type DestinationStream, type Logger, pino } from 'pino';
import { z } from 'zod';

/** Gapwatch's log: JSON lines for operators. It never holds a secret or an identity: of an error only name, message, code and place are kept. */
export function openLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: errorForLog },
  };
  return destination ? pino(options, destination) : pino(options);
}

const coded = z.object({ code: z.string() });

/** Errors of drivers carry connections, statements, rows and headers with them; none of that belongs in a log. */
function errorForLog(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { message: 'something that is no Error was thrown' };
  const code = coded.safeParse(error).data?.code ?? coded.safeParse(error.cause).data?.code;
  const place = (error.stack ?? '')
    .split('\n')
    .slice(1, 6)
    .map((line) => line.trim());
  return { type: error.name, message: error.message, ...(code ? { code } : {}), place };
}
