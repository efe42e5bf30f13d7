import { config } from 'dotenv';
import { backupCommand, restoreCommand } from '#app/backup-command.ts';
import { loadTexts, say, withStore } from '#app/command-line.ts';
import { doctor } from '#app/doctor/doctor.ts';
import { exportIncident } from '#app/evidence/export.ts';
import { readVerifyArguments, UsageError } from '#app/evidence/given.ts';
import { verifyFolder, verifyStore } from '#app/evidence/verify.ts';
import { readRunbook } from '#app/policy-file.ts';
import { readStoreSettings, readTextSettings } from '#app/settings.ts';
import { explain } from '#app/start.ts';
import { loadTemplates } from '#app/templates.ts';
import { DEFAULT_POLICY } from '#domain/base/policy.ts';
import { utcStamp } from '#domain/base/time.ts';
import { incidentName } from '#domain/incident/state.ts';
import { mailOf } from '#domain/messages/markdown.ts';
import { samples } from '#domain/messages/samples.ts';
import { incidentNumbers } from '#store/event-store.ts';
import { reportText } from '#workflows/deliver/report.ts';

const HELP = `npm run gapwatch -- <command>

  doctor [--watch]    checks every setting and connection and says what to fix; --watch: what the watch by itself needs
  verify [folder] [--key public.pem] [--statement file]
                      judges everything in the store, or an exported record: hash chains, signatures, what was sent, the
                      index, webhooks and denials, each against the ledger; names every place that does not hold.
                      --key: signatures by any other key, and a record without one, count as broken
                      --statement: the store against a statement from a mailbox
                      exit code: 0 all verifies, 1 something does not, 2 it can't be judged
  export <incident>   writes everything on record about it into a new folder, verifiable without Gapwatch
  backup <file>       writes everything in the store into one new file, also while the bot runs
  restore <file>      brings a backup into an empty store, and judges it
  report <incident>   prints the gap report as it stands now, for example: report INC-1
  templates           checks all templates and shows each with sample data
  --help              this text
`;

/** Runs one command line; answers the exit code. */
async function run([command = '--help', ...rest]: readonly string[]): Promise<number> {
  switch (command) {
    case 'doctor':
      return doctorOf(rest);
    case 'verify':
      return verify(rest);
    case 'report':
      return report(rest[0] ?? '');
    case 'export':
      return exportRecord(rest[0] ?? '');
    case 'backup':
      return backupCommand(rest[0]);
    case 'restore':
      return restoreCommand(rest[0]);
    case 'templates':
      return templates();
    case '--help':
    case 'help':
      say(HELP);
      return 0;
    default:
      say(`There is no command "${command}".\n\n${HELP}`);
      return 2;
  }
}

async function doctorOf([option]: readonly string[]): Promise<number> {
  if (option === undefined) return doctor('bot');
  if (option === '--watch') return doctor('watch');
  say(`doctor takes no option ${option}: expected none (the bot), or --watch (the watch by itself).`);
  return 2;
}

async function verify(rest: readonly string[]): Promise<number> {
  try {
    const { folder, ...options } = await readVerifyArguments(rest);
    // No policy is needed to verify; but whoever named a file that is not there learns it from any command.
    if (folder === null) await readRunbook(readTextSettings(process.env).RUNBOOK_FILE);
    const verified =
      folder === null
        ? await withStore(readStoreSettings(process.env), (store) => verifyStore(store, options))
        : await verifyFolder(folder, options);
    for (const line of verified.lines) say(line);
    return verified.exitCode;
  } catch (error) {
    // Whatever it is: nothing was judged, and that is not the same as "does not verify".
    say(error instanceof UsageError ? error.message : explain(error));
    return 2;
  }
}

async function exportRecord(name: string): Promise<number> {
  const number = numberOf(name);
  if (number === null) {
    say('Which incident? For example: npm run gapwatch -- export INC-1');
    return 2;
  }
  const texts = await loadTexts(readTextSettings(process.env));
  return withStore(readStoreSettings(process.env), async (database) => {
    if (!(await incidentNumbers(database)).includes(number)) {
      say(`There is no ${incidentName(number)} in this store.`);
      return 1;
    }
    const now = () => new Date();
    const folder = `${incidentName(number)}-${utcStamp(now())}`;
    const files = await exportIncident({ database, ...texts, now }, number, folder);
    say(`${folder}/ holds ${files.length} files; its README.md says what they are and how to verify them.`);
    return 0;
  });
}

function numberOf(name: string): number | null {
  const number = /^(?:INC-)?(\d{1,9})$/i.exec(name)?.[1];
  return number === undefined ? null : Number(number);
}

async function report(name: string): Promise<number> {
  const number = numberOf(name);
  if (number === null) {
    say(`Which incident? For example: npm run gapwatch -- report INC-1`);
    return 2;
  }
  const texts = await loadTexts(readTextSettings(process.env));
  return withStore(readStoreSettings(process.env), async (database) => {
    if (!(await incidentNumbers(database)).includes(number)) {
      say(`There is no ${incidentName(number)} in this store.`);
      return 1;
    }
    say(await reportText({ database, ...texts, now: () => new Date() }, number));
    return 0;
  });
}

async function templates(): Promise<number> {
  const { TEMPLATES_DIR } = readTextSettings(process.env);
  const loaded = await loadTemplates(TEMPLATES_DIR, DEFAULT_POLICY);
  for (const { template, variables } of samples(DEFAULT_POLICY)) {
    const rendered = loaded.render(template, variables);
    const { subject, text } = mailOf(rendered);
    say(`── ${template}\n${template.startsWith('mail/') ? `Subject: ${subject}\n\n${text}` : rendered}\n`);
  }
  say('Every template renders.');
  return 0;
}

config({ quiet: true });
// A reader such as `head` may close the pipe before we are done.
process.stdout.on('error', () => process.exit(0));
try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
