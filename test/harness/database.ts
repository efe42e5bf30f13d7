import pg from 'pg';
import { inject } from 'vitest';

let count = 0;

/** An empty database of its own on the server that all tests share; answers its address. */
export async function emptyDatabase(name: string): Promise<string> {
  count += 1;
  const address = (database: string) => `postgresql://gapwatch@localhost/${database}?host=${encodeURIComponent(inject('socketFolder'))}`;
  const client = new pg.Client({ connectionString: address('postgres') });
  await client.connect();
  const database = `${name}_${process.pid}_${count}`;
  await client.query(`create database ${client.escapeIdentifier(database)}`);
  await client.end();
  return address(database);
}
