import { z } from 'zod';
import {
  type AuditTable,
  asColumn,
  asText,
  columnSql,
  instantColumn,
  instantText,
  quoteIdentifier,
  type Sql,
  tableSql,
} from '#domain/audit-table/sql.ts';
import type { Policy } from '#domain/base/policy.ts';
import { between, DAY, formatUtc, MINUTE, plus, startOfUtcDay } from '#domain/base/time.ts';
import type { Planned } from './plan.ts';

/** What is typed to let records go that are younger than a year. */
export const YOUNG_WORDS = 'including records younger than a year';

/** What somebody typed behind `/remedy archive`: VACUUM FULL afterwards, and records younger than a year as well. */
export type ArchiveOptions = { readonly full: boolean; readonly young: boolean };

/** Returns what was typed behind `/remedy archive`, read, or what is wrong with it in a sentence for the person who typed it. */
export function parseArchive(argument: string): ArchiveOptions | { readonly wrong: string } {
  const full = /(?:^|\s)--full(?=\s|$)/.test(argument);
  const text = argument
    .replace(/(?:^|\s)--full(?=\s|$)/, ' ')
    .trim()
    .toLowerCase();
  if (text !== '' && text !== YOUNG_WORDS) {
    return { wrong: `\`/remedy archive\` takes \`--full\` (VACUUM FULL) and the words \`${YOUNG_WORDS}\`, nothing else.` };
  }
  return { full, young: text === YOUNG_WORDS };
}

/** Records before this moment are archived: a whole day, so that a plan made again a minute later is the same. */
export function cutoffOf(now: Date, { archive }: Pick<Policy, 'archive'>): Date {
  return startOfUtcDay(plus(now, -archive.olderThan));
}

/**
 * How much lies before the cutoff, and what a deletion meets: the primary key by which rows are told apart, the right to delete. One
 * range of the index; the count is exact, as the plan is shown to people and rests on it.
 */
export function askForArchivable(table: AuditTable, cutoff: Date): Sql {
  const at = columnSql(table);
  const before = `from ${tableSql(table)} where ${at} < ${asColumn(table, '$1::timestamptz')}`;
  return {
    text: `
      select (select count(*)::float8 ${before}) as rows,
        ${asText(table, `(select min(${at}) ${before})`)} as oldest,
        ${asText(table, `(select max(${at}) ${before})`)} as newest,
        (select coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by k.place), '[]')
          from pg_index i cross join unnest(i.indkey) with ordinality as k(attnum, place)
            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
          where i.indrelid = $2::regclass and i.indisprimary) as key,
        has_table_privilege($2::regclass, 'DELETE') as "mayDelete",
        ${instantText('now()')} as "serverNow"`,
    values: [cutoff.toISOString(), tableSql(table)],
  };
}

/** Further than this the clocks of this machine and the database's may not be apart: the age of a record would be a guess. */
const MOST_SKEW = 5 * MINUTE;

const keyColumn = z.object({ name: z.string(), type: z.string() });
export const archivableSchema = z.object({
  rows: z.number(),
  oldest: instantColumn.nullable(),
  newest: instantColumn.nullable(),
  key: z.array(keyColumn),
  mayDelete: z.boolean(),
  serverNow: instantColumn,
});
export type Archivable = z.infer<typeof archivableSchema>;
export type Key = Archivable['key'];

/** Where the archive goes and how it is protected there. */
export type ArchiveBucket = { readonly place: string; readonly encryptedTo: string; readonly hasObjectLock: boolean };

type Inventory = {
  readonly archivable: Archivable;
  readonly bucket: ArchiveBucket;
  readonly usedPercent: number | null;
  readonly table: string;
};

/** Runbook step 9: records older than the policy's age go encrypted into the archive, are verified there, and only then deleted. */
export function planArchive(
  { archivable, bucket, usedPercent, table }: Inventory,
  options: ArchiveOptions,
  now: Date,
  policy: Policy,
): Planned {
  const { rows, oldest, newest, key, mayDelete, serverNow } = archivable;
  const cutoff = cutoffOf(now, policy);
  if (Math.abs(between(serverNow, now)) > MOST_SKEW) {
    return {
      impossible: `The database's clock says ${formatUtc(serverNow)}, and Gapwatch's ${formatUtc(now)}: which records are old can't be told.`,
    };
  }
  if (rows === 0 || oldest === null || newest === null) return { impossible: `${table} holds no record from before ${formatUtc(cutoff)}.` };
  if (key.length === 0) return { impossible: `${table} has no primary key: exactly the archived rows could not be told from others.` };
  if (!mayDelete)
    return {
      impossible: `The role of AUDIT_WRITER_DATABASE_URL may not delete from ${table}: grant it DELETE for the time of the archive.`,
    };
  if (newest > plus(now, -365 * DAY) && !options.young) {
    return {
      impossible: `Records younger than a year would go (the newest is of ${formatUtc(newest)}). If that is meant, say it in words: \`/remedy archive ${YOUNG_WORDS}\`.`,
    };
  }
  const used = usedPercent === null ? 'not known' : `${usedPercent.toFixed(1)} %`;
  const vacuum = options.full
    ? 'VACUUM FULL afterwards locks the table against everything, writes of the application included, until it is rewritten, and needs room for a second copy.'
    : 'A plain VACUUM makes the room free for new records and gives little back to the disk; --full does, and locks the table meanwhile.';
  return {
    plan: {
      target: cutoff.toISOString(),
      what: `Archive the records of ${table} from before ${formatUtc(cutoff)}, encrypted, verify the archive, then delete exactly those records (runbook step 9).`,
      figures: [
        { name: 'Records', value: `${rows}, of ${formatUtc(oldest)} to ${formatUtc(newest)}` },
        {
          name: 'To',
          value: `${bucket.place}, encrypted to ${bucket.encryptedTo}, with server-side encryption${bucket.hasObjectLock ? ' and object lock' : ''}`,
        },
        { name: 'Disk now', value: `${used}; the target is ${policy.disk.targetPercent} %` },
        { name: 'Retention', value: 'HIPAA asks six years (45 CFR 164.316(b)(2)(i)): the archive is what keeps these records from now on' },
      ],
      takes: 'about a minute for each million records, and again as long to delete them in small batches with pauses',
      risks: [
        'A legal hold on any of these records forbids it: ask the Privacy Officer first. Gapwatch knows of no hold.',
        'Only the holder of the compliance key can read the archive; nobody here can.',
        vacuum,
      ],
      back: 'decrypt the archive with the compliance key and COPY it into the table; docs/remedies.md has the commands',
      basis: `${rows} records before ${cutoff.toISOString()} by ${key.map(({ name }) => name).join(', ')} to ${bucket.place} for ${bucket.encryptedTo}${options.full ? ', then VACUUM FULL' : ''}`,
    },
  };
}

/** The rows of an archive, and their keys, as queries of one snapshot. */
export function archiveQueries(table: AuditTable, key: Key, cutoff: Date): { readonly rows: string; readonly keys: string } {
  // COPY takes no parameters; the instant is made by us and holds nothing but digits and marks.
  const where = `where ${columnSql(table)} < ${asColumn(table, `'${cutoff.toISOString()}'::timestamptz`)}`;
  const names = key.map(({ name }) => `${quoteIdentifier(name)}::text`).join(', ');
  return {
    rows: `select * from ${tableSql(table)} ${where}`,
    keys: `select ${names} from ${tableSql(table)} ${where} order by ${columnSql(table)}`,
  };
}

/** Deletes rows by their keys: one array of texts a key column, each cast to its own type so that the primary key's index is used. */
export function deleteByKeys(table: AuditTable, key: Key): string {
  const columns = key.map(({ name }) => quoteIdentifier(name)).join(', ');
  const arrays = key.map(({ type }, index) => `$${index + 1}::text[]::${type}[]`).join(', ');
  return `delete from ${tableSql(table)} where (${columns}) in (select * from unnest(${arrays}))`;
}

/** Who waits for the table because of us, and how far behind the furthest replica is. */
export function askForPressure(table: AuditTable): Sql {
  return {
    text: `
      select (select count(*)::int from pg_locks where relation = $1::regclass and not granted) as waiting,
        (select coalesce(max(extract(epoch from replay_lag)), 0)::float8 from pg_stat_replication) as lag`,
    values: [tableSql(table)],
  };
}

type Contents = {
  readonly table: AuditTable;
  readonly cutoff: Date;
  readonly rows: number;
  readonly key: Key;
  readonly stored: { readonly bytes: number; readonly sha256: string; readonly plainBytes: number; readonly plainSha256: string };
};

/** What lies beside an archive, as JSON: what it holds, and how to tell that it is whole. */
export function archiveManifest({ table, cutoff, rows, key, stored }: Contents): string {
  const manifest = {
    table: `${table.schema}.${table.name}`,
    before: cutoff.toISOString(),
    rows,
    key: key.map(({ name }) => name),
    format: 'CSV with a header, as COPY writes it, compressed by gzip and encrypted with OpenPGP',
    csv: { bytes: stored.plainBytes, sha256: stored.plainSha256 },
    object: { bytes: stored.bytes, sha256: stored.sha256 },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
