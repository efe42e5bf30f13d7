import { incidentName } from '#domain/incident/state.ts';
import type { Database } from '#store/database.ts';
import type { Problem } from '#store/judge-incident.ts';
import { type Judgement, judgeStore } from '#store/judge-store.ts';
import { judgeFolder } from './exported.ts';
import type { VerifyArguments } from './given.ts';

/** What was judged, in lines for people, and the command's exit code: 0 all verifies, 1 something does not, 2 something can't be judged. */
export type Verified = { readonly lines: readonly string[]; readonly exitCode: 0 | 1 | 2 };

type VerifyOptions = Omit<VerifyArguments, 'folder'>;

/** Judges everything in the store, each incident by name. One without any incident has nothing on record yet. */
export async function verifyStore(database: Database, { trusted, statement }: VerifyOptions): Promise<Verified> {
  const judgements = await judgeStore(database, { trusted, statement, now: new Date() });
  return verdict(judgements);
}

/** Judges an exported record. Throws a UsageError when the folder is none. */
export async function verifyFolder(folder: string, { trusted, statement }: VerifyOptions): Promise<Verified> {
  return verdict(await judgeFolder(folder, trusted, statement));
}

function verdict(judgements: readonly Judgement[]): Verified {
  const has = (kind: Problem['kind']) => judgements.filter(({ problems }) => problems.some((problem) => problem.kind === kind)).length;
  const [broken, unjudged] = [has('broken'), has('unjudged')];
  const lines = judgements.flatMap(linesOf);
  if (broken > 0) return { lines: [...lines, `${broken} of ${judgements.length} do not verify: changed outside Gapwatch.`], exitCode: 1 };
  if (unjudged > 0) return { lines: [...lines, `${unjudged} of ${judgements.length} can't be judged by this version.`], exitCode: 2 };
  const isEmpty = !judgements.some(({ subject }) => 'incident' in subject);
  return { lines: [...lines, isEmpty ? 'Nothing is on record yet.' : 'Every record verifies.'], exitCode: 0 };
}

const MARK = { broken: 'BROKEN', unjudged: 'UNKNOWN' } as const;

function linesOf({ subject, problems, words }: Judgement): readonly string[] {
  const name = 'incident' in subject ? incidentName(subject.incident) : subject.part;
  const joint = 'incident' in subject ? ' at ' : ': ';
  if (problems.length > 0) return problems.map(({ kind, text }) => `${MARK[kind]} ${name}${joint}${text}`);
  return [`ok     ${name}: ${words}`];
}
