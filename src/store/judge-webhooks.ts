import { z } from 'zod';
import type { Queryable } from './database.ts';

/** What does not agree with the ledger, in words: at most a few rows by name, and how many there are. */
type Differences = readonly string[];

const AS_TEXT = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const SHA256_OF = (...fields: readonly string[]) => `encode(sha256(convert_to(concat_ws(E'\\n', ${fields.join(', ')}), 'UTF8')), 'hex')`;

/** Spelled out, not by the store's own functions: those could have been changed with the rows. */
const SUBJECTS = {
  deliveries: {
    item: 'webhook_id',
    digest: SHA256_OF('event_id', 'event_type', AS_TEXT('received_at'), 'body'),
  },
  denials: {
    item: 'id::text',
    digest: SHA256_OF(AS_TEXT('at'), 'slack_id', 'name', 'what', 'why'),
  },
} as const;

const difference = z.object({ item: z.string(), kind: z.enum(['gone', 'unknown', 'changed']), total: z.coerce.number() });

/**
 * Holds every kept webhook, or every denial, against the ledger. Those that were forgotten for their age are entered as such and are
 * not missing. Reads and hashes the whole table in the server: about a second for 200 MB.
 */
export async function differencesFromLedger(client: Queryable, subject: keyof typeof SUBJECTS): Promise<Differences> {
  const { item, digest } = SUBJECTS[subject];
  const { rows } = await client.query(
    `select item, kind, count(*) over () as total
     from (
       select coalesce(entered.item, kept.item) as item,
              case when kept.item is null then 'gone' when entered.item is null then 'unknown' else 'changed' end as kind
       from (
         select item, sha256 from gapwatch.ledger as line
         where subject = $1
           and not exists (
             select from gapwatch.ledger as forgotten
             where forgotten.subject = 'forgotten' and $1 = 'deliveries'
               and forgotten.item = line.item and forgotten.sha256 = line.sha256
           )
       ) as entered
       full join (select ${item} as item, ${digest} as sha256 from gapwatch.${subject}) as kept on kept.item = entered.item
       where kept.sha256 is distinct from entered.sha256
     ) as difference
     order by kind, item
     limit 5`,
    [subject],
  );
  return inWords(rows.map((row) => difference.parse(row)));
}

const WORDS = {
  gone: 'the ledger knows it, and it is gone',
  unknown: 'the ledger does not know it; it was added past Gapwatch',
  changed: 'the ledger knows another content; it was changed',
} as const;

function inWords(differences: readonly z.infer<typeof difference>[]): Differences {
  const more = (differences[0]?.total ?? 0) - differences.length;
  const texts = differences.map(({ item, kind }) => `${item.slice(0, 100)}: ${WORDS[kind]}`);
  return more > 0 ? [...texts, `${more} more`] : texts;
}
