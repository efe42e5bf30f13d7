import { connect, createServer, type Socket } from 'node:net';

/** A pooler's door before a PostgreSQL server: as strict as PgBouncer about what a client may ask for when it connects. */
export type Pooler = { readonly urlOf: (url: string) => string; readonly close: () => Promise<void> };

/** What PgBouncer takes at the start of a connection; anything else it refuses with 08P01, as `ignore_startup_parameters` is empty. */
const TAKEN = new Set(['user', 'database', 'client_encoding', 'datestyle', 'timezone', 'standard_conforming_strings', 'application_name']);
const SSL_REQUEST = 80_877_103;

/** Opens the door before the server whose unix socket lies in `folder`. */
export async function openPooler(folder: string): Promise<Pooler> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    track(client);
    client.once('data', (first) => {
      if (first.readInt32BE(4) === SSL_REQUEST) return void client.end('N');
      const refused = parametersOf(first).find((name) => !TAKEN.has(name.toLowerCase()));
      if (refused !== undefined) return void client.end(refusal(`unsupported startup parameter: ${refused}`));
      const upstream = connect(`${folder}/.s.PGSQL.5432`);
      track(upstream);
      upstream.write(first);
      client.pipe(upstream).pipe(client);
      client.on('close', () => upstream.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    urlOf: (url) => {
      const target = new URL(url);
      target.search = '';
      target.host = `127.0.0.1:${port}`;
      return target.href;
    },
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** The names in a startup message: length, version, then name and value by turns, each ended by a zero. */
function parametersOf(message: Buffer): readonly string[] {
  return message
    .subarray(8)
    .toString()
    .split('\0')
    .filter((text, index) => index % 2 === 0 && text !== '');
}

function refusal(message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C08P01\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
