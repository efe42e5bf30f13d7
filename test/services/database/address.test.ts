import { describe, expect, test } from 'vitest';
import { parseDatabaseUrl, transportWarning } from '#services/database/address.ts';

const read = (text: string) => {
  const address = parseDatabaseUrl(text);
  if ('mistake' in address) throw new Error(address.mistake);
  return address;
};

describe('what works', () => {
  test.each([
    ['plain', 'postgresql://app:secret@localhost:5432/clinic', { role: 'app', database: 'clinic', transport: 'local' }],
    ['postgres://', 'postgres://app@127.0.0.1/clinic', { role: 'app', transport: 'local' }],
    [
      'Prisma',
      'postgresql://app:s@db.example:5432/clinic?schema=audit&connection_limit=5&pool_timeout=2&sslmode=require',
      { database: 'clinic', transport: 'verified' },
    ],
    ['Prisma, strict', 'postgresql://app:s@db.example/clinic?sslaccept=strict', { transport: 'verified' }],
    ['Neon', 'postgresql://app:s@ep-x-pooler.eu.neon.example/clinic?sslmode=require&channel_binding=require', { transport: 'verified' }],
    [
      'Supabase',
      'postgresql://postgres.abcdefgh:s@pooler.example:6543/postgres?pgbouncer=true',
      { role: 'postgres.abcdefgh', transport: 'plain' },
    ],
    ['DigitalOcean', 'postgresql://doadmin:s@db-1.example:25060/defaultdb?sslmode=require', { transport: 'verified' }],
    ['a socket', 'postgresql://app@localhost/clinic?host=%2Fvar%2Frun%2Fpostgresql', { transport: 'local', host: 'localhost' }],
    ['a socket as host', 'postgresql://app@%2Fvar%2Frun%2Fpostgresql/clinic', { transport: 'local' }],
    ['no host', 'postgresql:///clinic?user=app', { role: 'app', database: 'clinic', transport: 'local' }],
    [
      'user and password as parameters',
      'postgresql://db.example/clinic?user=app&password=s&sslmode=verify-full',
      { role: 'app', transport: 'verified' },
    ],
    ['dbname as a parameter', 'postgresql://app@localhost?dbname=clinic', { database: 'clinic' }],
    ['a password of percent signs', 'postgresql://app:%25%23%40@localhost/clinic', { role: 'app' }],
    ['IPv6', 'postgresql://app@[::1]:5432/clinic', { transport: 'local' }],
    ['TLS without verification', 'postgresql://app@db.example/clinic?sslmode=no-verify', { transport: 'unverified' }],
    ['TLS switched off in so many words', 'postgresql://app@db.example/clinic?sslmode=disable', { transport: 'trusted' }],
  ])('%s', (_name, text, expected) => expect(read(text)).toMatchObject(expected));

  test('the driver is given only what it understands, and nothing that it warns of', () => {
    const url = new URL(
      read('postgresql://app:s@db.example/clinic?sslmode=require&application_name=web&schema=x&connect_timeout=3&options=-c%20a%3Db').url,
    );
    expect(Object.fromEntries(url.searchParams)).toEqual({ options: '-c a=b', sslmode: 'verify-full' });
  });
});

describe('what is refused, with what to write', () => {
  test.each([
    ['several hosts', 'postgresql://a:b@h1:5432,h2:5432/d', 'several hosts'],
    ['several hosts as a parameter', 'postgresql://a:b@/d?host=h1,h2', 'several hosts'],
    ['libpq keywords', 'host=db.example dbname=clinic user=app', 'written as keywords'],
    ['jdbc', 'jdbc:postgresql://db.example/clinic', 'begins with jdbc'],
    ['Prisma Accelerate', 'prisma://accelerate.example/?api_key=x', 'Prisma Accelerate'],
    ['a driver’s name', 'postgresql+asyncpg://app@db.example/clinic', 'names a driver'],
    ['another database', 'mysql://app@db.example/clinic', 'does not begin with postgresql://'],
    ['quotes', '"postgresql://app@db.example/clinic"', 'stands in quotes'],
    ['a raw #', 'postgresql://app:s#cret@db.example/clinic', 'write %23'],
    ['a raw @', 'postgresql://app:s@cret@db.example/clinic', 'write %40'],
    ['a raw %', 'postgresql://app:100%@db.example/clinic', 'write %25'],
    ['a space', 'postgresql://app:s cret@db.example/clinic', 'write %20'],
    ['a slash in the password', 'postgresql://app:s/cret@db.example:5432/clinic', 'percent-encoded'],
    ['sslmode=prefer', 'postgresql://app@db.example/clinic?sslmode=prefer', 'may go on without TLS'],
    ['sslmode=allow', 'postgresql://app@db.example/clinic?sslmode=allow', 'may go on without TLS'],
    ['any certificate', 'postgresql://app@db.example/clinic?sslmode=require&sslaccept=accept_invalid_certs', 'takes any certificate'],
    ['an unknown sslmode', 'postgresql://app@db.example/clinic?sslmode=yes', 'none of disable'],
    [
      'a certificate that is not there',
      'postgresql://app@db.example/clinic?sslmode=verify-full&sslrootcert=/no/such/ca.pem',
      'sslrootcert names a file',
    ],
  ])('%s', (_name, text, words) => {
    const address = parseDatabaseUrl(text);
    expect('mistake' in address ? address.mistake : address).toContain(words);
    expect(JSON.stringify(address)).not.toContain('cret');
  });
});

test.each([
  ['postgresql://app@db.example/clinic', 'not encrypted'],
  ['postgresql://app@db.example/clinic?sslmode=no-verify', 'is not verified'],
  ['postgresql://app@db.example/clinic?sslmode=require', null],
  ['postgresql://app@localhost/clinic', null],
  ['postgresql://app@db.example/clinic?sslmode=disable', null],
])('%s is told loudly when its way is open', (text, words) => {
  const warning = transportWarning(read(text));
  if (words === null) expect(warning).toBeNull();
  else expect(warning).toContain(words);
});
