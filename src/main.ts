import { config } from 'dotenv';
import { openLog } from '#app/log.ts';
import { readSettings, readWatchSettings, SettingsError } from '#app/settings.ts';
import { runStandaloneWatch } from '#app/standalone-watch.ts';
import { explain, start } from '#app/start.ts';

/** Runs until SIGTERM or SIGINT. A mistake in the set-up is told in one message, without a stack. */
async function main(): Promise<void> {
  config({ quiet: true });
  try {
    const { log, program: gapwatch } = await startAsAsked(process.argv.slice(2));
    const end = (signal: string) => {
      log.info({ signal }, 'Gapwatch stops');
      gapwatch.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, 'Gapwatch did not stop cleanly');
          process.exit(1);
        },
      );
    };
    process.once('SIGTERM', end);
    process.once('SIGINT', end);
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  }
}

/** `npm start` is the bot; `npm start -- --watch` the watch by itself. */
async function startAsAsked(options: readonly string[]) {
  const unknown = options.find((option) => option !== '--watch');
  if (unknown !== undefined)
    throw new SettingsError(`unknown option ${unknown}: expected none (the bot), or --watch (the watch by itself)`);
  if (options.length > 0) {
    const settings = readWatchSettings(process.env);
    const log = openLog(settings.LOG_LEVEL);
    return { log, program: await runStandaloneWatch(settings, log) };
  }
  const settings = readSettings(process.env);
  const log = openLog(settings.LOG_LEVEL);
  return { log, program: await start(settings, log) };
}

await main();
