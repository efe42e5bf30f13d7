import type { KeyObject } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import type { Database, Queryable } from './database.ts';
import { GENESIS, sha256 } from './hash-chain.ts';
import { fingerprint, publicKeyOf, type Signature, signText } from './signatures.ts';

/** A line of the ledger: something that was kept, and its SHA-256. Written by the store's triggers (migration 0006). */
export type LedgerEntry = {
  readonly entry: number;
  readonly subject: string;
  readonly incident: number;
  readonly item: string;
  readonly sha256: string;
};

/** A head closes the ledger's lines up to some entry: canonical JSON with the hash of the head before, and its signature, if any. */
export type LedgerHead = {
  readonly sequence: number;
  readonly hash: string;
  readonly body: string;
  readonly signature: string | null;
  readonly publicKey: string | null;
};

const count = z.number().int().nonnegative();

/** What the body of a head says. `key` is the fingerprint of the key that signs it; `incidents` are the latest, with their chain's head. */
export const headBodySchema = z.object({
  ledger: z.number().int(),
  previous: z.string(),
  at: z.iso.datetime(),
  key: z.string().nullable(),
  through: count,
  entries: z.object({ count, sha256: z.string() }),
  totals: z.object({ facts: count, sent: count, deliveries: count, denials: count, forgotten: count }),
  incidents: z.array(z.object({ incident: z.number().int(), count, head: z.string() })),
});
export type HeadBody = z.infer<typeof headBodySchema>;

/** How many incidents a head names one by one. The others are covered by the digest of the lines. */
const NAMED = 50;

/**
 * Closes the ledger as it stands: adds the next head, signed when there is a key. Returns it, or the last one when nothing was kept since.
 * Writers wait for the few milliseconds that this takes, so that a head covers everything before its last entry.
 */
export async function closeLedger(database: Database, key: KeyObject | null, now: Date): Promise<LedgerHead> {
  return database.transaction(async (client) => {
    await client.query(`set local lock_timeout = '5s'`);
    await client.query('lock table gapwatch.ledger_heads in share row exclusive mode');
    await client.query('lock table gapwatch.ledger in share mode');
    const last = (await loadHeads(client, 'last')).at(-1);
    const through = await lastEntry(client);
    const keyName = key === null ? null : fingerprint(publicKeyOf(key));
    const said = last ? readHeadBody(last.body) : null;
    if (last && said?.through === through && (keyName === null || said.key === keyName)) return last;
    const [entries] = await digestSegments(client, [{ after: said?.through ?? 0, through }]);
    const body = canonicalize({
      ledger: (last?.sequence ?? 0) + 1,
      previous: last?.hash ?? GENESIS,
      at: now.toISOString(),
      key: keyName,
      through,
      entries: entries ?? { count: 0, sha256: sha256('') },
      totals: await totals(client),
      incidents: await latestIncidents(client),
    } satisfies HeadBody);
    if (body === undefined) throw new TypeError('a head has no canonical form');
    const signed = key === null ? null : signText(key, body);
    const head = {
      sequence: (last?.sequence ?? 0) + 1,
      hash: sha256(body),
      body,
      signature: signed?.signature ?? null,
      publicKey: signed?.publicKey ?? null,
    };
    await client.query('insert into gapwatch.ledger_heads (sequence, hash, body, signature, public_key) values ($1, $2, $3, $4, $5)', [
      head.sequence,
      head.hash,
      head.body,
      head.signature,
      head.publicKey,
    ]);
    return head;
  });
}

/** A head as the signed statement that goes into mailboxes; null when it is not signed. */
export function statementOfHead({ body, signature, publicKey }: LedgerHead): Signature | null {
  return signature === null || publicKey === null ? null : { statement: body, signature, publicKey };
}

/** What a head says; null when its body is none that Gapwatch wrote. */
export function readHeadBody(body: string): HeadBody | null {
  try {
    return headBodySchema.parse(JSON.parse(body));
  } catch {
    return null;
  }
}

const headRow = z.object({
  sequence: z.number(),
  hash: z.string(),
  body: z.string(),
  signature: z.string().nullable(),
  publicKey: z.string().nullable(),
});

/** All heads in order, or the last alone. A few a day. */
export async function loadHeads(client: Queryable, which: 'all' | 'last' = 'all'): Promise<readonly LedgerHead[]> {
  const { rows } = await client.query(
    `select sequence, hash, body, signature, public_key as "publicKey"
     from gapwatch.ledger_heads
     where $1::boolean or sequence = (select max(sequence) from gapwatch.ledger_heads)
     order by sequence`,
    [which === 'all'],
  );
  return rows.map((row) => headRow.parse(row));
}

/** The lines that a head covers: from the one after `after` to `through`. */
export type Segment = { readonly after: number; readonly through: number };
export type Digest = { readonly count: number; readonly sha256: string };

/** Number and SHA-256 of the lines of each segment, as `entry subject incident item sha256`, one a line. One range read of the primary key each. */
export async function digestSegments(client: Queryable, segments: readonly Segment[]): Promise<readonly Digest[]> {
  const { rows } = await client.query(
    `select lines.count, encode(sha256(convert_to(lines.text, 'UTF8')), 'hex') as sha256
     from unnest($1::bigint[], $2::bigint[]) with ordinality as segment (after, through, place)
     cross join lateral (
       select count(*)::integer as count,
              coalesce(string_agg(concat_ws(' ', entry, subject, incident, item, sha256) || E'\\n', '' order by entry), '') as text
       from gapwatch.ledger
       where entry > segment.after and entry <= segment.through
     ) as lines
     order by segment.place`,
    [segments.map(({ after }) => after), segments.map(({ through }) => through)],
  );
  return rows.map((row) => z.object({ count, sha256: z.string() }).parse(row));
}

/** A line of the ledger as it is digested, and as an export has it. */
export function ledgerLine({ entry, subject, incident, item, sha256: hash }: LedgerEntry): string {
  return `${entry} ${subject} ${incident} ${item} ${hash}`;
}

const entryRow = z.object({
  entry: z.coerce.number(),
  subject: z.string(),
  incident: z.number(),
  item: z.string(),
  sha256: z.string(),
});

/** The ledger's lines about an incident, in order. One range of an index. */
export async function loadEntries(client: Queryable, incident: number): Promise<readonly LedgerEntry[]> {
  const { rows } = await client.query(
    'select entry, subject, incident, item, sha256 from gapwatch.ledger where incident = $1 and incident > 0 order by entry',
    [incident],
  );
  return rows.map((row) => entryRow.parse(row));
}

/** The next lines of the whole ledger after an entry, at most 10,000. One range of the primary key. */
export async function loadLedgerPage(client: Queryable, after: number): Promise<readonly LedgerEntry[]> {
  const { rows } = await client.query(
    'select entry, subject, incident, item, sha256 from gapwatch.ledger where entry > $1 order by entry limit 10000',
    [after],
  );
  return rows.map((row) => entryRow.parse(row));
}

/** The entry before which everything was found, not seen being kept; null when the ledger's beginning is gone. */
export async function ledgerBegan(client: Queryable): Promise<number | null> {
  const { rows } = await client.query(`select min(entry) as entry from gapwatch.ledger where subject = 'ledger'`);
  return z.object({ entry: z.coerce.number().nullable() }).parse(rows[0]).entry || null;
}

async function lastEntry(client: Queryable): Promise<number> {
  const { rows } = await client.query('select coalesce(max(entry), 0) as entry from gapwatch.ledger');
  return z.object({ entry: z.coerce.number() }).parse(rows[0]).entry;
}

/** How many lines of each kind the ledger has. Reads all of it: some milliseconds for a hundred thousand lines. */
export async function totals(client: Queryable): Promise<HeadBody['totals']> {
  const { rows } = await client.query('select subject, count(*)::integer as count from gapwatch.ledger group by subject');
  const counts = new Map(rows.map((row) => z.object({ subject: z.string(), count }).parse(row)).map((row) => [row.subject, row.count]));
  const of = (subject: string) => counts.get(subject) ?? 0;
  return { facts: of('facts'), sent: of('sent'), deliveries: of('deliveries'), denials: of('denials'), forgotten: of('forgotten') };
}

async function latestIncidents(client: Queryable): Promise<HeadBody['incidents']> {
  const { rows } = await client.query(
    `select distinct on (incident) incident, item::integer as count, sha256 as head
     from gapwatch.ledger
     where incident > 0 and subject = 'facts' and incident > (select max(incident) from gapwatch.ledger) - $1::integer
     order by incident, entry desc`,
    [NAMED],
  );
  return rows.map((row) => z.object({ incident: z.number(), count, head: z.string() }).parse(row));
}
