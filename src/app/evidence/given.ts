import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readPublicKey, type Signature } from '#store/signatures.ts';
import { readStatement } from '#store/statement.ts';

/** What the person at the terminal gave can't be used; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export type VerifyArguments = {
  /** An exported record; null for the store. */
  readonly folder: string | null;
  /** A public key in PEM; null accepts any key. */
  readonly trusted: string | null;
  /** A statement from a mailbox; null without one. */
  readonly statement: Signature | null;
};

/** Reads the arguments of `verify`, and the files that they name. Throws a UsageError that says what can't be used. */
export async function readVerifyArguments(args: readonly string[]): Promise<VerifyArguments> {
  const { values, positionals } = parseOptions(args);
  const [folder, ...others] = positionals;
  if (others.length > 0) throw new UsageError(`verify takes one folder, and here are ${positionals.length}: ${positionals.join(', ')}.`);
  return {
    folder: folder ?? null,
    trusted: values.key === undefined ? null : await readTrustedKey(values.key),
    statement: values.statement === undefined ? null : await readStatementFile(values.statement),
  };
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: { key: { type: 'string' }, statement: { type: 'string' } } });
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split('. ')[0] ?? '') : 'it can not be read';
    throw new UsageError(`verify: ${why}. Expected: verify [folder] [--key public.pem] [--statement file]`, { cause });
  }
}

/** Reads a public key in PEM. Throws a UsageError when the file can't be read or holds none. */
async function readTrustedKey(file: string): Promise<string> {
  const pem = await readGiven(file);
  if (readPublicKey(pem) === null) throw new UsageError(`${file} holds no Ed25519 public key in PEM.`);
  return pem;
}

const signatureSchema = z.object({ statement: z.string(), signature: z.string(), publicKey: z.string() });

/** Reads a signed statement, as it is attached to notices. Throws a UsageError when the file can't be read or holds none. */
export async function readStatementFile(file: string): Promise<Signature> {
  const text = await readGiven(file);
  const signature = parseSignature(text);
  if (signature === null || readStatement(signature.statement) === null) {
    throw new UsageError(`${file} holds no signed statement of Gapwatch: expected the file that is attached to a notice.`);
  }
  return signature;
}

function parseSignature(text: string): Signature | null {
  try {
    return signatureSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

async function readGiven(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`${file} can't be read.`, { cause });
  }
}
