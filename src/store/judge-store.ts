import { z } from 'zod';
import type { Database, Queryable } from './database.ts';
import { loadLinks } from './event-store.ts';
import { claimsOfHead, headProblems, judgeHeads, segmentsOf } from './judge-heads.ts';
import { type Evidence, type IndexRow, judgeIncident, type Problem, signedCount } from './judge-incident.ts';
import { differencesFromLedger } from './judge-webhooks.ts';
import { digestSegments, type LedgerHead, ledgerBegan, loadEntries, loadHeads, totals } from './ledger.ts';
import { loadSent } from './sent-messages.ts';
import { type Signature, signatureProblem } from './signatures.ts';
import { type Claim, claimsOf, readStatement } from './statement.ts';

/** What was judged (an incident by its number, or a part of the installation by its name), what of it does not hold, and what it is. */
export type Judgement = {
  readonly subject: { readonly incident: number } | { readonly part: 'the ledger' | 'the webhooks' | 'the denials' | 'the statement' };
  readonly problems: readonly Problem[];
  /** What there is, in words. */
  readonly words: string;
};

/** By what a store is judged. */
export type JudgeOptions = {
  /** The public key in PEM that signs; null accepts any. */
  readonly trusted: string | null;
  /** A signed statement from outside, such as one from a mailbox. */
  readonly statement?: Signature | null;
  /** The time of the judgement, for signatures that are overdue. */
  readonly now: Date;
};

/**
 * Judges everything on record in one snapshot: each incident, the ledger, webhooks, denials. Never stops at what is broken and never throws
 * for what stands in the record; throws StoreUnavailable when the store can't be read. Empty when nothing is on record yet.
 */
export function judgeStore(database: Database, { trusted, statement = null, now }: JudgeOptions): Promise<readonly Judgement[]> {
  return database.transaction(async (client) => {
    await client.query('set transaction isolation level repeatable read, read only');
    const heads = await loadHeads(client);
    const outside = statement === null ? null : await judgeStatement(client, statement, heads, trusted);
    const { problems, signedThrough } = judgeHeads(heads, await digestSegments(client, segmentsOf(heads)), trusted);
    const began = await ledgerBegan(client);
    const claims = [...heads.flatMap(claimsOfHead), ...(outside?.claims ?? [])];
    const numbers = await numbersOnRecord(client, claims);
    const incidents: Judgement[] = [];
    for (const incident of numbers) {
      const against = { trusted, now, signedThrough, claims: claims.filter((claim) => claim.incident === incident) };
      incidents.push(await judgeOne(client, incident, against, began ?? 0));
    }
    const rest = [
      outside?.judgement ?? null,
      ledgerJudgement(problems, heads, began),
      await judgeRows(client, 'deliveries'),
      await judgeRows(client, 'denials'),
    ].flatMap((each) => (each === null ? [] : [each]));
    return [...incidents, ...rest];
  });
}

type OneAgainst = NonNullable<Parameters<typeof judgeIncident>[1]> & { readonly signedThrough: number };

async function judgeOne(client: Queryable, incident: number, against: OneAgainst, began: number): Promise<Judgement> {
  const subject = { incident };
  try {
    const evidence = await loadEvidence(client, incident);
    if (evidence.links.length === 0) {
      const text = 'its facts: there are none, and this number was given; the incident was deleted';
      return { subject, problems: [{ kind: 'broken', text }, ...judgeIncident(evidence, against).slice(0, 5)], words: '' };
    }
    return { subject, problems: judgeIncident(evidence, against), words: describe(evidence, against.signedThrough, began) };
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    return { subject, problems: [{ kind: 'broken', text: 'its rows: a value in them is none that Gapwatch writes' }], words: '' };
  }
}

async function loadEvidence(client: Queryable, incident: number): Promise<Evidence> {
  return {
    incident,
    links: await loadLinks(client, incident),
    sent: await loadSent(client, incident),
    index: await loadIndex(client, incident),
    entries: await loadEntries(client, incident),
    attempts: await loadAttempts(client, incident),
  };
}

async function loadIndex(client: Queryable, incident: number): Promise<IndexRow | null> {
  const { rows } = await client.query('select phase, fact_count as count, head from gapwatch.incidents where number = $1', [incident]);
  return rows[0] === undefined ? null : z.object({ phase: z.string(), count: z.number(), head: z.string() }).parse(rows[0]);
}

async function loadAttempts(client: Queryable, incident: number): Promise<ReadonlySet<string>> {
  const { rows } = await client.query(`select call || '/' || attempt as attempt from gapwatch.attempts where incident = $1`, [incident]);
  return new Set(rows.map((row) => z.object({ attempt: z.string() }).parse(row).attempt));
}

/** Every number that anything speaks of, and every one below the highest: numbers are given without a gap. */
async function numbersOnRecord(client: Queryable, claims: readonly Claim[]): Promise<readonly number[]> {
  const { rows } = await client.query(
    `select number from gapwatch.incidents
     union select incident from gapwatch.facts
     union select incident from gapwatch.sent
     union select incident from gapwatch.ledger where incident > 0`,
  );
  const known = [...rows.map((row) => z.object({ number: z.number() }).parse(row).number), ...claims.map(({ incident }) => incident)];
  const highest = known.reduce((most, number) => Math.max(most, number), 0);
  // A forged number far beyond the others must not make a million sentences.
  return highest > 10 * (known.length + 100)
    ? [...new Set(known)].toSorted((one, other) => one - other)
    : Array.from({ length: highest }, (_, index) => index + 1);
}

/** The statement itself, and that the store still has what it was made of. */
async function judgeStatement(
  client: Queryable,
  signature: Signature,
  heads: readonly LedgerHead[],
  trusted: string | null,
): Promise<{ readonly judgement: Judgement; readonly claims: readonly Claim[] }> {
  const statement = readStatement(signature.statement);
  const invalid = signatureProblem(signature, trusted) ?? (statement === null ? 'it is no statement of Gapwatch' : null);
  const told = (texts: readonly string[], words: string): Judgement => ({
    subject: { part: 'the statement' },
    problems: texts.map((text) => ({ kind: 'broken', text })),
    words,
  });
  if (invalid !== null || statement === null) return { judgement: told([invalid ?? ''], ''), claims: [] };
  const claims = claimsOf(statement, `the statement of ${statement.at}`);
  if (statement.kind === 'incident') return { judgement: told([], `of ${statement.at}, about INC-${statement.claim.incident}`), claims };
  const { head } = statement;
  const now = await totals(client);
  const fewer = (['facts', 'sent', 'deliveries', 'denials', 'forgotten'] as const).flatMap((name) =>
    now[name] < head.totals[name] ? [`the ledger had ${head.totals[name]} lines about ${name}, and has ${now[name]}`] : [],
  );
  return {
    judgement: told(
      [...headProblems(heads, head.ledger, signature.statement), ...fewer],
      `of ${statement.at}, about head ${head.ledger} of the ledger`,
    ),
    claims,
  };
}

function ledgerJudgement(problems: readonly string[], heads: readonly LedgerHead[], began: number | null): Judgement | null {
  const beginning = began === null ? ['its beginning is gone; lines of the ledger were deleted'] : [];
  const texts = [...beginning, ...problems];
  if (texts.length === 0 && heads.length === 0) return null;
  const signed = heads.filter(({ signature }) => signature !== null).length;
  const last = heads.at(-1);
  return {
    subject: { part: 'the ledger' },
    problems: texts.map((text) => ({ kind: 'broken', text })),
    words: `${counted(heads.length, 'head')}, ${signed === 0 ? 'none signed' : `${signed} signed`}, the last ${last?.hash ?? 'none'}`,
  };
}

async function judgeRows(client: Queryable, subject: 'deliveries' | 'denials'): Promise<Judgement | null> {
  const part = subject === 'deliveries' ? 'the webhooks' : 'the denials';
  const differences = await differencesFromLedger(client, subject);
  const { rows } = await client.query(`select count(*)::integer as count from gapwatch.${subject}`);
  const { count } = z.object({ count: z.number() }).parse(rows[0]);
  if (count === 0 && differences.length === 0) return null;
  return {
    subject: { part },
    problems: differences.map((text) => ({ kind: 'broken', text })),
    words: `${count} kept`,
  };
}

function describe(evidence: Evidence, signedThrough: number, began: number): string {
  const { links, entries = [] } = evidence;
  const own = links.filter(({ body }) => body.includes('"type":"evidence.signed"')).length;
  const signed = signedCount(evidence, signedThrough);
  const words =
    signed === 0
      ? 'not signed'
      : `signed${own === 0 ? '' : ` ${counted(own, 'time')}`}${signed < links.length ? ` up to fact ${signed}` : ''}`;
  const before = Math.max(
    0,
    ...entries.filter(({ subject, entry }) => subject === 'facts' && entry < began).map(({ item }) => Number(item)),
  );
  const found = before === 0 ? '' : `; the first ${before} are from before the ledger, and were taken into it as found`;
  return `${links.length} facts, ${words}, head ${links.at(-1)?.hash}${found}`;
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
