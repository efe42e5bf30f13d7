import type { AuditRecord } from './record.ts';

/** Runs a statement: a `pg` Pool, or anything with its `query`. */
type Queryable = { readonly query: (text: string, values: unknown[]) => Promise<unknown> };

/**
 * Returns an `insert` for `openAuditWriter` that writes into a PostgreSQL table by `pg`. One statement a batch; a record whose id is there already is
 * left alone, so that it may run again. Columns that no record names keep their defaults. `uniqueColumns` are those of the unique index that holds the
 * id: of a partitioned table `['id', 'timestamp']`, say.
 */
export function insertInto(
  database: Queryable,
  table: string,
  uniqueColumns: readonly string[] = ['id'],
): (records: readonly AuditRecord[]) => Promise<void> {
  const unique = uniqueColumns.map(quote).join(', ');
  const into = table.split('.').map(quote).join('.');
  return async (records) => {
    for (const batch of sameColumns(records)) {
      const columns = Object.keys(batch[0] ?? {})
        .map(quote)
        .join(', ');
      await database.query(
        `insert into ${into} (${columns})
         select ${columns} from json_populate_recordset(null::${into}, $1::json)
         on conflict (${unique}) do nothing`,
        [JSON.stringify(batch)],
      );
    }
  };
}

/** Runs of records that name the same columns, in their order. */
function sameColumns(records: readonly AuditRecord[]): readonly (readonly AuditRecord[])[] {
  const batches: AuditRecord[][] = [];
  let known = '';
  for (const record of records) {
    const columns = Object.keys(record).join('\n');
    if (columns !== known || batches.length === 0) batches.push([]);
    known = columns;
    batches.at(-1)?.push(record);
  }
  return batches;
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
