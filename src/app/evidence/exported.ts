import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sha256 } from '#store/hash-chain.ts';
import { claimsOfHead, headProblems, judgeHeads, segmentsOf } from '#store/judge-heads.ts';
import { judgeIncident, signedCount } from '#store/judge-incident.ts';
import type { Judgement } from '#store/judge-store.ts';
import { type Digest, type LedgerEntry, type LedgerHead, ledgerLine } from '#store/ledger.ts';
import type { Signature } from '#store/signatures.ts';
import { claimsOf, readStatement } from '#store/statement.ts';
import { readStatementFile, UsageError } from './given.ts';

const factSchema = z.object({ sequence: z.number().int(), hash: z.string(), body: z.string() });
const sentSchema = z
  .object({ call: z.string(), attempt: z.number().int(), at: z.iso.datetime(), content: z.string(), sha256: z.string() })
  .transform(({ call: message, at, ...rest }) => ({ message, at: new Date(at), ...rest }));
const headSchema = z.object({
  sequence: z.number().int(),
  hash: z.string(),
  body: z.string(),
  signature: z.string().nullable(),
  publicKey: z.string().nullable(),
});

/** Judges an exported record: its facts, messages and mails, the signatures beside them, and the ledger where the export has it. */
export async function judgeFolder(folder: string, trusted: string | null, statement: Signature | null): Promise<readonly Judgement[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new UsageError(`${folder} is no folder that can be read.`, { cause });
  });
  if (!names.includes('facts.jsonl')) throw new UsageError(`${folder} holds no facts.jsonl: expected a folder that "export" made.`);
  const links = await readLines(folder, 'facts.jsonl', factSchema);
  const sent = await readLines(folder, 'sent.jsonl', sentSchema);
  const signatures = await Promise.all(
    names.filter((name) => /^signature-\d+\.json$/.test(name)).map((name) => readStatementFile(join(folder, name))),
  );
  const incident = incidentOf(links[0]?.body);
  const ledger = names.includes('ledger.txt') ? await readLedger(folder, trusted, statement) : null;
  const given = statement === null ? [] : [{ ...statement, place: 'the given statement' }];
  const claims = [...(ledger?.heads ?? []).flatMap(claimsOfHead), ...given.flatMap(claimsOfGiven)].filter(
    (claim) => claim.incident === incident,
  );
  const evidence = { incident, links, sent, ...(ledger && { entries: ledger.entries.filter((entry) => entry.incident === incident) }) };
  const statements = [...signatures.map((each) => ({ ...each, place: 'the statement kept elsewhere' })), ...given];
  const problems = judgeIncident(evidence, { trusted, statements, claims });
  const signed = signedCount(evidence, ledger?.signedThrough ?? 0);
  const words = `${links.length} facts, ${signed === 0 ? 'not signed' : `signed up to fact ${signed}`}, head ${links.at(-1)?.hash ?? 'none'}`;
  return [{ subject: { incident }, problems, words }, ...(ledger ? [ledger.judgement] : [])];
}

function claimsOfGiven({ statement, place }: Signature & { readonly place: string }) {
  const said = readStatement(statement);
  return said?.kind === 'ledger' ? claimsOf(said, place) : [];
}

async function readLedger(folder: string, trusted: string | null, statement: Signature | null) {
  const heads = await readLines(folder, 'ledger-heads.jsonl', headSchema);
  const lines = (await readText(folder, 'ledger.txt')).split('\n').filter((line) => line !== '');
  const entries = lines.map((line, index) => readEntry(line, index + 1));
  const digests = segmentsOf(heads).map<Digest>(({ after, through }) => {
    const covered = entries.filter(({ entry }) => entry > after && entry <= through);
    return { count: covered.length, sha256: sha256(covered.map((entry) => `${ledgerLine(entry)}\n`).join('')) };
  });
  const { problems: broken, signedThrough } = judgeHeads(heads, digests, trusted);
  const problems = [...broken, ...(statement === null ? [] : otherThan(statement, heads))];
  const judgement: Judgement = {
    subject: { part: 'the ledger' },
    problems: problems.map((text) => ({ kind: 'broken', text })),
    words: `${entries.length} lines, ${heads.length} heads, the last ${heads.at(-1)?.hash ?? 'none'}`,
  };
  return { heads, entries, signedThrough, judgement };
}

/** What an export that was made after the statement must hold of it. */
function otherThan({ statement }: Signature, heads: readonly LedgerHead[]): readonly string[] {
  const said = readStatement(statement);
  return said?.kind === 'ledger' ? headProblems(heads, said.head.ledger, statement) : [];
}

/** A line as {@link ledgerLine} wrote it. Only the item may hold spaces. */
function readEntry(line: string, number: number): LedgerEntry {
  const found = /^(\d+) (\S+) (\d+) (.*) ([0-9a-f]{64})$/s.exec(line);
  if (!found) throw new UsageError(`ledger.txt: line ${number} is none that "export" writes.`);
  const [, entry = '', subject = '', incident = '', item = '', hash = ''] = found;
  return { entry: Number(entry), subject, incident: Number(incident), item, sha256: hash };
}

function incidentOf(body: string | undefined): number {
  try {
    return z.object({ incident: z.number().int() }).parse(JSON.parse(body ?? '')).incident;
  } catch {
    throw new UsageError('facts.jsonl: its first line names no incident.');
  }
}

async function readLines<Shape>(folder: string, name: string, shape: z.ZodType<Shape>): Promise<readonly Shape[]> {
  const lines = (await readText(folder, name)).split('\n').filter((line) => line !== '');
  return lines.map((line, index) => {
    try {
      return shape.parse(JSON.parse(line));
    } catch (cause) {
      throw new UsageError(`${name}: line ${index + 1} is none that "export" writes.`, { cause });
    }
  });
}

async function readText(folder: string, name: string): Promise<string> {
  return readFile(join(folder, name), 'utf8').catch((cause: unknown) => {
    throw new UsageError(`${join(folder, name)} can't be read.`, { cause });
  });
}
