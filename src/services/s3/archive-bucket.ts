import { createHash } from 'node:crypto';
import { type Duplex, pipeline, Readable, Transform } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import {
  type CompleteMultipartUploadCommandOutput,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { createMessage, decrypt, encrypt, generateSessionKey, type PublicKey, readKey, readMessage, type SessionKey } from 'openpgp';
import { DAY } from '#domain/base/time.ts';
import { ServiceFailure } from '#services/failure.ts';

/** What was put into the bucket: hashes and sizes of the records as they left the database, and of the encrypted object. */
export type Stored = { readonly plainSha256: string; readonly plainBytes: number; readonly sha256: string; readonly bytes: number };

/** Where archives go: an S3 bucket, encrypted to the compliance key. Every method throws a {@link ServiceFailure}. */
export type ArchiveBucket = {
  /** Refuses when the bucket can't be asked or the key can't encrypt, because it is expired or revoked. */
  readonly describe: () => Promise<{ readonly place: string; readonly encryptedTo: string; readonly hasObjectLock: boolean }>;
  /**
   * Encrypts a stream and uploads it part by part, in constant memory. `wrong` reads the object back to its last byte and decrypts it with the
   * key of this one upload, which never leaves this process: null when what comes out is what went in, else what is wrong.
   */
  readonly store: (name: string, plain: Readable) => Promise<{ readonly stored: Stored; readonly wrong: () => Promise<string | null> }>;
  readonly storeManifest: (name: string, content: string) => Promise<void>;
  readonly manifest: (name: string) => Promise<string>;
  readonly addressOf: (name: string) => string;
};

export type ArchiveBucketSettings = {
  readonly bucket: string;
  readonly prefix: string;
  readonly complianceKey: ComplianceKey;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly endpoint: string | null;
};

/** The OpenPGP key to which archives are encrypted. */
export type ComplianceKey = PublicKey;

/** Reads an armored public key. Throws an Error that says what is wrong with it. */
export async function readComplianceKey(armored: string): Promise<ComplianceKey> {
  const key = await readKey({ armoredKey: armored }).catch((cause: unknown) => {
    throw new Error('holds no armored OpenPGP key: gpg --armor --export prints one', { cause });
  });
  if (key.isPrivate()) throw new Error('holds a private key. Gapwatch needs the public one alone: gpg --armor --export prints it');
  return key;
}

const PART_BYTES = 5 * 1024 * 1024;
const SIX_YEARS_MILLISECONDS = 6 * 366 * DAY;
/** Audit records are text that repeats itself. The lowest level is twice as fast as the usual one, for a tenth more bytes. */
const GZIP = { level: 1, chunkSize: 256 * 1024 } as const;
/** What is decrypted is hashed and thrown away; whether it was whole is known at its end. */
const OPENPGP = { allowUnauthenticatedStream: true } as const;

/**
 * Connects to the bucket. The role needs s3:PutObject, s3:GetObject, s3:AbortMultipartUpload and s3:GetBucketObjectLockConfiguration;
 * with object lock also s3:PutObjectRetention.
 */
export function connectArchiveBucket(settings: ArchiveBucketSettings): ArchiveBucket {
  const { bucket, prefix, endpoint, region, accessKeyId, secretAccessKey, complianceKey } = settings;
  const client = new S3Client({
    region,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000 },
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
  });
  const keyOf = (name: string) => `${prefix.replace(/^\/|\/$/g, '')}/${name}`.replace(/^\//, '');
  const addressOf = (name: string) => `s3://${bucket}/${keyOf(name)}`;
  const target = async (name: string) => ({
    Bucket: bucket,
    Key: keyOf(name),
    ServerSideEncryption: 'AES256' as const,
    ChecksumAlgorithm: 'SHA256' as const,
    ...((await hasLock(client, bucket))
      ? { ObjectLockMode: 'GOVERNANCE' as const, ObjectLockRetainUntilDate: new Date(Date.now() + SIX_YEARS_MILLISECONDS) }
      : {}),
  });
  const read = (name: string) => client.send(new GetObjectCommand({ Bucket: bucket, Key: keyOf(name), ChecksumMode: 'ENABLED' }));
  return {
    addressOf,
    describe: () =>
      inWords('be asked', async () => {
        await usable(complianceKey);
        return { place: addressOf(''), encryptedTo: nameOf(complianceKey), hasObjectLock: await hasLock(client, bucket) };
      }),
    store: (name, plain) =>
      inWords('be written', async () => {
        const [before, after] = [meter(), meter()];
        const sessionKey = await generateSessionKey({ encryptionKeys: complianceKey });
        const message = await createMessage({
          binary: webStream(chained(chained(plain, before.through), createGzip(GZIP))),
          filename: name.replace(/\.pgp$/, ''),
        });
        const encrypted = await encrypt({ message, encryptionKeys: complianceKey, sessionKey, format: 'binary', config: OPENPGP });
        const body = chained(Readable.fromWeb(encrypted as Parameters<typeof Readable.fromWeb>[0]), after.through);
        const upload = new Upload({ client, params: { ...(await target(name)), Body: body }, partSize: PART_BYTES, queueSize: 2 });
        const done: CompleteMultipartUploadCommandOutput = await upload.done();
        if (done.ETag === undefined) throw new ServiceFailure('archive', 'unclear', 'the archive did not confirm what was written');
        const stored = { plainSha256: before.sha256(), plainBytes: before.bytes(), sha256: after.sha256(), bytes: after.bytes() };
        return {
          stored,
          wrong: () => inWords('be read back', async () => wrongWith((await read(name)).Body, stored, sessionKey, complianceKey)),
        };
      }),
    storeManifest: (name, content) =>
      inWords('be written', async () => {
        await client.send(new PutObjectCommand({ ...(await target(name)), Body: content, ContentType: 'application/json' }));
      }),
    manifest: (name) => inWords('be read back', async () => (await (await read(name)).Body?.transformToString()) ?? ''),
  };
}

/** A key that is expired or revoked encrypts nothing, and its holder may be somebody else by now. */
async function usable(key: PublicKey): Promise<void> {
  await key.getEncryptionKey().catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ServiceFailure('archive', 'refused', `the compliance key ${nameOf(key)} can't be used: ${why}`, { cause });
  });
}

async function wrongWith(content: unknown, stored: Stored, sessionKey: SessionKey, key: PublicKey): Promise<string | null> {
  if (!(content instanceof Readable)) return 'the object has no content';
  const [encrypted, plain] = [meter(), meter()];
  const through = chained(content, encrypted.through);
  try {
    const message = await readMessage({ binaryMessage: webStream(through) });
    const ids = message.getEncryptionKeyIDs().map((id) => id.toHex());
    if (!key.getKeyIDs().some((id) => ids.includes(id.toHex()))) return 'the object is not encrypted to the compliance key';
    const { data } = await decrypt({ message, sessionKeys: sessionKey, format: 'binary', config: OPENPGP });
    const csv = chained(chained(Readable.fromWeb(data as Parameters<typeof Readable.fromWeb>[0]), createGunzip()), plain.through);
    for await (const chunk of csv) void chunk;
  } catch (error) {
    if (error instanceof S3ServiceException || isOfNetwork(error)) throw error;
    return `what was read back can't be decrypted: ${error instanceof Error ? error.message.slice(0, 100) : 'no reason given'}`;
  }
  if (encrypted.bytes() !== stored.bytes || encrypted.sha256() !== stored.sha256) {
    return `what was read back is not what was written: ${encrypted.bytes()} bytes with SHA-256 ${encrypted.sha256()}`;
  }
  const isSame = plain.bytes() === stored.plainBytes && plain.sha256() === stored.plainSha256;
  return isSame ? null : 'what was decrypted is not what left the database';
}

function isOfNetwork(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code);
}

function webStream(stream: Readable): ReadableStream<Uint8Array> {
  return Readable.toWeb(stream) as ReadableStream<Uint8Array>;
}

/** Like pipe, but a failure of the one is a failure of the other. */
function chained<To extends Duplex>(from: Readable, to: To): To {
  pipeline(from, to, () => undefined);
  return to;
}

function nameOf(key: PublicKey): string {
  return `${key.getUserIDs()[0] ?? 'a key without a name'} (${key.getFingerprint().toUpperCase()})`;
}

async function hasLock(client: S3Client, bucket: string): Promise<boolean> {
  try {
    const { ObjectLockConfiguration } = await client.send(new GetObjectLockConfigurationCommand({ Bucket: bucket }));
    return ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled';
  } catch (error) {
    if (error instanceof S3ServiceException && error.name === 'ObjectLockConfigurationNotFoundError') return false;
    throw error;
  }
}

/** Counts and hashes what passes through. */
function meter(): { readonly through: Transform; readonly sha256: () => string; readonly bytes: () => number } {
  const hash = createHash('sha256');
  let bytes = 0;
  const through = new Transform({
    // So that what comes before and after works at the same time.
    highWaterMark: 1024 * 1024,
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  return { through, sha256: () => hash.copy().digest('hex'), bytes: () => bytes };
}

/** What S3 refuses is refused; anything else may be well next time. Nothing of its answer is shown but its own name for the error. */
async function inWords<Answer>(what: string, work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ServiceFailure) throw error;
    const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
    const isRefusal = status !== undefined && status >= 400 && status < 500;
    const name = error instanceof Error ? error.name : 'an unknown error';
    throw new ServiceFailure(
      'archive',
      isRefusal ? 'refused' : 'unavailable',
      `the archive can't ${what}: ${name}${status === undefined ? '' : ` (${status})`}`,
      { cause: error },
    );
  }
}
