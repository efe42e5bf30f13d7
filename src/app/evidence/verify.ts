import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { incidentName } from '#domain/incident/state.ts';
import type { Database } from '#store/database.ts';
import { incidentNumbers, loadLinks } from '#store/event-store.ts';
import type { Link } from '#store/hash-chain.ts';
import { loadSent } from '#store/sent-messages.ts';
import { type Evidence, type Signature, verifyEvidence } from '#store/signatures.ts';

const lineSchema = z.object({ sequence: z.number().int(), hash: z.string(), body: z.string() });
const sentSchema = z
  .object({ call: z.string(), content: z.string(), sha256: z.string() })
  .transform(({ call: message, content, sha256 }) => ({ message, content, sha256 }));
const signatureSchema = z.object({ statement: z.string(), signature: z.string(), publicKey: z.string() });

/** What was verified, in lines for people, and how many records do not hold. */
export type Verified = { readonly lines: readonly string[]; readonly broken: number };

/** Recomputes every record in the store. With `trusted` (a public key in PEM) signatures by any other key count as broken. */
export async function verifyStore(database: Database, trusted: string | null): Promise<Verified> {
  const records: Evidence[] = [];
  for (const incident of await incidentNumbers(database)) {
    records.push({ incident, links: await loadLinks(database, incident), sent: await loadSent(database, incident) });
  }
  return told(records.map((evidence) => ({ evidence, problems: verifyEvidence(evidence, { trusted }) })));
}

/** Recomputes an exported record: its events, messages and mails, and the signatures kept beside them. */
export async function verifyFolder(folder: string, trusted: string | null): Promise<Verified> {
  const links = await readLines(join(folder, 'facts.jsonl'), lineSchema);
  const sent = await readLines(join(folder, 'sent.jsonl'), sentSchema);
  const names = (await readdir(folder)).filter((name) => /^signature-\d+\.json$/.test(name));
  const statements = await Promise.all(names.map(async (name) => readSignature(join(folder, name))));
  const first: unknown = JSON.parse(links[0]?.body ?? '{}');
  const { incident } = z.object({ incident: z.number().int().default(0) }).parse(first);
  const evidence = { incident, links, sent };
  return told([{ evidence, problems: verifyEvidence(evidence, { trusted, statements }) }]);
}

/** Reads a signed statement, as it is attached to the final notice. */
export async function readSignature(file: string): Promise<Signature> {
  return signatureSchema.parse(JSON.parse(await readFile(file, 'utf8')));
}

async function readLines<Shape>(file: string, shape: z.ZodType<Shape>): Promise<readonly Shape[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => shape.parse(JSON.parse(line)));
}

type Checked = { readonly evidence: Evidence; readonly problems: readonly string[] };

function told(checked: readonly Checked[]): Verified {
  const broken = checked.filter(({ problems }) => problems.length > 0).length;
  return { lines: checked.flatMap(linesOf), broken };
}

function linesOf({ evidence: { incident, links }, problems }: Checked): readonly string[] {
  const name = incidentName(incident);
  if (problems.length > 0) return problems.map((problem) => `BROKEN ${name} at ${problem}`);
  return [`ok     ${name}: ${links.length} facts${signedWords(links)}, head ${links.at(-1)?.hash}`];
}

function signedWords(links: readonly Link[]): string {
  const signed = links.filter(({ body }) => body.includes('"type":"evidence.signed"')).length;
  return signed === 0 ? ', not signed' : `, signed ${signed} time${signed === 1 ? '' : 's'}`;
}
