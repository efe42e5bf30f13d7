import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import canonicalize from 'canonicalize';
import pg from 'pg';
import { z } from 'zod';

/** Works on a store as somebody with all rights does: no trigger stands in the way. */
export async function tampersWith(storeUrl: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: storeUrl });
  await client.connect();
  try {
    await client.query('set session_replication_role = replica');
    await work(client);
  } finally {
    await client.end();
  }
}

/** Copies a store that nobody works on. Returns the copy's address. */
export async function copyOf(storeUrl: string, name: string): Promise<string> {
  const url = new URL(storeUrl);
  const [original, server] = [url.pathname.slice(1), new URL(storeUrl)];
  server.pathname = '/postgres';
  url.pathname = `/${name}`;
  const client = new pg.Client({ connectionString: server.href });
  await client.connect();
  await client.query(`drop database if exists ${client.escapeIdentifier(name)}`);
  await client.query(`create database ${client.escapeIdentifier(name)} template ${client.escapeIdentifier(original)}`);
  await client.end();
  return url.href;
}

type Body = Readonly<Record<string, unknown>> & { readonly fact: Readonly<Record<string, unknown>> };
const bodySchema = z.looseObject({ fact: z.looseObject({}) });

/** Rewrites an incident's whole chain, hashes and all: `edit` changes each fact, or leaves it out (null). The index goes along. */
export async function rewrites(client: pg.Client, incident: number, edit: (body: Body) => Body | null): Promise<void> {
  const { rows } = await client.query<{ body: string }>('select body from gapwatch.facts where incident = $1 order by sequence', [
    incident,
  ]);
  const bodies = rows.flatMap(({ body }) => edit(bodySchema.parse(JSON.parse(body))) ?? []);
  await client.query('delete from gapwatch.facts where incident = $1', [incident]);
  let previous = '0'.repeat(64);
  for (const [index, body] of bodies.entries()) {
    const text = canonicalize({ ...body, sequence: index + 1, previous }) ?? '';
    previous = createHash('sha256').update(text).digest('hex');
    await client.query('insert into gapwatch.facts (incident, sequence, hash, body) values ($1, $2, $3, $4)', [
      incident,
      index + 1,
      previous,
      text,
    ]);
  }
  await client.query('update gapwatch.incidents set fact_count = $2, head = $3 where number = $1', [incident, bodies.length, previous]);
}

/** Signs every signature in an incident anew, with another key, over its own statement. */
export function signedAnew(body: Body, key: KeyObject = generateKeyPairSync('ed25519').privateKey, publicKey = ''): Body {
  if (body.fact.type !== 'evidence.signed') return body;
  const statement = String(body.fact.statement);
  return { ...body, fact: { ...body.fact, signature: sign(null, Buffer.from(statement), key).toString('base64'), publicKey } };
}
