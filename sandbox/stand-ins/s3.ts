import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { generateKey } from 'openpgp';
import { MINUTE } from '#domain/base/time.ts';
import { type Fault, type StandInAnswer, type StandInRequest, serveStandIn } from './http-stand-in.ts';
import { isSigned } from './s3-signature.ts';

/** An object, with what its writer asked for. */
export type S3Object = {
  content: Buffer;
  readonly encryption: string | undefined;
  readonly lockMode: string | undefined;
  readonly retainUntil: string | undefined;
};

/** A stand-in for S3: one bucket. It checks signatures, clocks, lengths and checksums itself, and keeps what is whole alone. */
export type S3StandIn = {
  readonly url: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly objects: Map<string, S3Object>;
  /** Multipart uploads that were begun and neither completed nor aborted. */
  readonly uploads: ReadonlyMap<string, unknown>;
  hasObjectLock: boolean;
  /** How many bytes fit. */
  capacity: number;
  /** How far this service's clock is ahead of the machine's. */
  skewMilliseconds: number;
  /** The file of the compliance key, and the private key that nobody but its holder has. */
  readonly publicKeyFile: string;
  readonly privateKey: string;
  fault: ((request: StandInRequest) => Fault | undefined) | undefined;
  /** Told after a message and before its answer. */
  afterDelivery: ((request: StandInRequest) => Promise<void> | void) | undefined;
  readonly close: () => Promise<void>;
};

type Upload = {
  readonly key: string;
  readonly headers: StandInRequest['headers'];
  readonly parts: Map<number, { readonly content: Buffer; readonly sha256: string }>;
};

const SMALLEST_PART_BYTES = 5 * 1024 * 1024;
const MOST_SKEW_MILLISECONDS = 15 * MINUTE;

/** Starts it, with a compliance key of its own. */
export async function startS3(): Promise<S3StandIn> {
  const folder = await mkdtemp(join(tmpdir(), 'gapwatch-compliance-'));
  const { publicKey, privateKey } = await generateKey({ userIDs: [{ name: 'Compliance', email: 'compliance@clinic.example' }] });
  const publicKeyFile = join(folder, 'compliance.asc');
  await writeFile(publicKeyFile, publicKey);
  const uploads = new Map<string, Upload>();
  const server = await serveStandIn(
    (request) => carryOut(standIn, uploads, request),
    (request) => standIn.fault?.(request),
    (request) => standIn.afterDelivery?.(request),
  );
  const standIn: S3StandIn = {
    url: server.url,
    bucket: 'clinic-archives',
    accessKeyId: 'SANDBOXACCESSKEY',
    secretAccessKey: 'sandbox-secret-access-key',
    objects: new Map(),
    uploads,
    hasObjectLock: false,
    capacity: Number.POSITIVE_INFINITY,
    skewMilliseconds: 0,
    publicKeyFile,
    privateKey,
    fault: undefined,
    afterDelivery: undefined,
    close: async () => {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return standIn;
}

function carryOut(standIn: S3StandIn, uploads: Map<string, Upload>, request: StandInRequest): StandInAnswer {
  const now = Date.now() + standIn.skewMilliseconds;
  const wrong = wrongWithRequest(standIn, request, now);
  const answer = wrong ?? respond(standIn, uploads, request);
  return { ...answer, headers: { date: new Date(now).toUTCString(), 'content-type': 'application/xml', ...answer.headers } };
}

/** What S3 says no to before it looks at what is asked. */
function wrongWithRequest(standIn: S3StandIn, request: StandInRequest, now: number): StandInAnswer | null {
  const { headers, body, path } = request;
  const sent = String(headers['x-amz-date']);
  const at = Date.parse(sent.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(Math.abs(at - now) <= MOST_SKEW_MILLISECONDS)) return refusal(403, 'RequestTimeTooSkewed');
  if (!String(headers.authorization).includes(`Credential=${standIn.accessKeyId}/`)) return refusal(403, 'InvalidAccessKeyId');
  if (!isSigned(request, standIn.secretAccessKey)) return refusal(403, 'SignatureDoesNotMatch');
  const sha256 = createHash('sha256').update(body).digest();
  if (body.length > 0 && headers['x-amz-content-sha256'] !== sha256.toString('hex')) return refusal(400, 'XAmzContentSHA256Mismatch');
  const checksum = headers['x-amz-checksum-sha256'];
  if (checksum !== undefined && checksum !== sha256.toString('base64')) return refusal(400, 'BadDigest');
  if (new URL(path, standIn.url).pathname.split('/')[1] !== standIn.bucket) return refusal(404, 'NoSuchBucket');
  return null;
}

function respond(standIn: S3StandIn, uploads: Map<string, Upload>, request: StandInRequest): StandInAnswer {
  const { method, headers, body } = request;
  const { pathname, searchParams: query } = new URL(request.path, standIn.url);
  const key = decodeURIComponent(pathname.split('/').slice(2).join('/'));
  const uploadId = query.get('uploadId') ?? '';
  if (method === 'GET' && query.has('object-lock')) return lockConfiguration(standIn);
  if (method === 'POST' && query.has('uploads')) {
    if (standIn.hasObjectLock && headers['x-amz-object-lock-mode'] === undefined) return refusal(400, 'InvalidRequest');
    const id = randomUUID();
    uploads.set(id, { key, headers, parts: new Map() });
    return xml(
      `<InitiateMultipartUploadResult><Bucket>${standIn.bucket}</Bucket><Key>${key}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
    );
  }
  if (uploadId !== '' && !uploads.has(uploadId)) return refusal(404, 'NoSuchUpload');
  const upload = uploads.get(uploadId);
  if (method === 'GET' && query.get('list-type') === '2') return list(standIn, query.get('prefix') ?? '');
  if (method === 'GET') return read(standIn, key);
  if (method === 'DELETE' && upload) {
    uploads.delete(uploadId);
    return { status: 204, body: '' };
  }
  if (method === 'DELETE') {
    standIn.objects.delete(key);
    return { status: 204, body: '' };
  }
  if (method === 'POST' && upload) return complete(standIn, uploads, uploadId, upload, body.toString());
  if (method !== 'PUT') return refusal(405, 'MethodNotAllowed');
  if (stored(standIn, uploads) + body.length > standIn.capacity) return refusal(403, 'QuotaExceeded');
  // Whoever writes without a checksum would not learn that a byte was lost on the way.
  const sha256 = headers['x-amz-checksum-sha256'];
  if (typeof sha256 !== 'string') return refusal(400, 'MissingChecksum');
  if (upload) upload.parts.set(Number(query.get('partNumber')), { content: body, sha256 });
  else keep(standIn, key, headers, body);
  return { status: 200, headers: { etag: etagOf(body), 'x-amz-checksum-sha256': sha256 }, body: '' };
}

/** Parts are named with their checksums; all but the last have a least size. */
function complete(
  standIn: S3StandIn,
  uploads: Map<string, Upload>,
  id: string,
  { key, headers, parts }: Upload,
  body: string,
): StandInAnswer {
  const named = [...body.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
    number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
    etag: /<ETag>(.*?)<\/ETag>/.exec(part)?.[1]?.replaceAll('&quot;', '"'),
    sha256: /<ChecksumSHA256>(.*?)</.exec(part)?.[1],
  }));
  const contents: Buffer[] = [];
  for (const [index, { number, etag, sha256 }] of named.entries()) {
    const part = parts.get(number);
    if (!part || etag !== etagOf(part.content) || sha256 !== part.sha256) return refusal(400, 'InvalidPart');
    if (number !== index + 1) return refusal(400, 'InvalidPartOrder');
    if (index < named.length - 1 && part.content.length < SMALLEST_PART_BYTES) return refusal(400, 'EntityTooSmall');
    contents.push(part.content);
  }
  if (contents.length !== parts.size) return refusal(400, 'InvalidPart');
  const content = Buffer.concat(contents);
  uploads.delete(id);
  keep(standIn, key, headers, content);
  return xml(
    `<CompleteMultipartUploadResult><Bucket>${standIn.bucket}</Bucket><Key>${key}</Key><ETag>${etagOf(content)}</ETag></CompleteMultipartUploadResult>`,
  );
}

function keep({ objects }: S3StandIn, key: string, headers: StandInRequest['headers'], content: Buffer): void {
  const text = (name: string) => (typeof headers[name] === 'string' ? headers[name] : undefined);
  objects.set(key, {
    content,
    encryption: text('x-amz-server-side-encryption'),
    lockMode: text('x-amz-object-lock-mode'),
    retainUntil: text('x-amz-object-lock-retain-until-date'),
  });
}

function read({ objects }: S3StandIn, key: string): StandInAnswer {
  const object = objects.get(key);
  if (!object) return refusal(404, 'NoSuchKey');
  return { status: 200, headers: { etag: etagOf(object.content), 'content-type': 'application/octet-stream' }, body: object.content };
}

const MOST_LISTED = 1_000;

/** By their names' bytes, as S3 lists them. */
function list({ objects, bucket }: S3StandIn, prefix: string): StandInAnswer {
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  const contents = keys
    .slice(0, MOST_LISTED)
    .map((key) => `<Contents><Key>${key}</Key><Size>${objects.get(key)?.content.length}</Size></Contents>`);
  const isTruncated = keys.length > MOST_LISTED;
  return xml(
    `<ListBucketResult><Name>${bucket}</Name><Prefix>${prefix}</Prefix><KeyCount>${contents.length}</KeyCount><IsTruncated>${isTruncated}</IsTruncated>${contents.join('')}</ListBucketResult>`,
  );
}

function lockConfiguration({ hasObjectLock }: S3StandIn): StandInAnswer {
  return hasObjectLock
    ? xml('<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>')
    : refusal(404, 'ObjectLockConfigurationNotFoundError');
}

function stored({ objects }: S3StandIn, uploads: Map<string, Upload>): number {
  const parts = [...uploads.values()].flatMap((upload) => [...upload.parts.values()]);
  return [...objects.values(), ...parts].reduce((sum, { content }) => sum + content.length, 0);
}

function refusal(status: number, code: string): StandInAnswer {
  return { status, body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>` };
}

function xml(content: string): StandInAnswer {
  return { status: 200, body: `<?xml version="1.0" encoding="UTF-8"?>${content}` };
}

/** S3 promises no more of it than that another content has another. */
function etagOf(content: Buffer): string {
  return `"${content.length}-${crc32(content)}"`;
}
