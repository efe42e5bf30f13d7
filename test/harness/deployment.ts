import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { SETTINGS } from '#app/settings/table.ts';
import { readSettings, type Settings } from '#app/settings.ts';

/** Returns whether a program can be called on this machine: a test that needs one says so in its name and is skipped without it. */
export function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

export const read = (file: string): string => readFileSync(file, 'utf8');

export const readYaml = (file: string): unknown => parse(read(file));

export const readYamlDocuments = (text: string): readonly unknown[] => parseAllDocuments(text).map((document) => document.toJS());

/** Returns the variables of an environment file: NAME=value a line, # for comments, no quotes. */
export function readEnvironmentFile(file: string): Readonly<Record<string, string>> {
  const lines = read(file)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** Returns what the bot would read of such an environment. Throws where it would not start, or where it would read nothing of a name. */
export function settingsOf(environment: Readonly<Record<string, string>>, besides: readonly string[] = []): Settings {
  const known = [...Object.keys(SETTINGS), 'NODE_ENV', ...besides];
  const unread = Object.keys(environment).filter((name) => !known.includes(name));
  if (unread.length > 0) throw new Error(`nothing reads ${unread.join(', ')}`);
  return readSettings(environment);
}

/** Returns the command line of `npm start`. */
export function startCommand(): readonly string[] {
  const { scripts } = z.object({ scripts: z.object({ start: z.string() }) }).parse(JSON.parse(read('package.json')));
  return scripts.start.split(' ');
}

/** What may be reached from outside; everything else asks for no password (docs/operating.md). */
export const PUBLIC_PATHS = ['/pagerduty/webhook', '/receipt', '/slack/events'] as const;
