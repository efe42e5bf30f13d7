import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Prints the sizes of the source files against the targets of CONTRIBUTING.md, and fails when a file is far over them. */
const files = ['src', 'packages/audit-writer/src']
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, lines: readFileSync(name, 'utf8').split('\n').length }))
  .toSorted((one, other) => one.lines - other.lines);

const at = (share: number) => files[Math.min(files.length - 1, Math.floor(files.length * share))]?.lines ?? 0;
const longest = files.at(-1);
process.stdout.write(
  `${files.length} source files: median ${at(0.5)} lines, nine in ten under ${at(0.9)}, longest ${longest?.lines} (${longest?.name})\n`,
);

const LIMIT = 300;
const over = files.filter(({ lines }) => lines > LIMIT);
if (over.length > 0) {
  process.stderr.write(`over ${LIMIT} lines: ${over.map(({ name, lines }) => `${name} (${lines})`).join(', ')}\n`);
  process.exitCode = 1;
}
