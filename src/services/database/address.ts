import { existsSync } from 'node:fs';

/** How a connection is protected on its way. `trusted`: not at all, as the address says in so many words; `plain`: not at all, unsaid. */
export type Transport = 'local' | 'verified' | 'unverified' | 'trusted' | 'plain';

/** A database's address as the driver takes it, and what its text says. */
export type DatabaseAddress = {
  /** Only what the driver understands, written so that it warns of nothing. */
  readonly url: string;
  readonly host: string;
  readonly role: string | null;
  readonly database: string | null;
  readonly transport: Transport;
};

/**
 * Reads an address as Prisma, Neon, Supabase, DigitalOcean and libpq write it. What the driver would misread, or ignore though it matters, is
 * a mistake with a sentence that says what to write; no part of the address is in it, as it may hold a password.
 */
export function parseDatabaseUrl(text: string): DatabaseAddress | { readonly mistake: string } {
  const mistake = FORMS.find(([pattern]) => pattern.test(text))?.[1];
  if (mistake !== undefined) return { mistake };
  const url = URL.parse(
    text.replace(/^(postgres(?:ql)?:\/\/[^/?#]*@)(?=[/?]|$)/, '$1localhost').replace(/^(postgres(?:ql)?:\/\/)(?=[/?])/, '$1localhost'),
  );
  if (url === null)
    return { mistake: 'it can’t be read: write postgresql://user:password@host:5432/database, with special characters percent-encoded' };
  const parameters = Object.fromEntries(url.searchParams);
  const user = decoded(parameters.user ?? url.username);
  const password = decoded(parameters.password ?? url.password);
  if (user === null || password === null) return { mistake: 'a % in the user or password must be written as %25' };
  const host = parameters.host ?? parameters.hostaddr ?? decoded(url.hostname) ?? '';
  if (/[,\s]/.test(host)) return { mistake: ONE_HOST };
  const isLocal = host === '' || host.startsWith('/') || /^(?:localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/.test(host);
  const tls = tlsOf(parameters);
  if ('mistake' in tls) return tls;
  const missing = ['sslrootcert', 'sslcert', 'sslkey'].find((name) => parameters[name] !== undefined && !isFile(parameters[name]));
  if (missing !== undefined) return { mistake: `${missing} names a file that is not there; leave it out and name the CA in CA_FILE` };
  return {
    url: written(url, parameters, tls.mode),
    host: host.startsWith('/') || host === '' ? 'localhost' : host,
    role: user === '' ? null : user,
    database: decoded(parameters.dbname ?? url.pathname.slice(1)) || null,
    transport: transportOf(isLocal, tls.mode),
  };
}

const ONE_HOST = 'it names several hosts: write one, the primary’s or that of a load balancer or pooler';

/** Forms that are no address of this kind at all, and what to write instead. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/^["'].*["']$/s, 'it stands in quotes: leave them out'],
  [/^jdbc:/i, 'it begins with jdbc: write postgresql://user:password@host:5432/database'],
  [/^prisma(?:\+postgres)?:\/\//i, 'it is an address of Prisma Accelerate: write that of the database itself, postgresql://…'],
  [/^postgres(?:ql)?\+\w+:\/\//i, 'it names a driver: write postgresql:// without what follows the +'],
  [/^(?:host|hostaddr|dbname|user|port)\s*=/i, 'it is written as keywords: write postgresql://user:password@host:5432/database'],
  [/^(?!postgres(?:ql)?:\/\/)/i, 'it does not begin with postgresql://'],
  [/\s/, 'it has a space: write %20'],
  [/#/, 'it has a #: in a password write %23'],
  [/^[^?]*@[^?]*@/, 'it has more than one @: in a password write %40'],
  [/%(?![0-9a-f]{2})/i, 'it has a % that stands for itself: in a password write %25'],
  [/^postgres(?:ql)?:\/\/(?:[^@/?]*@)?[^/?]*,/i, ONE_HOST],
];

function tlsOf({
  sslmode,
  sslaccept,
  ssl,
  sslrootcert,
}: Readonly<Record<string, string>>): { readonly mode: string | null } | { readonly mistake: string } {
  if (sslaccept === 'accept_invalid_certs') {
    return {
      mistake:
        'sslaccept=accept_invalid_certs takes any certificate: write sslmode=verify-full and name the CA in CA_FILE, or sslmode=no-verify',
    };
  }
  switch (sslmode) {
    case 'disable':
    case 'no-verify':
    case 'verify-full':
      return { mode: sslmode };
    // Encrypted and verified, which is what the driver does with them; libpq would not verify the host.
    case 'require':
    case 'verify-ca':
      return { mode: 'verify-full' };
    case 'allow':
    case 'prefer':
      return {
        mistake: `sslmode=${sslmode} may go on without TLS: write sslmode=verify-full, or sslmode=disable where the network is trusted`,
      };
    case undefined:
      return { mode: sslaccept === 'strict' || sslrootcert !== undefined || ssl === 'true' || ssl === '1' ? 'verify-full' : null };
    default:
      return { mistake: 'sslmode is none of disable, no-verify, require, verify-ca and verify-full' };
  }
}

function transportOf(isLocal: boolean, mode: string | null): Transport {
  if (mode === 'verify-full') return 'verified';
  if (mode === 'no-verify') return 'unverified';
  if (isLocal) return 'local';
  return mode === 'disable' ? 'trusted' : 'plain';
}

/** Parameters that the driver understands; what is a pool's, an ORM's or another client's is left out. */
const KEPT = ['host', 'port', 'user', 'password', 'options', 'sslrootcert', 'sslcert', 'sslkey', 'sslnegotiation'];

function written(url: URL, parameters: Readonly<Record<string, string>>, mode: string | null): string {
  const plain = new URL(url);
  plain.search = '';
  if (parameters.dbname !== undefined && plain.pathname.length <= 1) plain.pathname = `/${encodeURIComponent(parameters.dbname)}`;
  for (const name of KEPT) if (parameters[name] !== undefined) plain.searchParams.set(name, parameters[name]);
  if (parameters.host === undefined && parameters.hostaddr !== undefined) plain.searchParams.set('host', parameters.hostaddr);
  if (mode !== null) plain.searchParams.set('sslmode', mode);
  return plain.href;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function isFile(path: string | undefined): boolean {
  return path !== undefined && existsSync(path);
}

/** An address as the driver takes it; one with a mistake as it is, for the driver to refuse. */
export function driverUrl(text: string): string {
  const address = parseDatabaseUrl(text);
  return 'mistake' in address ? text : address.url;
}

/** What is said of a connection whose way is open: null when nothing is to be said. */
export function transportWarning({ host, transport }: Pick<DatabaseAddress, 'host' | 'transport'>): string | null {
  if (transport === 'plain')
    return `the connection to ${host} is not encrypted: add sslmode=verify-full to the address, or sslmode=disable to say that the network is trusted`;
  return transport === 'unverified'
    ? `the certificate of ${host} is not verified (sslmode=no-verify): anybody on the way could be the server`
    : null;
}
