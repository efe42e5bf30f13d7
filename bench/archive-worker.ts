import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { connectAuditArchive } from '#services/database/archive-source.ts';
import { connectArchiveBucket, readComplianceKey } from '#services/s3/archive-bucket.ts';

/** The export in a process of its own, so that its memory is its own. */
async function exportOnce(): Promise<void> {
  const { BENCH_DATABASE_URL: url = '', BENCH_S3 = '{}', BENCH_KEY_FILE = '' } = process.env;
  const s3 = z
    .object({
      bucket: z.string(),
      prefix: z.string(),
      region: z.string(),
      accessKeyId: z.string(),
      secretAccessKey: z.string(),
      endpoint: z.string(),
    })
    .parse(JSON.parse(BENCH_S3));
  const bucket = connectArchiveBucket({ ...s3, complianceKey: await readComplianceKey(await readFile(BENCH_KEY_FILE, 'utf8')) });
  const source = connectAuditArchive(url, 'AuditLog', 'timestamp');
  const cutoff = new Date('2026-01-01');
  const { table, archivable } = await source.inventory(cutoff);
  const start = performance.now();
  let stored = start;
  const { result } = await source.exportRows(
    { table, key: archivable.key, cutoff },
    async (stream) => {
      const answer = await bucket.store('bench.csv.pgp', stream);
      stored = performance.now();
      return answer;
    },
    async () => undefined,
  );
  const exported = performance.now();
  const wrong = await result.wrong();
  if (wrong !== null) throw new Error(wrong);
  process.send?.({
    exportMilliseconds: stored - start,
    keysMilliseconds: exported - stored,
    readBackMilliseconds: performance.now() - exported,
    ...result.stored,
    peakMegabytes: process.resourceUsage().maxRSS / 1_024,
  });
  process.disconnect?.();
}

await exportOnce();
