// An application that writes its audit log through @gapwatch/audit-writer. Run it with a database, stop the database, and start it again:
//   npm install @gapwatch/audit-writer pg && DATABASE_URL=postgresql://… node application.mjs
import { createServer } from 'node:http';
import { insertInto, openAuditWriter, prometheusText } from '@gapwatch/audit-writer';
import pg from 'pg';

const say = (what) => process.stderr.write(`${JSON.stringify(what)}\n`);
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, connectionTimeoutMillis: 2_000 });
pool.on('error', () => undefined);

const audit = await openAuditWriter({
  insert: insertInto(pool, 'AuditLog'),
  folder: process.env.AUDIT_SPOOL ?? './audit-spool',
  onEvent: (event) => say({ audit: event.kind, records: 'records' in event ? event.records : undefined }),
});

const server = createServer(async (request, response) => {
  if (request.url === '/metrics') return response.end(prometheusText(audit.figures()));
  try {
    // The record is safe before the patient's data is shown: no access without its record.
    const place = await audit.write({
      userId: 'the signed-in user',
      userEmail: 'their address',
      ipAddress: request.socket.remoteAddress ?? '',
      action: 'READ',
      resource: 'Patient',
      resourceId: 'the patient',
      success: true,
    });
    return response.end(`the patient's data; its audit record is in the ${place}\n`);
  } catch {
    return response.writeHead(503).end('no audit record can be kept, so nothing is shown\n');
  }
});

server.listen(Number(process.env.PORT ?? 4000), '127.0.0.1', () => say(server.address()));
process.once('SIGTERM', async () => {
  server.close();
  await audit.close();
  await pool.end();
});
