import { wrapped } from '#app/wrapped.ts';
import { GROUPS, type SettingRow } from './row.ts';
import { defaultOf, SETTINGS } from './table.ts';

/** Returns the text of `.env.example`: every setting with what is expected, all left empty, which means absent. */
export function envExample(): string {
  const groups = groupsOfSettings().map(({ title, note, rows }) =>
    [`# ── ${title} ──`, ...comment(note), '', ...rows.map(([name, row]) => [...comment(explained(row)), `${name}=`, ''].join('\n'))].join(
      '\n',
    ),
  );
  return `# Copy to .env and fill in; what is left empty counts as absent. \`npm run gapwatch -- doctor\` says what is wrong.
# A value with a # or a space stands in quotes. docs/settings.md lists the same as tables.
# This file is made by \`npm run generate\`.

${groups.join('\n')}`;
}

/** Returns the text of `docs/settings.md`. */
export function settingsPage(): string {
  const groups = groupsOfSettings().map(
    ({ title, note, rows }) => `## ${title}

${linked(note)}

| name | expected | where it comes from | when absent | needed by |
| --- | --- | --- | --- | --- |
${rows.map(([name, row]) => tableRow(name, row)).join('\n')}
`,
  );
  return `# Settings

<!-- Made by \`npm run generate\` from src/app/settings; a change here is overwritten. -->

Secrets and addresses: environment variables, or lines of \`.env\` (copy \`.env.example\`). How Gapwatch behaves is in
\`runbook.yaml\` ([policy.md](policy.md)). An empty value counts as absent. A missing or malformed setting stops the start
with one message that names every mistake and never prints a value. 🔒 marks a secret: keep it out of tickets and chats.

"The watch" is the watch by itself (\`npm start -- --watch\`, [watch.md](watch.md)). \`npm run gapwatch -- doctor\` tries
every setting and says what to fix.

${groups.join('\n')}`;
}

function groupsOfSettings() {
  const rows: readonly (readonly [string, SettingRow])[] = Object.entries(SETTINGS);
  return Object.entries(GROUPS).map(([title, note]) => ({ title, note, rows: rows.filter(([, { group }]) => group === title) }));
}

function explained(row: SettingRow): string {
  const standard = defaultOf(row);
  const parts = [
    `Expected: ${row.expected}.`,
    `From: ${row.from}.`,
    row.neededBy && `Needed by ${row.neededBy}.`,
    standard !== null && `If absent: \`${standard}\`.`,
    row.absent && `If absent: ${row.absent}.`,
    row.example && `Example: \`${row.example}\`.`,
  ];
  return parts.filter(Boolean).join(' ');
}

function tableRow(name: string, row: SettingRow): string {
  const standard = defaultOf(row);
  const absent = standard === null ? (row.absent ?? '') : `\`${standard}\``;
  const expected = row.example === undefined ? row.expected : `${row.expected}, for example \`${row.example}\``;
  const cells = [`\`${name}\`${row.isSecret ? ' 🔒' : ''}`, expected, row.from, absent, row.neededBy ?? ''];
  return `| ${cells.map((cell) => linked(cell).replaceAll('|', '\\|')).join(' | ')} |`;
}

function comment(text: string): readonly string[] {
  return wrapped(text).map((line) => `# ${line}`);
}

/** A page of the docs becomes a link from beside it. */
function linked(text: string): string {
  return text.replaceAll(/docs\/([\w-]+\.(?:md|sql))/g, '[$1]($1)');
}
