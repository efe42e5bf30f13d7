import { chmod, mkdir, rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startEmbedded } from '#store/embedded.ts';
import { type BotProcess, startBot } from './bot-process.ts';
import { type Clinic, openClinic } from './clinic.ts';
import { SandboxClock } from './clock.ts';
import { closeStandIns, type StandIns, sandboxEnvironment, startStandIns } from './environment.ts';
import { narrator } from './narrator.ts';
import { PEOPLE } from './stand-ins/slack/slack.ts';

const HELP = `npm run demo -- [--speed N]

Lets an audit log fail and shows what Gapwatch does: the real bot as a process of its own, on a real PostgreSQL, against local
stand-ins for Slack, PagerDuty and mail. Nothing leaves this machine.

  --speed N   how many times faster than life the time runs (1 to 60; 12 unless given)
  --help      this text
`;

const MINUTE = 60_000;
const RECORDS_A_MINUTE = 60;

type CleanUp = () => Promise<unknown>;

/** Plays one incident from the failure to the report. */
async function demo(speed: number, cleanUps: CleanUp[]): Promise<void> {
  const folder = resolve('data/demo');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  const clock = new SandboxClock({ realMilliseconds: Date.now(), shownMilliseconds: Date.now(), speed });
  const tell = narrator(() => new Date(clock.now()));
  tell.aside(`Starting a clinic, its PostgreSQL, stand-ins for Slack, PagerDuty and mail, and Gapwatch. Time runs ${speed} times as fast.`);

  const server = await startEmbedded(join(folder, 'clinic'));
  cleanUps.push(server.stop);
  const clinic = await openClinic(await server.database('clinic'));
  cleanUps.push(clinic.close);
  await clinic.follow(clock.reading);
  const standIns = await startStandIns(() => clock.now());
  const { slack, pagerduty, mail } = standIns;
  cleanUps.push(() => closeStandIns(standIns));
  tell.follow(slack, pagerduty, mail);

  const reports = join(folder, 'reports');
  const bot = await startBot(
    {
      ...sandboxEnvironment({ ...standIns, clinic, reportsFolder: reports }),
      GAPWATCH_DATA_DIR: join(folder, 'gapwatch'),
      RUNBOOK_FILE: fileURLToPath(new URL('demo-runbook.yaml', import.meta.url)),
      LOG_LEVEL: 'warn',
    },
    clock.reading,
    tell.log,
  );
  cleanUps.push(bot.stop);
  pagerduty.webhookUrl = `http://127.0.0.1:${bot.port}/pagerduty/webhook`;
  const application = runApplication(clinic, clock);
  cleanUps.push(application.stop);
  await play({ clock, clinic, bot, slack, pagerduty, tell, speed });
  tell.aside(
    `The gap report lies in ${relative('.', reports)}/, and ${mail.mails.length} mails went to the Privacy Officer. That was the whole runbook.`,
  );
}

type Stage = {
  readonly clock: SandboxClock;
  readonly clinic: Clinic;
  readonly bot: BotProcess;
  readonly slack: StandIns['slack'];
  readonly pagerduty: StandIns['pagerduty'];
  readonly tell: ReturnType<typeof narrator>;
  readonly speed: number;
};

async function play({ clock, clinic, bot, slack, pagerduty, tell, speed }: Stage): Promise<void> {
  const botUrl = `http://127.0.0.1:${bot.port}`;
  const passes = (minutes: number) => new Promise((done) => setTimeout(done, (minutes * MINUTE) / speed));
  const types = async (person: keyof typeof PEOPLE, command: string) => {
    tell.typed(person, command);
    tell.answered(person, await slack.command(botUrl, command, PEOPLE[person]));
  };
  await passes(0.5);
  tell.aside(
    'A migration goes wrong: the application loses its right to INSERT into "AuditLog". Patients are seen, and nobody can prove by whom.',
  );
  await clinic.breaks();
  await passes(2);
  const alert = await pagerduty.fires('AuditLogWriteError: audit log writes failing for 2 minutes');
  const firedAt = clock.now();
  const until = async (minute: number) => passes(Math.max(0, minute - (clock.now() - firedAt) / MINUTE));
  await until(1);
  const root = slack.messages[0];
  if (!root) throw new Error('the initial post did not come');
  tell.typed('robin', "presses [I'm on it]");
  tell.answered('robin', await slack.press(botUrl, root, "I'm on it", PEOPLE.robin));
  await until(3.2);
  await types('robin', '/audit scope');
  await until(4);
  await types('robin', '/audit probe');
  await types('robin', '/incident action comparing grants before and after the migration');
  await types('robin', '/audit permissions');
  await until(6);
  tell.typed('robin', 'presses [Update] and fills in the form');
  const form = await slack.pressOpens(botUrl, root, 'Update', PEOPLE.robin);
  const typed = { cause: 'a migration revoked INSERT from the application role', action: 'granting INSERT again', eta: '5m' };
  await slack.submit(botUrl, form, typed, PEOPLE.robin);
  await until(8);
  await types('sam', '/incident resolve it should be fine now');
  await until(9);
  tell.aside('The right is granted again.');
  await clinic.repairs();
  await until(11);
  await types('robin', '/audit gaps 2h');
  await until(12);
  const resolved = new Promise<void>((done) => slack.events.on('message', ({ text }) => text.startsWith('✅') && done()));
  await types('robin', '/incident resolve a migration revoked INSERT from the application role');
  await resolved;
  await passes(0.5);
  tell.aside(`PagerDuty shows the alert as ${alert.status}.`);
  tell.typed('robin', 'presses [Assess impact] and confirms the form');
  const assessment = await slack.pressOpens(botUrl, root, 'Assess impact', PEOPLE.robin);
  await slack.submit(botUrl, assessment, {}, PEOPLE.robin);
  await types('robin', '/incident tasks');
  await passes(0.5);
}

/** The clinic's application: a record a second of its own time, while it may. Records it can't write are lost: that is the gap. */
function runApplication(clinic: Clinic, clock: SandboxClock): { readonly stop: () => Promise<void> } {
  let writtenUntil = clock.now() - 2 * 60 * MINUTE;
  let writing = Promise.resolve();
  const write = async () => {
    const now = clock.now();
    const count = Math.floor(((now - writtenUntil) / MINUTE) * RECORDS_A_MINUTE);
    if (count === 0) return;
    const from = new Date(writtenUntil);
    writtenUntil = now;
    await clinic.wrote(from, new Date(now), count).catch(() => undefined);
  };
  const timer = setInterval(() => {
    writing = writing.then(write);
  }, 100);
  return {
    stop: async () => {
      clearInterval(timer);
      await writing;
    },
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { speed: { type: 'string', default: '12' }, help: { type: 'boolean', default: false } } });
  const speed = Number(values.speed);
  if (values.help || !(speed >= 1 && speed <= 60)) {
    process.stdout.write(values.help ? HELP : `--speed is a number from 1 to 60, not "${values.speed}".\n\n${HELP}`);
    process.exit(values.help ? 0 : 2);
  }
  const cleanUps: CleanUp[] = [];
  const cleanUp = async () => {
    while (cleanUps.length > 0)
      await cleanUps
        .pop()?.()
        .catch(() => undefined);
  };
  process.once('SIGINT', () => {
    process.stdout.write('\nStopping; nothing is left behind.\n');
    void cleanUp().finally(() => process.exit(130));
  });
  try {
    await demo(speed, cleanUps);
  } finally {
    await cleanUp();
  }
}

await main();
