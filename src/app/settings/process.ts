import { z } from 'zod';
import { databaseUrl, httpUrl, type SettingRow } from './row.ts';

/** The file that may be absent: then everything is at the runbook's figures. */
export const DEFAULT_RUNBOOK_FILE = './runbook.yaml';

/** Where Gapwatch listens and keeps its own record. */
export const LISTENING_AND_STORE = {
  PORT: {
    group: 'Where it listens',
    schema: z.coerce.number().int().min(0).max(65_535).default(3000),
    expected: 'a port from 0 to 65535',
    from: 'your choice',
  },
  HOST: {
    group: 'Where it listens',
    schema: z.string().default('127.0.0.1'),
    expected: 'an address to listen on',
    from: 'your choice',
    example: '0.0.0.0',
  },
  PUBLIC_URL: {
    group: 'Where it listens',
    schema: httpUrl.optional(),
    expected: 'an http(s) URL',
    from: 'the address at which others reach Gapwatch',
    absent: 'notices carry no link to acknowledge their receipt',
    example: 'https://gapwatch.clinic.example',
  },
  DATABASE_URL: {
    group: 'Its own store',
    schema: databaseUrl.optional(),
    expected: 'postgresql://user:password@host/database',
    from: 'your PostgreSQL server',
    absent: 'the embedded one is used',
    isSecret: true,
  },
  GAPWATCH_DATA_DIR: {
    group: 'Its own store',
    schema: z.string().default('./data'),
    expected: 'a folder',
    from: 'your choice, for the embedded PostgreSQL',
  },
} as const satisfies Readonly<Record<string, SettingRow>>;

/** What makes the record and its keeper trustworthy, and the files it works with. */
export const EVIDENCE_AND_FILES = {
  EVIDENCE_SIGNING_KEY_FILE: {
    group: 'Evidence and safety',
    schema: z.string().optional(),
    expected: 'a file with an Ed25519 private key in PEM',
    from: 'openssl genpkey -algorithm ed25519 -out evidence.pem',
    absent: 'the record is chained but not signed',
    example: './evidence.pem',
  },
  HEARTBEAT_URL: {
    group: 'Evidence and safety',
    schema: httpUrl.optional(),
    expected: 'an http(s) URL',
    from: "a dead-man's-switch service; asked every minute while all is well",
    absent: 'nobody outside notices when Gapwatch itself stops',
    isSecret: true,
  },
  CA_FILE: {
    group: 'Evidence and safety',
    schema: z.string().optional(),
    expected: 'a file with CA certificates in PEM',
    from: 'your private CA, trusted besides the public ones',
    absent: 'only the public ones are trusted',
  },
  RUNBOOK_FILE: {
    group: 'Files and log',
    schema: z.string().default(DEFAULT_RUNBOOK_FILE),
    expected: 'a YAML file (docs/policy.md)',
    from: 'your choice; only the default one may be absent',
  },
  TEMPLATES_DIR: {
    group: 'Files and log',
    schema: z.string().default('./templates'),
    expected: 'a folder',
    from: 'your choice, for the texts that it posts and mails',
  },
  REPORTS_DIR: {
    group: 'Files and log',
    schema: z.string().default('./docs/incidents'),
    expected: 'a folder',
    from: 'your choice, for the gap reports',
  },
  LOG_LEVEL: {
    group: 'Files and log',
    schema: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
    expected: 'fatal, error, warn, info, debug or trace',
    from: 'your choice',
  },
} as const satisfies Readonly<Record<string, SettingRow>>;
