import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Prints the sizes of the source files, and fails when one is over 300 lines or an exported function says nothing of what it promises.
 * That no function is over 80 lines is Biome's to see (`noExcessiveLinesPerFunction` in biome.json).
 */
const FOLDERS = ['src', 'packages/audit-writer/src', 'sandbox'];
const LIMIT = 300;

const files = FOLDERS.flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, lines: readFileSync(name, 'utf8').replace(/\n$/, '').split('\n') }))
  .toSorted((one, other) => one.lines.length - other.lines.length);

/** `export function f`, and `export const f = (…` or `= async (…` or `: Type = (…`, at the beginning of a line. */
const EXPORTED_FUNCTION = /^export (?:(?:async )?function\*? (\w+)|const (\w+)(?:: [^=]+)? = (?:async )?(?:<[^>]*>)?\()/;

/** The exported functions of a file without a comment right before them. An overload's later signatures share the first one's. */
function undocumented({ name, lines }: (typeof files)[number]): readonly string[] {
  const named = lines.map((line) => (([, declared, assigned] = []) => declared ?? assigned ?? null)(EXPORTED_FUNCTION.exec(line) ?? []));
  return named.flatMap((each, index) => {
    const isDocumented = lines[index - 1]?.trimEnd().endsWith('*/') === true || (each !== null && named[index - 1] === each);
    return each === null || isDocumented ? [] : [`${name}: ${each}`];
  });
}

const at = (share: number) => files[Math.min(files.length - 1, Math.floor(files.length * share))]?.lines.length ?? 0;
const longest = files.at(-1);
process.stdout.write(
  `${files.length} source files: median ${at(0.5)} lines, nine in ten under ${at(0.9)}, longest ${longest?.lines.length} (${longest?.name})\n`,
);

const over = files.filter(({ lines }) => lines.length > LIMIT);
if (over.length > 0) fail(`over ${LIMIT} lines: ${over.map(({ name, lines }) => `${name} (${lines.length})`).join(', ')}`);

const silent = files.flatMap(undocumented);
if (silent.length > 0) fail(`exported without a comment that says what it promises: ${silent.join(', ')}`);

function fail(problem: string): void {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}
