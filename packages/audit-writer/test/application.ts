import pg from 'pg';
import { insertInto, openAuditWriter } from '../src/index.ts';

/**
 * An application in a process of its own that writes audit records as fast as they are kept, five users taking turns, and tells its parent which ones are.
 * It ends by being killed; with `drain` as its last argument it only brings in what was left.
 */
const [url = '', folder = '', first = '0', mode = 'write'] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url, max: 2, connectionTimeoutMillis: 300 });
pool.on('error', () => undefined);
const audit = await openAuditWriter({ insert: insertInto(pool, 'AuditLog'), folder, timeoutMilliseconds: 400, retryMilliseconds: 50 });
if (mode === 'drain') {
  await audit.drained();
  await audit.close();
  await pool.end();
  process.send?.({ drained: true });
  process.disconnect();
} else {
  let number = Number(first);
  for (;;) {
    // Forty at a time: some of one user are under way together.
    const batch = Array.from({ length: 40 }, () => {
      number += 1;
      return { id: `record-${number}`, userId: `user-${number % 5}`, number };
    });
    for (const record of batch) void audit.write(record).then((place) => process.send?.({ kept: record.number, place }));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
