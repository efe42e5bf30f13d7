import { writeFile } from 'node:fs/promises';
import { generatedFiles } from '#app/generated-files.ts';

// Written over whatever is there: what they say is decided in the tables, never in these files.
for (const [file, text] of Object.entries(generatedFiles())) {
  await writeFile(file, text);
  process.stdout.write(`${file}\n`);
}
