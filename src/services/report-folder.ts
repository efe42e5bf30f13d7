import { link, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ServiceFailure } from './failure.ts';

/** The folder in which gap reports lie (runbook step 14). */
export type ReportFolder = {
  /** Writes a document under the first free name that begins with `name`, and answers it; one with the same `key` is found again. */
  readonly write: (name: string, key: string, text: string) => Promise<string>;
  readonly read: (file: string) => Promise<string>;
};

/** Opens `folder`, made when missing. Throws {@link ServiceFailure} when it can't be written. */
export function openReportFolder(folder: string): ReportFolder {
  return {
    write: (name, key, text) => write(folder, name, key, text).catch((cause: unknown) => Promise.reject(failure('write', cause))),
    read: (file) => readFile(join(folder, safeName(file)), 'utf8').catch((cause: unknown) => Promise.reject(failure('read', cause))),
  };
}

/**
 * Never overwrites, never leaves half a file: the text is written and synced under a temporary name, then linked to the first free
 * name, which fails when somebody else has just taken it. The key stands in the report as a comment: a second run finds it.
 */
async function write(folder: string, base: string, key: string, text: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const mark = `<!-- gapwatch: ${key} -->`;
  const earlier = await findMarked(folder, base, mark);
  if (earlier !== null) return earlier;
  const temporary = join(folder, `.${base}-${process.pid}-${key.replace(/[^A-Za-z0-9]+/g, '-')}.tmp`);
  const file = await open(temporary, 'w', 0o640);
  try {
    await file.writeFile(`${text}\n\n${mark}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    return await linkToFreeName(folder, base, temporary);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function linkToFreeName(folder: string, base: string, temporary: string): Promise<string> {
  for (let number = 1; number < 1_000; number += 1) {
    const name = `${base}${number === 1 ? '' : `-${number}`}.md`;
    try {
      await link(temporary, join(folder, name));
      return name;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
  throw new ServiceFailure('reports', 'refused', `there are 999 documents named ${base} already`);
}

async function findMarked(folder: string, base: string, mark: string): Promise<string | null> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(base) && name.endsWith('.md'));
  for (const name of names) {
    if ((await readFile(join(folder, name), 'utf8')).trimEnd().endsWith(mark)) return name;
  }
  return null;
}

function safeName(file: string): string {
  if (!/^\d{4}-\d{2}-\d{2}-(?:drill-)?(?:audit-gap|post-mortem)(?:-\d{1,3})?\.md$/.test(file))
    throw new ServiceFailure('reports', 'refused', 'that is no report of ours');
  return file;
}

function failure(verb: string, cause: unknown): ServiceFailure {
  if (cause instanceof ServiceFailure) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
  return new ServiceFailure('reports', 'unavailable', `could not ${verb} the report: ${code}`, { cause });
}
