import { S3Client } from '@aws-sdk/client-s3';
import pg from 'pg';
import { type AuditRecord, insertInto, openAuditWriter } from '../../src/index.ts';
import { storeInS3 } from '../../src/s3.ts';

/**
 * Compiled by `npm run types`, never run: the clients that applications have must fit `insert` as they are. The types of Prisma's client are
 * shaped as its generator writes them: mutable arrays, required columns, exact arguments.
 */
type PrismaPromise<Result> = Promise<Result> & { readonly [Symbol.toStringTag]: 'PrismaPromise' };
type InputJsonValue = string | number | boolean | { readonly [key: string]: InputJsonValue | null } | { toJSON(): unknown };

type AuditLogCreateManyInput = {
  id?: string;
  userId: string;
  action: string;
  success: boolean;
  details?: InputJsonValue;
  roles?: string[];
  timestamp?: Date | string;
};

type AuditLogCreateManyArgs = { data: AuditLogCreateManyInput | AuditLogCreateManyInput[]; skipDuplicates?: boolean };
type SelectSubset<Args, Allowed> = { [Key in keyof Args]: Key extends keyof Allowed ? Args[Key] : never };

type PrismaClient = {
  readonly auditLog: {
    createMany<Args extends AuditLogCreateManyArgs>(args?: SelectSubset<Args, AuditLogCreateManyArgs>): PrismaPromise<{ count: number }>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: the generated client says any here
  $executeRawUnsafe<_Result = unknown>(query: string, ...values: any[]): PrismaPromise<number>;
};

type UntypedClient = { createMany(args: { data: Record<string, unknown>[]; skipDuplicates: boolean }): Promise<unknown> };

const folder = '/var/lib/clinic/audit-spool';
const entry = { userId: 'user-1', action: 'READ', success: true, timestamp: new Date() };

export async function prisma(client: PrismaClient): Promise<void> {
  const audit = await openAuditWriter<AuditLogCreateManyInput>({
    insert: (data) => client.auditLog.createMany({ data, skipDuplicates: true }),
    folder,
  });
  await audit.write(entry);
  // @ts-expect-error A column that the table requires is missing.
  await audit.write({ userId: 'user-1', success: true });
  // @ts-expect-error The table has no such column.
  await audit.write({ ...entry, success: true, patient: 'patient-1' });
}

export async function rawStatements(client: PrismaClient): Promise<void> {
  const database = { query: (text: string, values: unknown[]) => client.$executeRawUnsafe(text, ...values) };
  const audit = await openAuditWriter({ insert: insertInto(database, 'AuditLog'), folder });
  await audit.write(entry);
}

export async function untyped(client: UntypedClient): Promise<void> {
  const audit = await openAuditWriter({ insert: (data) => client.createMany({ data, skipDuplicates: true }), folder });
  await audit.write({ ...entry, any: 'column' });
}

export async function pgPool(pool: pg.Pool): Promise<void> {
  const objects = storeInS3({ client: new S3Client({}), bucket: 'clinic-audit', prefix: 'audit-fallback' });
  await openAuditWriter({ insert: insertInto(pool, 'AuditLog'), folder, objects });
  await openAuditWriter({ insert: insertInto(new pg.Client(), 'audit.log', ['id', 'timestamp']), folder });
}

export async function readonlyParameter(insert: (records: readonly AuditRecord[]) => Promise<void>): Promise<void> {
  await openAuditWriter({ insert, folder });
}

export async function dates(insert: (records: { readonly at: string }[]) => Promise<void>): Promise<void> {
  await openAuditWriter<{ at: Date }>({ insert, folder });
  // @ts-expect-error A date is text by the time it reaches `insert`.
  await openAuditWriter<{ at: Date }>({ insert: async (records) => records.map(({ at }) => at.getTime()), folder });
}
