import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { config } from 'dotenv';
import { loadTexts, say, withStore } from '#app/command-line.ts';
import { doctor } from '#app/doctor/doctor.ts';
import { exportIncident } from '#app/evidence/export.ts';
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
  verify [folder] [--key public.pem]
                      recomputes every record in the store, or an exported one: hash chain, signatures, what was sent;
                      names the first broken link; with --key signatures by any other key count as broken
  export <incident>   writes everything on record about it into a new folder, verifiable without Gapwatch
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
  const { values, positionals } = parseArgs({ args: [...rest], allowPositionals: true, options: { key: { type: 'string' } } });
  const trusted = values.key === undefined ? null : await readFile(values.key, 'utf8');
  const [folder] = positionals;
  // No policy is needed to verify; but whoever named a file that is not there learns it from any command.
  if (!folder) await readRunbook(readTextSettings(process.env).RUNBOOK_FILE);
  const { lines, broken } = folder
    ? await verifyFolder(folder, trusted)
    : await withStore(readStoreSettings(process.env), (store) => verifyStore(store, trusted));
  for (const line of lines) say(line);
  say(broken === 0 ? 'Every record verifies.' : `${broken} record${broken === 1 ? '' : 's'} broken: changed outside Gapwatch.`);
  return broken === 0 ? 0 : 1;
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
