import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { notesOf } from './changelog.ts';

/** `node deploy/release/notes.ts 0.2.0`: prints that version's section of CHANGELOG.md; refuses a version that is not ready. */
const [version = ''] = process.argv.slice(2);
const { version: packaged } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync('package.json', 'utf8')));
const notes = notesOf(readFileSync('CHANGELOG.md', 'utf8'), version);
if (packaged !== version) {
  process.stderr.write(`package.json says ${packaged}, not ${version}\n`);
  process.exitCode = 1;
} else if (notes === null) {
  process.stderr.write(`CHANGELOG.md has no section "## ${version}, <date>"\n`);
  process.exitCode = 1;
} else {
  process.stdout.write(notes);
}
