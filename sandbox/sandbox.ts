import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HOUR } from '#domain/base/time.ts';
import { startEmbedded } from '#store/embedded.ts';
import { type BotProcess, startBot } from './bot-process.ts';
import { type Application, startApplication } from './clinic/application.ts';
import { type Breakages, openBreakages } from './clinic/breakages.ts';
import { type Clinic, openClinic } from './clinic/clinic.ts';
import { SandboxClock } from './clock.ts';
import { closeStandIns, type StandIns, sandboxEnvironment, startStandIns } from './environment.ts';
import { freePort } from './free-port.ts';

/** A clinic whose audit log can be broken, the services around it, and the real bot as a process of its own. */
export type Sandbox = StandIns & {
  readonly clock: SandboxClock;
  readonly clinic: Clinic;
  readonly application: Application;
  readonly breakages: Breakages;
  readonly botUrl: string;
  readonly reportsFolder: string;
  /** From now on time runs `speed` times as fast as life, everywhere. */
  readonly runsAt: (speed: number) => Promise<void>;
  /** Ends the bot as a power failure does, and starts it again. */
  readonly crashesBot: () => Promise<void>;
  /** Whether the bot runs; false between a crash and the next start. */
  readonly isBotRunning: () => boolean;
  /** Ends everything that was started. */
  readonly close: () => Promise<void>;
};

type Options = {
  readonly folder: string;
  readonly speed: number;
  readonly onLog: (line: string) => void;
  /** Added to the demo's runbook.yaml; unless given, the bot raises its alerts itself. */
  readonly policy?: string;
};

const WATCHING = 'watch: { mode: alert }';
/** Hours of records that the clinic has written before the sandbox begins. */
const PAST_MINUTES = 120;
const LOG_LINES_KEPT = 200;

/** Opens a sandbox whose files lie in `folder`, which is emptied first. What was started is ended again when something fails to start. */
export async function openSandbox({ folder, speed, onLog, policy = WATCHING }: Options): Promise<Sandbox> {
  const cleanUps: (() => unknown)[] = [];
  const close = async () => {
    // One after the other, the last started first: the bot must be gone before its database.
    for (let cleanUp = cleanUps.pop(); cleanUp; cleanUp = cleanUps.pop()) await Promise.resolve(cleanUp()).catch(() => undefined);
  };
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    // As root PostgreSQL runs as another user, who must be able to pass.
    await chmod(folder, 0o755);
    const clock = new SandboxClock({ realMilliseconds: Date.now(), shownMilliseconds: Date.now(), speed });
    const now = () => clock.now();
    const standIns = await startStandIns(now);
    cleanUps.push(() => closeStandIns(standIns));
    const serverFolder = join(folder, 'clinic');
    let server = await startEmbedded(serverFolder);
    cleanUps.push(() => server.stop());
    const clinic = await openClinic(await server.database('clinic'));
    cleanUps.push(clinic.close);
    await clinic.follow(clock.reading);
    const application = await startApplication(clinic, now, PAST_MINUTES);
    cleanUps.push(application.stop);
    const { digitalocean, github, pagerduty } = standIns;
    digitalocean.disk.usedPercent = 62;
    digitalocean.deployments.push({
      id: 'deployment-1',
      cause: 'commit: Faster patient search',
      phase: 'ACTIVE',
      at: now() - 26 * HOUR,
    });
    digitalocean.log.lines = [`web ${new Date(now()).toISOString()} INFO patient portal is ready`];
    application.onFailure = (line) => {
      digitalocean.log.lines = [...digitalocean.log.lines, `web ${line}`].slice(-LOG_LINES_KEPT);
    };
    const breakages = openBreakages({
      ...{ clinic, application, digitalocean, github, now },
      server: {
        stop: () => server.stop(),
        start: async () => {
          server = await startEmbedded(serverFolder);
          await clinic.follow(clock.reading);
        },
      },
    });
    cleanUps.push(breakages.close);
    digitalocean.onActive = (target) => (target === null ? undefined : breakages.isRolledBack());
    github.onSuccess = breakages.isRolledBack;
    github.branches.set('hotfix/audit-logging', 'f00d'.repeat(10));
    const port = await freePort();
    const reportsFolder = join(folder, 'reports');
    const environment = {
      ...sandboxEnvironment({ ...standIns, clinic, reportsFolder }),
      GAPWATCH_DATA_DIR: join(folder, 'gapwatch'),
      TEMPLATES_DIR: fileURLToPath(new URL('../templates', import.meta.url)),
      RUNBOOK_FILE: await writeRunbook(folder, policy),
      HEALTH_URL: `${application.url}/api/health`,
      PORT: String(port),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      LOG_LEVEL: 'warn',
    };
    let bot: BotProcess | null = await startBot(environment, clock.reading, onLog);
    cleanUps.push(() => bot?.stop());
    pagerduty.webhookUrl = `http://127.0.0.1:${port}/pagerduty/webhook`;
    return {
      ...standIns,
      ...{ clock, clinic, application, breakages, reportsFolder, close },
      botUrl: `http://127.0.0.1:${port}`,
      runsAt: async (next) => {
        await clock.runAt(next);
        // A database that is stopped takes the time when it starts again.
        await clinic.follow(clock.reading).catch(() => undefined);
        await bot?.moveClock(clock.reading);
      },
      crashesBot: async () => {
        const crashed = bot;
        bot = null;
        await crashed?.kill();
        bot = await startBot(environment, clock.reading, onLog);
      },
      isBotRunning: () => bot !== null,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The demo's policy, where the bot finds it. */
async function writeRunbook(folder: string, policy: string): Promise<string> {
  const file = join(folder, 'runbook.yaml');
  await writeFile(file, `${await readFile(new URL('demo-runbook.yaml', import.meta.url), 'utf8')}${policy}\n`);
  return file;
}
