import { z } from 'zod';
import { openLog } from '#app/log.ts';
import { readSettings } from '#app/settings.ts';
import { explain, start } from '#app/start.ts';
import { SandboxClock } from './clock.ts';

/**
 * The real program in a process of its own, on a sandbox clock. Settings come from the environment as ever, the clock's reading from
 * SANDBOX_CLOCK (and how fast timers run from SANDBOX_TIMER_SPEED); the parent is told the port, may move the clock, and may end it at any moment.
 */
const readingSchema = z.object({ realMilliseconds: z.number(), shownMilliseconds: z.number(), speed: z.number() });
const timerSpeedSchema = z.coerce.number().positive().optional();
const messageSchema = z.object({ reading: readingSchema });

try {
  const reading = readingSchema.parse(JSON.parse(process.env.SANDBOX_CLOCK ?? 'null'));
  const clock = new SandboxClock(reading, timerSpeedSchema.parse(process.env.SANDBOX_TIMER_SPEED));
  const settings = readSettings(process.env);
  const gapwatch = await start(settings, openLog(settings.LOG_LEVEL), clock);
  process.on('message', (message) => {
    void clock.set(messageSchema.parse(message).reading).then(() => process.send?.({ clock: 'set' }));
  });
  const end = () => {
    void gapwatch.stop().finally(() => process.exit(0));
  };
  process.once('SIGTERM', end);
  // Ctrl-C reaches the whole terminal; the parent decides when this process ends.
  process.on('SIGINT', () => undefined);
  process.once('disconnect', end);
  process.send?.({ port: gapwatch.port });
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
}
